//! The top modules of each crate form no cycle: an arrow is a path that names another module outside tests.

use std::collections::{BTreeMap, BTreeSet};

use crate::assert_silent;
use crate::repository::{File, Repository};
use crate::tokens::{Names, Path, Tests, names};

/// From each module to those that it names, with the file that does.
type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// One source file of a crate.
struct Source {
    /// `a/b.rs` is the module `[a, b]`; `lib.rs` and `main.rs` are the root, `[]`.
    module: Vec<String>,
    /// The path from the root of the repository.
    file: String,
    names: Names,
}

/// One complaint for each crate whose modules form a cycle, with the cycle and the file behind each arrow.
pub(crate) fn cycles(repository: &Repository) -> Vec<String> {
    let split = |path| str::split_once(path, "/src/").map(|(name, _)| name);
    let crates: BTreeSet<&str> = repository
        .rust()
        .filter_map(|file| split(&file.path))
        .collect();
    crates
        .iter()
        .filter_map(|name| {
            Some(format!(
                "{name}: {}",
                cycle_in(&graph(&sources(repository, name)))?
            ))
        })
        .collect()
}

fn sources(repository: &Repository, name: &str) -> Vec<Source> {
    let below = format!("{name}/src/");
    let source = |file: &File| {
        let path = file.path.strip_prefix(&below)?.trim_end_matches(".rs");
        let parts = path
            .split('/')
            .filter(|part| !matches!(*part, "lib" | "main" | "mod"));
        Some(Source {
            module: parts.map(str::to_owned).collect(),
            file: file.path.clone(),
            names: names(&file.text, Tests::Excluded),
        })
    };
    repository.rust().filter_map(source).collect()
}

/// The arrows between the top modules. The root is none of them: `lib.rs` names every module, and main is another crate.
fn graph(sources: &[Source]) -> Graph {
    let modules: BTreeSet<&String> = sources
        .iter()
        .filter_map(|source| source.module.first())
        .collect();
    let tests_only = tests_only(sources);
    let exports = root_exports(sources);
    let mut graph = Graph::new();
    for source in sources.iter().filter(|source| {
        !tests_only
            .iter()
            .any(|module| source.module.starts_with(module))
    }) {
        let Some(top) = source.module.first() else {
            continue;
        };
        let arrows = graph.entry(top.clone()).or_default();
        for path in &source.names.paths {
            let Some(target) = from_root(path, source.module.len()) else {
                continue;
            };
            let target = exports.get(target).copied().unwrap_or(target);
            if target != top && modules.contains(target) {
                arrows
                    .entry(target.clone())
                    .or_insert_with(|| source.file.clone());
            }
        }
    }
    graph
}

/// The modules behind `#[cfg(test)] mod NAME;`.
fn tests_only(sources: &[Source]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for source in sources {
        for name in &source.names.test_modules {
            found.push([source.module.as_slice(), std::slice::from_ref(name)].concat());
        }
    }
    found
}

/// What the root exports under a shorter name: `pub use decoder::Decoder` makes `crate::Decoder` mean `decoder`.
fn root_exports(sources: &[Source]) -> BTreeMap<&String, &String> {
    let mut exports = BTreeMap::new();
    for root in sources.iter().filter(|source| source.module.is_empty()) {
        for path in &root.names.paths {
            let skip = usize::from(matches!(path[0].as_str(), "crate" | "self"));
            if let [module, .., name] = &path[skip..] {
                exports.insert(name, module);
            }
        }
    }
    exports
}

/// The first name below the root of a path that starts with `crate`, or that climbs there with `super`.
fn from_root(path: &Path, depth: usize) -> Option<&String> {
    let climbed = path
        .iter()
        .take_while(|segment| *segment == "super")
        .count();
    match path.first()?.as_str() {
        "crate" => path.get(1),
        "super" if climbed == depth => path.get(climbed),
        _ => None,
    }
}

/// Some cycle as text: follows arrows from each module until one repeats or none is left.
fn cycle_in(graph: &Graph) -> Option<String> {
    let mut finished = BTreeSet::new();
    graph
        .keys()
        .find_map(|module| visit(graph, module, &mut Vec::new(), &mut finished))
}

fn visit<'a>(
    graph: &'a Graph,
    module: &'a String,
    way: &mut Vec<&'a String>,
    finished: &mut BTreeSet<&'a String>,
) -> Option<String> {
    if let Some(start) = way.iter().position(|passed| *passed == module) {
        let cycle: Vec<&String> = way[start..].iter().copied().chain([module]).collect();
        let arrow =
            |pair: &[&String]| format!("{} -> {} ({})", pair[0], pair[1], graph[pair[0]][pair[1]]);
        return Some(cycle.windows(2).map(arrow).collect::<Vec<_>>().join(", "));
    }
    if !finished.insert(module) {
        return None;
    }
    way.push(module);
    let found = graph
        .get(module)?
        .keys()
        .find_map(|next| visit(graph, next, way, finished));
    way.pop();
    found
}

#[test]
fn a_cycle_is_seen_through_crate_super_exports_and_macros() {
    for back in [
        "use crate::a::A;",
        "use crate::{c, a::{A, B}};",
        "fn f() { g(super::a::h()) }",
        "use crate::A;",
        "fn f() { assert!(crate::a::f()); }",
    ] {
        let repository = Repository::made_up(&[
            (
                "x/src/lib.rs",
                "mod a; mod b; mod c; pub use a::A; pub use crate::b::deep::B;",
            ),
            ("x/src/a.rs", "mod deep;"),
            ("x/src/a/deep.rs", "use super::super::c::C;"),
            ("x/src/b.rs", back),
            ("x/src/c.rs", "use crate::B;"),
        ]);
        let cycle = "x: a -> c (x/src/a/deep.rs), c -> b (x/src/c.rs), b -> a (x/src/b.rs)";
        assert_eq!(cycles(&repository), [cycle], "{back}");
    }
}

#[test]
fn tests_and_arrows_downward_are_free() {
    assert_silent(&cycles(&Repository::made_up(&[
        ("x/src/lib.rs", "mod a; mod b; #[cfg(test)] mod scripted;"),
        ("x/src/a.rs", "use crate::b::B; use self::inner::I;"),
        ("x/src/a/inner.rs", "use super::super::b; use super::J;"),
        (
            "x/src/b.rs",
            "#[cfg(test)] mod tests { use crate::a; } #[cfg(test)] mod more;",
        ),
        ("x/src/b/more.rs", "use crate::a::A;"),
        ("x/src/scripted.rs", "use crate::{a, b};"),
        ("y/src/main.rs", "use x::a::A;"),
    ])));
}
