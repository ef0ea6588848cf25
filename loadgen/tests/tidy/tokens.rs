//! The paths that a Rust source names, found in its tokens: comments and strings never count, macro bodies do.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A path as written, use-groups expanded: `use a::{b, c::d}` gives `[a, b]` and `[a, c, d]`; `x!(…)` ends in `x!`.
pub(crate) type Path = Vec<String>;

/// What one file names.
#[derive(Default)]
pub(crate) struct Names {
    /// Every path, also those of one segment, in the order of the source.
    pub(crate) paths: Vec<Path>,
    /// The files that exist in tests only: `#[cfg(test)] mod NAME;`.
    pub(crate) test_modules: Vec<String>,
}

/// Whether items under `#[cfg(test)]` count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tests {
    /// They count like the rest.
    Included,
    /// They are left out.
    Excluded,
}

/// Reads the names out of a source that the compiler accepts.
pub(crate) fn names(source: &str, tests: Tests) -> Names {
    let tokens: TokenStream = source.parse().expect("the compiler reads this file too");
    let mut names = Names::default();
    walk(tokens, tests, &mut names);
    names
}

fn walk(stream: TokenStream, tests: Tests, names: &mut Names) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Punct(_) if tests == Tests::Excluded && is_cfg_test(&tokens[at..]) => {
                at = skip_item(&tokens, at + 2, names);
            }
            TokenTree::Ident(_) => at = path(&tokens, at, &[], names),
            TokenTree::Group(group) => {
                walk(group.stream(), tests, names);
                at += 1;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
        }
    }
}

/// Reads the path that starts at `at`; returns the index after it.
fn path(tokens: &[TokenTree], mut at: usize, prefix: &[String], names: &mut Names) -> usize {
    let mut path = prefix.to_vec();
    path.push(tokens[at].to_string());
    at += 1;
    while is_double_colon(&tokens[at..]) {
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(segment)) => {
                path.push(segment.to_string());
                at += 3;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                use_group(group.stream(), &path, names);
                return at + 3;
            }
            _ => break,
        }
    }
    let is_macro =
        is_punct(tokens.get(at), '!') && matches!(tokens.get(at + 1), Some(TokenTree::Group(_)));
    if is_macro && let Some(last) = path.last_mut() {
        last.push('!');
    }
    names.paths.push(path);
    at
}

fn use_group(stream: TokenStream, prefix: &[String], names: &mut Names) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if matches!(tokens[at], TokenTree::Ident(_)) {
            at = path(&tokens, at, prefix, names);
        }
        // An `as name` may lie between here and the comma.
        while at < tokens.len() && !is_punct(tokens.get(at), ',') {
            at += 1;
        }
        at += 1;
    }
}

/// Goes behind the item that follows an attribute: its body or its semicolon.
fn skip_item(tokens: &[TokenTree], mut at: usize, names: &mut Names) -> usize {
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            TokenTree::Ident(word) if word == "mod" && is_punct(tokens.get(at + 1), ';') => {
                names.test_modules.push(tokens[at].to_string());
            }
            _ => {}
        }
    }
    at
}

fn is_cfg_test(tokens: &[TokenTree]) -> bool {
    let Some(TokenTree::Group(group)) = tokens.get(1) else {
        return false;
    };
    let attribute: String = group.stream().to_string().split_whitespace().collect();
    is_punct(tokens.first(), '#')
        && (attribute == "cfg(test)" || attribute.starts_with("cfg(all(test,"))
}

fn is_double_colon(tokens: &[TokenTree]) -> bool {
    matches!(tokens.first(), Some(TokenTree::Punct(first))
        if first.as_char() == ':' && first.spacing() == Spacing::Joint)
        && is_punct(tokens.get(1), ':')
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

#[test]
fn paths_are_found_in_uses_types_calls_and_macros_but_not_in_text() {
    let source = r#"
        //! Speaks of std::fs.
        use std::{net::TcpStream, io::{self, Read as R}};
        fn f(x: crate::a::B) -> u8 { println!("{}", crate::c::d(std::mem::size_of::<u8>())); "std::fs" }
    "#;
    let found: Vec<String> = names(source, Tests::Excluded)
        .paths
        .iter()
        .map(|path| path.join("::"))
        .collect();
    for wanted in [
        "std::net::TcpStream",
        "std::io::self",
        "std::io::Read",
        "crate::a::B",
        "println!",
        "crate::c::d",
        "std::mem::size_of",
    ] {
        assert!(
            found.iter().any(|path| path == wanted),
            "{wanted} is missing in {found:?}"
        );
    }
    assert!(!found.iter().any(|path| path.contains("fs")), "{found:?}");
}

#[test]
fn test_items_count_only_when_asked_for() {
    let source = "
        #[cfg(test)] #[path = \"x.rs\"] pub(crate) mod scripted;
        #[cfg(test)] mod tests { use std::fs; }
        fn kept() { here::it::is(); }
    ";
    let has = |names: &Names, path: &[&str]| names.paths.iter().any(|found| found == path);
    let without = names(source, Tests::Excluded);
    assert_eq!(without.test_modules, ["scripted"]);
    assert!(has(&without, &["here", "it", "is"]) && !has(&without, &["std", "fs"]));
    assert!(has(&names(source, Tests::Included), &["std", "fs"]));
}
