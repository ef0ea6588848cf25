//! `check --hop` with real proxies before target-server: which of them is named, and by what.
//!
//! A check that says itself that this machine was too busy does not count; it is repeated.

use std::process::Command;

use serde_json::Value;

use crate::setup::{start, start_before};

/// Fifty events of 300 bytes a second for six seconds: a block of 4,096 bytes opens every 0.27 s.
const STREAM: &str = "/prices?interval=20ms&size=300&count=300";

/// More would hide what a loaded machine does to a verdict.
const TIMES: usize = 5;

#[test]
#[ignore = "needs nginx: ./scripts/test installs it"]
fn nginx_as_it_comes_is_named_between_a_live_origin_and_the_edge() {
    let origin = start("target-server");
    let edge = start_before("nginx-default", &origin);
    let hops = [("origin", origin.url(STREAM)), ("edge", edge.url(STREAM))];
    let found = compared(&hops, &["batched"]);
    assert_eq!(words(&found), ["live", "batched"], "{found:#}");
    assert_eq!(standings(&found), ["passes", "holds-back"], "{found:#}");
    assert_eq!(
        first_cause(&found["hops"][1]),
        "nginx.proxy-buffering",
        "{found:#}"
    );
    assert_eq!(found["exit"]["code"], 1, "{found:#}");
    assert!(
        finding(&found).contains("between origin and edge"),
        "{found:#}"
    );
    // The same events at both: a block of 13 events 20 ms apart holds the first of them for 0.26 s.
    let added = &found["hops"][1]["added"];
    let (events, max) = (added["events"].as_u64(), added["max_us"].as_f64());
    assert!(events >= Some(50), "{added}");
    assert!(
        (200_000.0..400_000.0).contains(&max.unwrap_or_default()),
        "{added}"
    );
    let changes = changes(&found["hops"][1]);
    for expected in ["Server ", "Transfer-Encoding re-chunked"] {
        assert!(
            changes.iter().any(|change| change.starts_with(expected)),
            "{changes:?}"
        );
    }
}

#[test]
#[ignore = "needs HAProxy: ./scripts/test installs it"]
fn a_cork_behind_a_live_origin_is_haproxys_and_not_pumas() {
    let origin = start("target-server");
    let edge = start_before("haproxy-default", &origin);
    let hops = [("origin", origin.url(STREAM)), ("edge", edge.url(STREAM))];
    let found = compared(&hops, &["batched"]);
    assert_eq!(standings(&found), ["passes", "holds-back"], "{found:#}");
    assert_eq!(
        first_cause(&found["hops"][1]),
        "haproxy.msg-more",
        "{found:#}"
    );
    let causes = found["hops"][1]["causes"].to_string();
    assert!(!causes.contains("puma."), "{causes}");
    let added = &found["hops"][1]["added"]["max_us"];
    assert!(
        (190_000.0..300_000.0).contains(&added.as_f64().unwrap_or_default()),
        "{added}"
    );
}

#[test]
#[ignore = "needs Varnish: ./scripts/test installs it"]
fn varnish_as_it_comes_hands_the_stream_on() {
    let origin = start("target-server");
    let edge = start_before("varnish-default", &origin);
    let hops = [("origin", origin.url(STREAM)), ("edge", edge.url(STREAM))];
    let found = compared(&hops, &["live"]);
    assert_eq!(words(&found), ["live", "live"], "{found:#}");
    assert_eq!(standings(&found), ["passes", "passes"], "{found:#}");
    assert_eq!(found["exit"]["code"], 0, "{found:#}");
    assert!(
        changes(&found["hops"][1])
            .iter()
            .any(|change| change.starts_with("X-Varnish")),
        "{found:#}"
    );
}

#[test]
#[ignore = "needs nginx and HAProxy: ./scripts/test installs them"]
fn of_three_the_middle_one_is_named_and_the_last_is_not_blamed() {
    let origin = start("target-server");
    let nginx = start_before("nginx-default", &origin);
    let haproxy = start_before("haproxy-default", &nginx);
    let hops = [
        ("origin", origin.url(STREAM)),
        ("nginx", nginx.url(STREAM)),
        ("haproxy", haproxy.url(STREAM)),
    ];
    let found = compared(&hops, &["batched"]);
    assert_eq!(
        standings(&found),
        ["passes", "holds-back", "behind"],
        "{found:#}"
    );
    assert_eq!(
        first_cause(&found["hops"][1]),
        "nginx.proxy-buffering",
        "{found:#}"
    );
    assert_eq!(
        found["hops"][2]["causes"],
        Value::Array(vec![]),
        "{found:#}"
    );
    assert!(
        finding(&found).contains("between origin and nginx"),
        "{found:#}"
    );
    // Event by event the windows of HAProxy show although nginx hides them.
    let added = &found["hops"][2]["added"]["max_us"];
    assert!(
        (150_000.0..300_000.0).contains(&added.as_f64().unwrap_or_default()),
        "{added}"
    );
}

#[test]
#[ignore = "needs nginx: ./scripts/test installs it"]
fn a_hop_that_is_not_there_is_no_stream_and_the_origin_stays_live() {
    let origin = start("target-server");
    let edge = start_before("nginx-default", &origin);
    let lost = edge.url("/prices?mode=status:503");
    let hops = [("origin", origin.url(STREAM)), ("edge", lost)];
    let found = compared(&hops, &["no_stream"]);
    assert_eq!(words(&found), ["live", "no_stream"], "{found:#}");
    assert_eq!(found["exit"]["code"], 3, "{found:#}");
}

/// What `check --json` says about these hops, once the outermost has one of these words and the origin is told.
fn compared(hops: &[(&str, String)], expected: &[&str]) -> Value {
    let mut last = Value::Null;
    for _ in 0..TIMES {
        last = once(hops);
        let is_told = words(&last).iter().all(|word| word != "inconclusive");
        let is_expected = words(&last)
            .last()
            .is_some_and(|word| expected.contains(&&**word));
        if is_told || is_expected {
            break;
        }
        eprintln!("inconclusive on this machine, once more: {}", last["exit"]);
    }
    last
}

fn once(hops: &[(&str, String)]) -> Value {
    let arguments = hops.iter().map(|(name, url)| format!("--hop={name}={url}"));
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["check", "--json", "--no-progress"])
        .args(arguments)
        .output()
        .expect("loadgen was built for this test");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        panic!("{error}\n{said}")
    })
}

fn of_each(found: &Value, key: &str) -> Vec<String> {
    let hops = found["hops"].as_array().into_iter().flatten();
    hops.map(|hop| hop[key].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn words(found: &Value) -> Vec<String> {
    of_each(found, "verdict")
}

fn standings(found: &Value) -> Vec<String> {
    of_each(found, "standing")
}

fn first_cause(hop: &Value) -> &str {
    hop["causes"][0]["code"].as_str().unwrap_or_default()
}

fn finding(found: &Value) -> String {
    let findings = found["findings"].as_array().into_iter().flatten();
    let is_told = |finding: &&Value| {
        finding["code"]
            .as_str()
            .is_some_and(|code| code.starts_with("hops."))
    };
    findings
        .filter(is_told)
        .map(|finding| finding["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// "Server changed", in the order of the record.
fn changes(hop: &Value) -> Vec<String> {
    let changes = hop["headers_changed"].as_array().into_iter().flatten();
    let told = |change: &Value| {
        let text = |key: &str| change[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("name"), text("change"))
    };
    changes.map(told).collect()
}
