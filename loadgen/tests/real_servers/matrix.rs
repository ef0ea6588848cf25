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

/// The quick tier, by verdicts only: each kind of server, each way of holding back, and the innocent beside it. All of them,
/// with all that is measured, are run by `scripts/matrix`.
const QUICK: [&str; 26] = [
    "apache-deflate",
    "apache-proxy",
    "caddy",
    "django-asgi-sync",
    "express-compression",
    "express-compression-flush",
    "go-no-flush",
    "gunicorn-gthread",
    "h2o",
    "haproxy-default",
    "haproxy-no-delay",
    "lighttpd-0",
    "lighttpd-1",
    "mod-php",
    "mod-php-flush-only",
    "nginx-default",
    "nginx-gzip-http11",
    "nginx-http11",
    "nginx-xab",
    "puma-cluster",
    "puma-uncork",
    "rack-deflater",
    "squid",
    "uvicorn",
    "varnish-default",
    "varnish-nostream",
];

#[test]
#[ignore = "needs the servers of scripts/setups: ./scripts/test installs them"]
fn each_kind_of_setup_gets_the_verdict_that_its_file_expects() {
    let arguments = [&["--json", "--only-verdict", "--jobs", "2"], &QUICK[..]].concat();
    let output = matrix(&setup::directory(), &arguments);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let rows = json["setups"].as_array().expect("a list");
    let (run, skipped): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row.get("skipped").is_none());
    for row in &skipped {
        println!("{}: {}", row["setup"], row["skipped"]);
    }
    let told = |row: &&&Value| row["check"]["reason"] != "own-machine";
    let wrong: Vec<_> = run
        .iter()
        .filter(told)
        .filter(|row| row["as_expected"] != true)
        .map(|row| format!("{}: {}{}", row["setup"], row["differs"], row["failed"]))
        .collect();
    println!("{}", said(&output));
    assert!(
        wrong.is_empty(),
        "{} of {}: {wrong:#?}",
        wrong.len(),
        run.len()
    );
    assert!(
        skipped.is_empty(),
        "scripts/setups/install brings what they need"
    );
}

#[test]
#[ignore = "needs node and nginx: ./scripts/test installs them"]
fn a_row_tells_who_is_served_who_leaves_and_what_silence_does() {
    let page = tempfile::NamedTempFile::with_suffix(".html").expect("a file for the page");
    let page = page.path().to_str().expect("a temporary path is text");
    let arguments = [
        "--json",
        "--idle",
        "2s",
        "--report",
        page,
        "nginx-default",
        "nginx-http11",
    ];
    let output = matrix(&setup::directory(), &arguments);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let [buffered, live] = [0, 1].map(|row| &json["setups"][row]);
    let served = |row: &Value| -> Vec<u64> {
        let crowds = row["crowds"].as_array().into_iter().flatten();
        crowds
            .filter_map(|crowd| crowd["served"].as_u64())
            .collect()
    };
    assert_eq!(served(buffered), [0], "{buffered:#}");
    assert_eq!(served(live), [1, 10, 50], "{live:#}");
    let shapes = live["shapes"].as_array().expect("a list");
    let verdicts: Vec<_> = shapes.iter().map(|shape| &shape["verdict"]).collect();
    assert_eq!(verdicts.len(), 3, "{live:#}");
    assert_eq!(verdicts[0], "live", "{live:#}");
    for row in [buffered, live] {
        assert_eq!(row["leaving"]["noticed"], true, "{row:#}");
        assert_eq!(row["silence"].get("cut_after_us"), None, "{row:#}");
        assert_eq!(row["versions"][0]["program"], "nginx", "{row:#}");
    }
    // Behind a buffer the one event of a stream that falls silent does not come.
    assert_eq!(buffered["silence"]["event_arrived"], false, "{buffered:#}");
    assert_eq!(live["silence"]["event_arrived"], true, "{live:#}");
    let html = fs::read_to_string(page).expect("the page was written");
    assert!(html.contains("proxy_buffering off;") && html.contains("nginx-http11"));
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
