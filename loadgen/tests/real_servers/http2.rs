//! `check` of real servers that offer HTTP/2 by TLS: it takes it, as a browser would, and HTTP/1.1 is the control.

use std::process::Command;

use loadgen::setups::Running;
use serde_json::Value;

use crate::setup::{start, start_before};

/// Fifty events of 300 bytes a second, without end.
const STREAM: &str = "/prices?interval=20ms&size=300";

/// More would hide what a loaded machine does to a verdict.
const TIMES: usize = 5;

#[test]
#[ignore = "needs nginx: ./scripts/test installs it"]
fn nginx_is_asked_over_http_2_and_once_over_http_1_1() {
    let origin = start("target-server");
    let nginx = start_before("nginx-buffering-off", &origin);
    let found = checked(&nginx, STREAM, &[]);
    assert_eq!(found["verdict"], "live", "{found:#}");
    assert_eq!(versions(&found), ["HTTP/2", "HTTP/1.1"], "{found:#}");
    assert!(!codes(&found).contains(&"http2.differs"), "{found:#}");
    let found = checked(&nginx, STREAM, &["--http1.1"]);
    assert_eq!(found["verdict"], "live", "{found:#}");
    assert_eq!(versions(&found), ["HTTP/1.1"], "{found:#}");
}

#[test]
#[ignore = "needs nginx: ./scripts/test installs it"]
fn a_stream_that_is_cut_behind_nginx_is_cut_over_http_2_too() {
    let origin = start("target-server");
    let nginx = start_before("nginx-buffering-off", &origin);
    let path = format!("{STREAM}&mode=truncate:6000");
    let found = checked(&nginx, &path, &["--http2"]);
    assert_eq!(found["verdict"], "cut", "{found:#}");
    assert_eq!(versions(&found), ["HTTP/2"], "{found:#}");
}

#[test]
#[ignore = "needs HAProxy: ./scripts/test installs it"]
fn the_windows_of_haproxy_are_not_there_over_http_2() {
    let origin = start("target-server");
    let haproxy = start_before("haproxy-default", &origin);
    let found = checked(&haproxy, STREAM, &[]);
    assert_eq!(found["verdict"], "live", "{found:#}");
    assert_eq!(versions(&found)[0], "HTTP/2", "{found:#}");
}

/// What `check --json` says over TLS; one that says itself that it cannot tell on this machine is repeated.
fn checked(server: &Running, path: &str, options: &[&str]) -> Value {
    let url = server.tls_url(path);
    let mut last = Value::Null;
    for _ in 0..TIMES {
        let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .args(["check", "--json", "--insecure"])
            .args(options)
            .arg(&url)
            .output()
            .expect("loadgen starts");
        last = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        if last["verdict"] != "inconclusive" {
            break;
        }
        eprintln!("inconclusive on this machine, once more: {}", last["exit"]);
    }
    last
}

/// The versions that were spoken, each once, in the order of the requests.
fn versions(found: &Value) -> Vec<&str> {
    let probes = found["probes"].as_array().expect("probes are listed");
    let mut versions = Vec::new();
    for version in probes.iter().filter_map(|probe| probe["version"].as_str()) {
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    versions
}

fn codes(found: &Value) -> Vec<&str> {
    let findings = found["findings"].as_array();
    let findings = findings.into_iter().flatten();
    findings
        .filter_map(|finding| finding["code"].as_str())
        .collect()
}
