//! Runs that measure something: limits, interruption, and what goes where.

use crate::invocation::Invocation;
use crate::scripted::{Answer, STREAM, Scripted};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::end::EndReason;
use run_record::record::RunRecord;

/// A stream of three events that stays open.
fn three_events() -> (Scripted, Invocation) {
    let body = "data: 1\n\ndata: 2\n\ndata: 3\n\n";
    let server = Scripted::start([Answer::hold(format!("{STREAM}{body}"))]);
    let invocation = Invocation::of(format!("http://{}/", server.address()));
    (server, invocation)
}

#[test]
fn a_stream_with_events_is_as_expected() {
    let (_server, invocation) = three_events();
    let ended = invocation.run(&["--max", "first_event.max=3600s", "--min", "events=3"]);
    let record = ended.assert_judged(0, &["as expected"]);
    assert_eq!(record.end.reason, EndReason::Completed);
    assert_eq!(record.total().counters.events.received, 3);
    assert_eq!(record.limits.len(), 2);
    assert!(!ended.stdout.is_empty());
}

#[test]
fn a_missed_limit_is_the_servers() {
    let (_server, invocation) = three_events();
    let ended = invocation.run(&["--min", "events=1000000", "--max", "events=3"]);
    ended.assert_judged(1, &["1 of 2 limits not met", "events=1000000"]);
}

#[test]
fn a_limit_that_was_not_measured_is_no_pass() {
    let (_server, invocation) = three_events();
    let ended = invocation.run(&["--max", "delivery.p99=100ms"]);
    ended.assert_judged(4, &["1 of 1 limits not measured", "delivery.p99"]);
    let ended = invocation.run(&["--max", "delivery.p99=100ms", "--min", "events=4"]);
    ended.assert_judged(1, &["events"]);
}

#[test]
fn an_unknown_metric_lists_those_there_are() {
    let (server, invocation) = three_events();
    let ended = invocation.run(&["--max", "latency.p99=100ms"]);
    assert_eq!(ended.code, 2);
    for name in ["latency", "delivery", "first_event", "gap", "lost"] {
        assert!(
            ended.stderr.contains(name),
            "{name} is not in {}",
            ended.stderr
        );
    }
    assert!(ended.record.is_none());
    assert_eq!(server.requests(), [""; 0], "nothing was sent");
}

#[test]
fn interrupted_keeps_what_was_measured() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (server, invocation) = three_events();
        let child = invocation.command(&["--for", "10m"]).spawn().unwrap();
        server.wait_for(1);
        let id = Pid::from_raw(i32::try_from(child.id()).unwrap());
        kill(id, signal).unwrap();
        let ended = invocation.ended(child.wait_with_output().unwrap());
        let record = ended.assert_judged(130, &["interrupted"]);
        assert_eq!(record.end.reason, EndReason::Interrupted);
        assert_eq!(record.total().counters.events.received, 3);
        assert!(ended.stdout.contains("interrupted"), "{}", ended.stdout);
    }
}

#[test]
fn json_is_all_that_stdout_has() {
    let (_server, invocation) = three_events();
    let ended = invocation.run(&["--json"]);
    let printed = RunRecord::read(ended.stdout.as_bytes()).unwrap();
    assert_eq!(Some(&printed), ended.record.as_ref());
    assert_eq!((ended.code, printed.exit.unwrap().code), (0, 0));
    assert!(!ended.stderr.is_empty(), "the page goes to stderr");
}

#[test]
fn a_reader_that_has_left_is_no_error() {
    for options in [&["--json"][..], &[]] {
        let (_server, invocation) = three_events();
        let mut child = invocation.command(options).spawn().unwrap();
        drop(child.stdout.take());
        let ended = invocation.ended(child.wait_with_output().unwrap());
        ended.assert_judged(0, &[]);
        assert!(!ended.stderr.contains("error"), "{}", ended.stderr);
    }
}
