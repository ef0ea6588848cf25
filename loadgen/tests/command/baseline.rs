//! `--baseline` and `--md-on-change`: a run beside an earlier one, in page, record and exit code.

use crate::refusal::that_counts;
use crate::schema::valid;
use std::path::Path;
use std::process::{Command, Output};
use target_server::{Config, Server};
use tempfile::TempDir;

const RUN: [&str; 5] = ["-c", "20", "--for", "1s", "--no-progress"];

struct Bench {
    server: Server,
    directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            server: Server::start(Config::default()).unwrap(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn url(&self, query: &str) -> String {
        let address = self.server.local_addr().unwrap();
        format!("http://{address}/prices?interval=10ms{query}")
    }

    fn loadgen(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        command.args(words).current_dir(self.directory.path());
        that_counts(|| command.output().unwrap())
    }

    fn has(&self, name: &str) -> bool {
        self.directory.path().join(name).exists()
    }
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

#[test]
fn a_limit_relative_to_a_baseline_decides_the_exit_code() {
    let bench = Bench::new();
    let url = bench.url("");
    said(
        &bench.loadgen(&[&["run", &url, "--out", "base.json"][..], &RUN].concat()),
        0,
    );
    let run = ["run", &url, "--baseline", "base.json", "--json"];
    let kept = [
        "--min",
        "events=baseline-50%",
        "--md-on-change",
        "changed.md",
    ];
    let output = bench.loadgen(&[&run[..], &kept, &RUN].concat());
    said(&output, 0);
    let record = valid("record", &output.stdout);
    assert_eq!(record["baseline"]["file"], "base.json");
    assert!(
        record["limits"][0]["limit"]["count"].as_i64().unwrap() > 500,
        "{record}"
    );
    assert!(!bench.has("changed.md"));

    let missed = [
        "--min",
        "events=baseline+50%",
        "--md-on-change",
        "changed.md",
    ];
    let output = bench.loadgen(&[&run[..], &missed, &RUN, &["--out", "new.json"]].concat());
    let told = said(&output, 1);
    assert!(told.contains("is baseline+50%"), "{told}");
    let summary = std::fs::read_to_string(bench.directory.path().join("changed.md")).unwrap();
    assert!(
        summary.contains("min events=baseline+50%: missed, was not asked for"),
        "{summary}"
    );
    // All of it comes from the record again.
    let again = said(&bench.loadgen(&["report", "new.json"]), 0);
    assert!(again.contains("compared with base.json"), "{again}");
    // The next run is as before, and the file is gone.
    said(&bench.loadgen(&[&run[..], &kept, &RUN].concat()), 0);
    assert!(!bench.has("changed.md"));
}

#[test]
fn a_check_tells_of_another_verdict() {
    let bench = Bench::new();
    let live = bench.url("");
    said(&bench.loadgen(&["check", &live, "--out", "base.json"]), 0);
    let batched = bench.url("&mode=hold-all&count=50");
    let words = [
        "check",
        &batched,
        "--baseline",
        "base.json",
        "--md-on-change",
        "c.md",
        "--report",
        "p.html",
    ];
    let told = said(&bench.loadgen(&words), 1);
    assert!(told.contains("was LIVE"), "{told}");
    assert!(bench.has("c.md"));
    let page = std::fs::read_to_string(bench.directory.path().join("p.html")).unwrap();
    assert!(page.contains("was LIVE"));
}

#[test]
fn a_baseline_that_cannot_serve_is_refused_before_anything_is_sent() {
    let bench = Bench::new();
    let url = bench.url("");
    let words = ["run", &url, "--out", "base.json"];
    said(&bench.loadgen(&[&words[..], &RUN].concat()), 0);
    std::fs::write(bench.directory.path().join("notes.txt"), "no record").unwrap();
    let nowhere = "http://127.0.0.1:1/";
    for (words, told) in [
        (
            &["--max", "delivery.p99=baseline+10%"][..],
            "name its record with --baseline",
        ),
        (
            &["--baseline", "none.json"],
            "--baseline none.json: No such file",
        ),
        (&["--baseline", "notes.txt"], "this is no run record"),
        (
            &["--baseline", "base.json", "--max", "tls=baseline"],
            "no TLS handshake",
        ),
        (
            &["--baseline", "base.json", "--max", "delivery=baseline*2"],
            "expected baseline",
        ),
        (&["--md-on-change", "x.md"], "--baseline"),
        (
            &[
                "--baseline",
                "base.json",
                "--md-on-change",
                "x.md",
                "--repeat",
                "2",
            ],
            "of one run",
        ),
    ] {
        let output = bench.loadgen(&[&["run", nowhere, "-c", "1"], words].concat());
        let text = said(&output, 2);
        assert!(text.contains(told), "{words:?}: {text}");
    }
    assert!(Path::new(&bench.directory.path().join("base.json")).exists());
}
