//! Criterion 14 on real runs: a server compared with itself is seldom called different.

use crate::gate::{alone, is_full, tell};
use serde_json::Value;
use std::process::Command;
use target_server::{Config, Server};

/// Pairs that may be spoiled before a machine counts as one that is never quiet.
const MOST_SPOILED: usize = 20;

/// What `run --baseline-url` says of two addresses of one server.
fn outcome(address: &str) -> String {
    let url = |seed: u32| format!("http://{address}/prices?interval=10ms&seed={seed}");
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", &url(1), "--baseline-url", &url(2)])
        .args(["--repeat", "5", "-c", "20", "--for", "400ms", "--json"])
        .arg("--no-progress")
        .output()
        .expect("loadgen runs");
    let diff: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    diff["outcome"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn criterion_14_real_runs_of_one_server_are_seldom_called_different() {
    let _alone = alone();
    let pairs = if is_full() { 20 } else { 3 };
    let server = Server::start(Config::default()).expect("a port of loopback");
    let address = server.local_addr().expect("it listens").to_string();
    // Runs that this machine spoiled do not enter; a pair of which too few are left is repeated, and counted.
    let mut spoiled = 0;
    let mut outcomes = Vec::new();
    while outcomes.len() < pairs {
        match outcome(&address) {
            refused if refused == "refused" => spoiled += 1,
            told => outcomes.push(told),
        }
        assert!(
            spoiled <= MOST_SPOILED,
            "the machine was not quiet: {outcomes:?}"
        );
    }
    let count = |outcome: &str| outcomes.iter().filter(|one| *one == outcome).count();
    let different = count("worse") + count("better");
    tell(
        "14",
        "pairs of 5 + 5 real runs of one server, in turns, called different",
        format!("{different} of {pairs} ({spoiled} spoiled by this machine and repeated)"),
        "at most 2",
    );
    assert!(different <= 2, "{outcomes:?}");
    // A comparison that says nothing would pass too.
    assert_eq!(count("not_shown") + different, pairs, "{outcomes:?}");
}
