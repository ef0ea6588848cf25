//! Every record counts how exactly arrivals are known, each event once.

use crate::load::Load;
use crate::support::target;
use run_record::record::RunRecord;
use std::process::{Command, Stdio};

#[track_caller]
fn assert_classified(record: &RunRecord) {
    let counters = record.total().counters;
    let arrivals = counters.arrivals;
    let all = arrivals.exact + arrivals.bounded + arrivals.reordered + arrivals.unstamped;
    assert!(counters.events.received > 0);
    assert_eq!(all, counters.events.received, "{arrivals:?}");
}

#[test]
fn each_event_of_a_run_is_of_one_class() {
    let server = target();
    let address = server.local_addr().expect("it listens");
    let url = format!("http://{address}/prices?interval=20ms&count=50&mode=hold-time:100ms");
    let ended = Load::start(&url, 5).ended();
    assert_classified(&ended.record);
    let arrivals = ended.record.total().counters.arrivals;
    assert!(
        arrivals.bounded > arrivals.exact,
        "held events come together: {arrivals:?}"
    );
}

#[test]
fn each_event_of_a_check_is_of_one_class() {
    let server = target();
    let address = server.local_addr().expect("it listens");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("check.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command
        .args(["check", &format!("http://{address}/prices?interval=20ms")])
        .args(["--for", "2s", "--no-progress", "--out"])
        .arg(&file)
        .stdin(Stdio::null());
    let output = command.output().expect("it was built with this test");
    let errors = String::from_utf8_lossy(&output.stderr);
    let bytes =
        std::fs::read(&file).unwrap_or_else(|error| panic!("no record ({error}): {errors}"));
    assert_classified(&RunRecord::read(&bytes).unwrap());
}
