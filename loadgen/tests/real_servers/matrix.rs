//! `loadgen matrix` as a person calls it: its table, its JSON and its exit code.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::setup;

#[test]
#[ignore = "needs node, nginx, Rails and WEBrick: ./scripts/test installs them"]
fn setups_are_held_against_what_they_expect() {
    let output = matrix(
        &setup::directory(),
        &["--json", "nginx-buffering-off", "webrick"],
    );
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(output.status.code(), Some(0), "{json:#}");
    let rows = json["setups"].as_array().expect("a list");
    let word = |row: &Value| row["check"]["verdict"].as_str().map(str::to_owned);
    let words: Vec<_> = rows.iter().filter_map(word).collect();
    assert_eq!(words, ["live", "buffered"], "{json:#}");
    assert!(
        rows.iter().all(|row| row["as_expected"] == true),
        "{json:#}"
    );
}

#[test]
#[ignore = "needs node: ./scripts/test installs it"]
fn another_verdict_than_expected_is_exit_1() {
    let all = tempfile::tempdir().expect("a directory for temporary files");
    let node = setup::directory().join("node-http").join("start");
    let node = node.canonicalize().expect("it is there");
    let start = format!("exec '{}'", node.display());
    let wrong = described(
        "/prices?interval=50ms",
        "batched', by = 'time', ms = 206, cause = 'puma.cork",
    );
    add(all.path(), "wrong", &start, &wrong);
    let output = matrix(all.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let table = said(&output);
    assert!(table.contains("LIVE"), "{table}");
    assert!(table.contains("batched time"), "{table}");
}

#[test]
fn what_is_skipped_or_does_not_start_is_never_passed() {
    let all = tempfile::tempdir().expect("a directory for temporary files");
    let live = described("/", "live");
    let needy = format!("needs = ['no-such-server']\n{live}");
    add(all.path(), "missing", "exit 0", &needy);
    let output = matrix(all.path(), &[]);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(said(&output).contains("skipped: no-such-server is not installed"));

    add(all.path(), "broken", "echo no such gem; exit 7", &live);
    let output = matrix(all.path(), &["--json"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let failed = json["setups"][0]["failed"].as_str().unwrap_or_default();
    assert!(
        failed.contains("exit status: 7") && failed.contains("no such gem"),
        "{json:#}"
    );
    assert_eq!(json["setups"][1]["setup"], "missing");
    assert_eq!(json["setups"][1].get("as_expected"), None);
}

#[test]
fn a_setup_that_is_not_there_is_wrong_usage() {
    let output = matrix(&setup::directory(), &["webrick", "webrik"]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains("no setup `webrik`") && said.contains("webrick-blog"),
        "{said}"
    );
}

#[test]
fn the_list_names_all_and_starts_none() {
    let output = matrix(&setup::directory(), &["--list"]);
    assert_eq!(output.status.code(), Some(0));
    let list = String::from_utf8_lossy(&output.stdout);
    assert!(list.lines().count() > 40, "{list}");
    assert!(list.contains("Rails on Puma over TCP"), "{list}");
}

/// The description of a made-up setup.
fn described(path: &str, verdict: &str) -> String {
    format!("about = 'x'\nfamily = 'y'\npath = '{path}'\nexpect = {{ verdict = '{verdict}' }}\n")
}

/// A made-up setup.
fn add(all: &Path, name: &str, script: &str, description: &str) {
    let directory = all.join(name);
    fs::create_dir(&directory).expect("the directory is ours");
    fs::write(directory.join("setup.toml"), description).expect("the directory is ours");
    let start = directory.join("start");
    fs::write(&start, format!("#!/bin/sh\n{script}\n")).expect("the directory is ours");
    fs::set_permissions(start, fs::Permissions::from_mode(0o755)).expect("the file is ours");
}

fn matrix(setups: &Path, arguments: &[&str]) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .arg("matrix")
        .arg("--setups")
        .arg(setups)
        .args(arguments)
        .output()
        .expect("loadgen was built for this test")
}

fn said(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    texts.join("\n")
}
