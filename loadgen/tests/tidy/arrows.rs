//! The arrows between the crates of the workspace, as Cargo itself reads them.

use std::process::Command;

use serde_json::Value;

use crate::assert_silent;
use crate::repository;

/// A crate, and the crates of the workspace that it may depend on in its normal and in its development dependencies.
pub(crate) struct Allowed {
    name: &'static str,
    normal: &'static [&'static str],
    in_tests: &'static [&'static str],
}

/// Downward only. loadgen judges any server, so it knows target-server in tests alone.
pub(crate) const ALLOWED: &[Allowed] = &[
    Allowed {
        name: "sse-wire",
        normal: &[],
        in_tests: &[],
    },
    Allowed {
        name: "run-record",
        normal: &[],
        in_tests: &[],
    },
    Allowed {
        name: "verdict",
        normal: &["run-record"],
        in_tests: &[],
    },
    Allowed {
        name: "reports",
        normal: &["run-record"],
        in_tests: &[],
    },
    Allowed {
        name: "target-server",
        normal: &["sse-wire"],
        in_tests: &[],
    },
    Allowed {
        name: "loadgen",
        normal: &["reports", "run-record", "sse-wire", "verdict"],
        in_tests: &["target-server"],
    },
    Allowed {
        name: "benches",
        normal: &["sse-wire"],
        in_tests: &[
            "loadgen",
            "reports",
            "run-record",
            "target-server",
            "verdict",
        ],
    },
];

/// The decoder must be usable anywhere: it depends on nothing else.
const SSE_WIRE_MAY_USE: &str = "memchr";

/// What Cargo knows about the workspace.
pub(crate) fn workspace() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(repository::root())
        .output()
        .expect("cargo runs: it runs this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON")
}

/// Dependencies between workspace crates that `allowed` does not name, and crates that it does not know.
pub(crate) fn forbidden(metadata: &Value, allowed: &[Allowed]) -> Vec<String> {
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo metadata lists packages");
    let mut complaints = Vec::new();
    for package in packages {
        let name = text(&package["name"]);
        let Some(rule) = allowed.iter().find(|rule| rule.name == name) else {
            complaints.push(format!("{name}: no rule says what it may depend on"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            complaints.extend(complaint(rule, dependency));
        }
    }
    complaints
}

fn complaint(rule: &Allowed, dependency: &Value) -> Option<String> {
    let to = text(&dependency["name"]);
    let normal = dependency["kind"].is_null();
    let ours = dependency["path"].is_string();
    let fine = if ours {
        rule.normal.contains(&to) || (!normal && rule.in_tests.contains(&to))
    } else {
        rule.name != "sse-wire" || !normal || to == SSE_WIRE_MAY_USE
    };
    (!fine).then(|| {
        format!(
            "{} -> {to}: an arrow that the design does not have",
            rule.name
        )
    })
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a name is a string")
}

fn made_up(name: &str, to: &str, kind: Value, path: Value) -> Value {
    let dependency = serde_json::json!({ "name": to, "kind": kind, "path": path });
    serde_json::json!({ "packages": [{ "name": name, "dependencies": [dependency] }] })
}

#[test]
fn an_arrow_upward_is_seen() {
    let here = || Value::from("../x");
    let upward = made_up("sse-wire", "run-record", Value::Null, here());
    assert_eq!(forbidden(&upward, ALLOWED).len(), 1);
    let outside_tests = made_up("loadgen", "target-server", Value::Null, here());
    assert_eq!(forbidden(&outside_tests, ALLOWED).len(), 1);
    let heavy = made_up("sse-wire", "regex", Value::Null, Value::Null);
    assert_eq!(forbidden(&heavy, ALLOWED).len(), 1);
    let unknown = made_up("stranger", "serde", Value::Null, Value::Null);
    assert_eq!(forbidden(&unknown, ALLOWED).len(), 1);
}

#[test]
fn the_arrows_of_the_design_are_free() {
    let here = || Value::from("../x");
    assert_silent(&forbidden(
        &made_up("loadgen", "target-server", "dev".into(), here()),
        ALLOWED,
    ));
    assert_silent(&forbidden(
        &made_up("verdict", "run-record", Value::Null, here()),
        ALLOWED,
    ));
    assert_silent(&forbidden(
        &made_up("sse-wire", "memchr", Value::Null, Value::Null),
        ALLOWED,
    ));
}
