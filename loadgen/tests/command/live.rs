//! `--live-json`: a line for programs each second, and nothing else on stdout.

use crate::schema::valid;
use std::process::Command;
use target_server::{Config, Server};

#[test]
fn each_second_is_a_line_of_json_and_the_page_goes_elsewhere() {
    let server = Server::start(Config::default()).unwrap();
    let url = format!(
        "http://{}/prices?interval=10ms",
        server.local_addr().unwrap()
    );
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", &url, "-c", "3", "--for", "2500ms", "--no-progress"])
        .args(["--live-json", "--expect", "any"])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = told
        .lines()
        .map(|line| valid("live", line.as_bytes()))
        .collect();
    assert!(lines.len() >= 2, "{told}");
    for line in &lines {
        assert_eq!(line["subscribers"], 3, "{line}");
        assert_eq!(line["streaming"], 3, "{line}");
    }
    assert_eq!(lines[1]["latency"]["metric"], "delivery", "{told}");
    let page = String::from_utf8(output.stderr).unwrap();
    assert!(page.contains("3 connections"), "{page}");
}

#[test]
fn it_is_of_one_run_and_not_of_a_result() {
    for other in [&["--json"][..], &["--repeat", "2"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .args(["run", "http://127.0.0.1:9/", "--live-json"])
            .args(other)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{other:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("--live-json"), "{told}");
    }
}
