//! `loadgen report` and `loadgen merge`: records read again.

use run_record::record::RunRecord;
use std::path::Path;
use std::process::{Command, Output};
use target_server::{Config, Server};

fn loadgen(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(words)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A run of ten streams whose record is written.
fn measure(record: &Path) {
    let server = Server::start(Config::default()).unwrap();
    let url = format!(
        "http://{}/prices?interval=20ms",
        server.local_addr().unwrap()
    );
    let record = record.to_str().unwrap();
    loadgen(&[
        "run",
        &url,
        "-c",
        "10",
        "--for",
        "500ms",
        "--no-progress",
        "--out",
        record,
    ]);
}

#[test]
fn two_records_merge_into_their_sum_whatever_their_order() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (one, two, sum, mus) = (file("one"), file("two"), file("sum.json"), file("mus.json"));
    measure(Path::new(&one));
    measure(Path::new(&two));
    assert_eq!(
        loadgen(&["merge", &one, &two, "-o", &sum]).status.code(),
        Some(0)
    );
    assert_eq!(
        loadgen(&["merge", &two, &one, "-o", &mus]).status.code(),
        Some(0)
    );
    assert_eq!(std::fs::read(&sum).unwrap(), std::fs::read(&mus).unwrap());
    let received = |path: &str| {
        let record = RunRecord::read(&std::fs::read(path).unwrap()).unwrap();
        record.total().counters.events.received
    };
    assert!(received(&one) > 0);
    assert_eq!(received(&sum), received(&one) + received(&two));

    let page = loadgen(&["report", &one, &two]);
    assert_eq!(page.status.code(), Some(0), "{}", said(&page));
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(
        page.contains("20 connections") && page.contains("delivery"),
        "{page}"
    );
}

#[test]
fn what_cannot_be_reported_is_told_with_what_was_expected() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (record, text, out) = (file("run.json"), file("notes.txt"), file("x.hgrm"));
    measure(Path::new(&record));
    std::fs::write(&text, "no record").unwrap();
    for (words, code, told) in [
        (
            vec!["report", &record, "-o", "report.pdf"],
            2,
            ".html, .md, .xml, .prom, .csv, .hgrm or .hlog",
        ),
        (
            vec!["report", &record, "--metric", "speed", "-o", &out],
            2,
            "delivery, transit",
        ),
        (
            vec!["report", &record, "--metric", "reconnect", "-o", &out],
            4,
            "was not measured",
        ),
        (vec!["report", "nowhere.json"], 2, "nowhere.json"),
        (vec!["report", &text], 2, "this is no run record"),
        (vec!["merge", &record, "-o", &out], 2, "2 values required"),
        (
            vec!["report", &record, "-o", "/dev/null/x.hgrm"],
            70,
            "cannot write",
        ),
    ] {
        let output = loadgen(&words);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words:?}: {}",
            said(&output)
        );
        assert!(said(&output).contains(told), "{words:?}: {}", said(&output));
    }
}

#[test]
fn a_page_is_made_from_the_file_alone_and_the_same_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (record, one, two) = (file("run.json"), file("one.html"), file("two.html"));
    measure(Path::new(&record));
    for page in [&one, &two] {
        let output = loadgen(&["report", &record, "-o", page]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let page = std::fs::read_to_string(&one).unwrap();
    assert_eq!(page, std::fs::read_to_string(&two).unwrap());
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("class=\"sent"));
    assert!(page.len() < 300_000, "{} bytes", page.len());
}
