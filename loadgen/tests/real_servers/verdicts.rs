//! The ground truth of Rails' ActionController::Live: each server is checked five times, each time started afresh, because some of
//! them play a stream to its end whether or not somebody listens.

use std::ops::RangeInclusive;
use std::panic::resume_unwind;
use std::process::Command;
use std::thread::{self, ScopedJoinHandle};

use loadgen::setups::Running;
use serde_json::Value;

use crate::setup::start;

const TIMES: usize = 5;

/// Six seconds of a stream, with Last-Modified: what the server itself does.
const STREAM: &str = "/live/check?lm=1";

/// The code of the tutorials.
const AS_WRITTEN: &str = "/live/check";

#[test]
#[ignore = "needs Rails: ./scripts/test installs it"]
fn webrick_collects_the_body() {
    for found in five_at_once("webrick", STREAM, &[]) {
        found.assert_buffered();
        assert!(
            found.headers().any(|name| name == "content-length"),
            "{found}"
        );
    }
}

#[test]
#[ignore = "needs Rails and Puma: ./scripts/test installs them"]
fn the_code_as_written_is_buffered_on_webrick_and_puma() {
    for setup in ["webrick-blog", "puma-blog"] {
        for found in five_at_once(setup, AS_WRITTEN, &[]) {
            found.assert_buffered();
        }
    }
}

#[test]
#[ignore = "needs Rails, Thin, Rainbows! and Unicorn: ./scripts/test installs them"]
fn the_code_as_written_is_buffered_on_the_others_too() {
    for setup in [
        "thin",
        "thin-threaded",
        "rainbows-threadspawn",
        "rainbows-eventmachine",
        "unicorn-1",
    ] {
        for found in five_at_once(setup, AS_WRITTEN, &[]) {
            found.assert_buffered();
        }
    }
}

#[test]
#[ignore = "needs Rails and Puma: ./scripts/test installs them"]
fn puma_over_tcp_releases_every_200_ms() {
    for found in five_times("puma", STREAM, &[]) {
        found.assert_batched_by_time(200..=220);
    }
}

#[test]
#[ignore = "needs Rails and Puma: ./scripts/test installs them"]
fn puma_on_a_unix_socket_is_live() {
    for found in five_times("puma-unix", STREAM, &[]) {
        found.assert_live();
    }
}

#[test]
#[ignore = "needs Rails and Puma: ./scripts/test installs them"]
fn puma_of_a_plain_rackup_is_buffered() {
    for found in five_at_once("rackup-puma-dev", STREAM, &[]) {
        found.assert_buffered();
    }
}

#[test]
#[ignore = "needs Rails and Thin: ./scripts/test installs them"]
fn thin_is_buffered_and_with_threads_releases_once_a_second() {
    for found in five_at_once("thin", STREAM, &[]) {
        found.assert_buffered();
    }
    for found in five_times("thin-threaded", STREAM, &[]) {
        // The reactor wakes every second; of events 100 ms apart the first of a release waits up to 100 ms less.
        found.assert_batched_by_time(900..=1050);
    }
}

#[test]
#[ignore = "needs Rails and Rainbows!: ./scripts/test installs them"]
fn rainbows_is_live_with_threads_and_buffered_with_a_reactor() {
    for found in five_times("rainbows-threadspawn", STREAM, &[]) {
        found.assert_live();
    }
    for found in five_at_once("rainbows-eventmachine", STREAM, &[]) {
        found.assert_buffered();
    }
}

#[test]
#[ignore = "needs Rails and Unicorn: ./scripts/test installs them"]
fn unicorn_is_live_and_serves_one_stream_for_each_worker() {
    for (setup, served) in [("unicorn-1", "1 answered"), ("unicorn-4", "4 answered")] {
        for found in five_times(setup, STREAM, &["--streams", "10"]) {
            found.assert_live();
            let limit = found.finding("streams.limit");
            assert!(limit.is_some_and(|text| text.contains(served)), "{found}");
        }
    }
}

#[test]
#[ignore = "needs Rails and Rainbows!: ./scripts/test installs them"]
fn five_events_and_a_clean_end_are_not_cut() {
    for found in five_times("rainbows-threadspawn", "/live/five?lm=1", &[]) {
        assert_eq!(found.word(), "live", "{found}");
        assert!(found.finding("end.clean").is_some(), "{found}");
    }
}

