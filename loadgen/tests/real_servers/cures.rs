//! The cures that `check` prints, proven: each is put where it says it belongs, by a machine, and the setup becomes LIVE.
//!
//! A configuration marks its places by a comment, `# cure: PLACE` or `// cure: PLACE`; the line of configuration takes the place of
//! that comment. Where a cure is a word of an existing line, the comment below that line is `# cure of the line above: PLACE`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::setup;

/// A second fault may stand behind the first one: PHP's own buffer behind that of nginx.
const ROUNDS: usize = 3;

#[test]
#[ignore = "needs nginx, HAProxy, Varnish, lighttpd and Node: ./scripts/test installs them"]
fn the_cures_of_four_proxies_make_them_live() {
    let names = [
        "nginx-default",
        "haproxy-default",
        "varnish-nostream",
        "lighttpd-0",
    ];
    for name in names {
        assert_cured(name);
    }
}

#[test]
#[ignore = "needs Apache and PHP: ./scripts/test installs them"]
fn the_cure_of_apache_with_php_makes_it_live() {
    assert_cured("apache-fcgi");
}

#[test]
fn a_cure_takes_the_place_of_its_mark_and_of_no_other() {
    let text =
        "a {\n  # cure: here\n  // cure: there\n}\nline\n# cure of the line above: its end\n";
    assert_eq!(
        cured(text, "here", "off;"),
        Some(text.replace("  # cure: here", "off;"))
    );
    assert_eq!(
        cured(text, "its end", "on"),
        Some(text.replace("line\n# cure of the line above: its end", "line on"))
    );
    assert_eq!(cured(text, "her", "off;"), None);
}

/// Checks, applies what is printed, and checks again, until nothing is left to cure.
fn assert_cured(name: &str) {
    let scratch = tempfile::tempdir().expect("a directory for temporary files");
    let copy = Command::new("cp")
        .args(["-a", "--"])
        .arg(setup::directory())
        .arg(scratch.path().join("setups"))
        .status();
    assert!(copy.expect("cp is everywhere").success());
    let all = scratch.path().join("setups");

    let mut found = check(&all, name);
    assert_ne!(
        found["verdict"], "live",
        "{name} has nothing to cure: {found:#}"
    );
    for _ in 0..ROUNDS {
        let remedy = &found["causes"][0]["remedy"];
        let (Some(config), Some(place)) = (remedy["config"].as_str(), remedy["where"].as_str())
        else {
            panic!("{name}: no cure that a machine can apply: {found:#}");
        };
        let marks = apply(&all, place, config);
        assert!(marks > 0, "{name}: no place is marked {place:?}: {found:#}");
        found = check(&all, name);
        if found["verdict"] == "live" {
            return;
        }
    }
    panic!("{name} is still held back: {found:#}");
}

/// What `matrix --json` has of one setup: the document of `check --json`.
fn check(all: &Path, name: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["matrix", "--json", "--setups"])
        .args([all.as_os_str(), name.as_ref()])
        .output()
        .expect("loadgen was built for this test");
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let row = &json["setups"][0];
    assert!(row["check"].is_object(), "{name} did not run: {row:#}");
    row["check"].clone()
}

/// Puts `config` at each mark of `place` in the shared and private files of the setups. Returns how many files had one.
fn apply(directory: &Path, place: &str, config: &str) -> usize {
    let mut marks = 0;
    for entry in fs::read_dir(directory).expect("the copy is ours") {
        let path = entry.expect("the copy is ours").path();
        let foreign = ["node_modules", "venv"]
            .iter()
            .any(|name| path.ends_with(name));
        if path.is_dir() && !foreign {
            marks += apply(&path, place, config);
        } else if path.is_file()
            && let Ok(text) = fs::read_to_string(&path)
            && let Some(cured) = cured(&text, place, config)
        {
            fs::write(&path, cured).expect("the copy is ours");
            marks += 1;
        }
    }
    marks
}

/// The text with the cure at its mark, or nothing if there is no such mark.
fn cured(text: &str, place: &str, config: &str) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut is_marked = false;
    for line in text.lines() {
        let comment = line.trim_start().trim_start_matches(['#', '/']).trim();
        if comment.strip_prefix("cure: ") == Some(place) {
            lines.push(config.to_owned());
            is_marked = true;
        } else if comment.strip_prefix("cure of the line above: ") == Some(place) {
            let above = lines.last_mut()?;
            *above = format!("{above} {config}");
            is_marked = true;
        } else {
            lines.push(line.to_owned());
        }
    }
    is_marked.then(|| lines.join("\n") + "\n")
}