#[test]
#[ignore = "needs Rails and Rainbows!: ./scripts/test installs them"]
fn plain_lines_are_judged_like_events() {
    let lines = ["--format", "lines"];
    for found in five_times("lines-rainbows", "/lines/check?lm=1", &lines) {
        found.assert_live();
    }
    for found in five_at_once("lines-webrick", "/lines/check?lm=1", &lines) {
        found.assert_buffered();
    }
}

#[test]
#[ignore = "needs Rails: ./scripts/test installs it"]
fn a_hijacked_stream_is_live_even_on_webrick() {
    for found in five_times("webrick-hijack", "/hijack/check", &[]) {
        found.assert_live();
    }
}

#[test]
#[ignore = "needs Rails, Puma and Rainbows!: ./scripts/test installs them"]
fn the_sse_helper_gets_the_verdict_of_its_server() {
    for found in five_times("sse-helper-puma", "/helper/check?lm=1", &[]) {
        found.assert_batched_by_time(200..=220);
    }
    for found in five_times("sse-helper-rainbows", "/helper/check?lm=1", &[]) {
        found.assert_live();
    }
}

/// What `check --json` printed.
struct Found {
    setup: String,
    json: Value,
}

fn five_times(setup: &str, path: &str, arguments: &[&str]) -> Vec<Found> {
    let once = |_| once(setup, path, arguments);
    (0..TIMES).map(once).collect()
}

/// Side by side, for the verdict that a busy machine cannot change: a body that is held to its end takes its six seconds in any case.
fn five_at_once(setup: &str, path: &str, arguments: &[&str]) -> Vec<Found> {
    thread::scope(|scope| {
        let start = |_| scope.spawn(|| once(setup, path, arguments));
        let checks: Vec<_> = (0..TIMES).map(start).collect();
        let found =
            |check: ScopedJoinHandle<_>| check.join().unwrap_or_else(|fault| resume_unwind(fault));
        checks.into_iter().map(found).collect()
    })
}

/// A check that says itself that this machine was too busy to tell does not count: it is repeated, and the log says so.
fn once(setup: &str, path: &str, arguments: &[&str]) -> Found {
    for _ in 1..TIMES {
        let found = find(setup, path, arguments);
        if found.json["reason"] != "own-machine" {
            return found;
        }
        println!("does not count, once more: {found}");
    }
    find(setup, path, arguments)
}

fn find(setup: &str, path: &str, arguments: &[&str]) -> Found {
    let server = start(setup);
    Found {
        setup: format!("{setup} {path}"),
        json: check(&server, path, arguments),
    }
}

fn check(server: &Running, path: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command
        .args(["check", &server.url(path), "--json", "--expect", "any"])
        .args(arguments);
    if let loadgen::plan::Endpoint::Unix(socket) = server.endpoint() {
        command.arg("--unix-socket").arg(socket);
    }
    let output = command.output().expect("loadgen was built for this test");
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

impl Found {
    fn word(&self) -> &str {
        self.json["verdict"].as_str().unwrap_or_default()
    }

    fn finding(&self, code: &str) -> Option<&str> {
        let findings = self.json["findings"].as_array()?;
        let found = findings.iter().find(|finding| finding["code"] == code)?;
        found["text"].as_str()
    }

    /// Of the first response, in lower case.
    fn headers(&self) -> impl Iterator<Item = String> {
        let headers = self.json["probes"][0]["headers"].as_array();
        let name = |header: &Value| header[0].as_str().unwrap_or_default().to_ascii_lowercase();
        headers.into_iter().flatten().map(name)
    }

    fn assert_live(&self) {
        assert_eq!(self.word(), "live", "{self}");
        assert_eq!(self.json["confidence"], "high", "{self}");
    }

    fn assert_buffered(&self) {
        assert_eq!(self.word(), "buffered", "{self}");
        assert_eq!(self.json["hold"]["by"], "end", "{self}");
        assert_eq!(self.json["confidence"], "high", "{self}");
    }

    fn assert_batched_by_time(&self, expected_ms: RangeInclusive<u64>) {
        assert_eq!(self.word(), "batched", "{self}");
        assert_eq!(self.json["hold"]["by"], "time", "{self}");
        let ms = self.json["hold"]["ms"].as_u64();
        assert!(ms.is_some_and(|ms| expected_ms.contains(&ms)), "{self}");
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:#}", self.setup, self.json)
    }
}
