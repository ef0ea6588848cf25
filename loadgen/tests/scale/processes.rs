//! Several processes of one machine: nothing is lost and nothing counted twice, even where one of them is killed.

use crate::load::{Ended, Load};
use crate::support::{target, truth};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::end::EndReason;
use run_record::metric::Metric;
use std::collections::HashSet;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;
use target_server::{Server, StreamTruth};

const CONNECTIONS: u32 = 80;

fn url(server: &Server, query: &str) -> String {
    format!("http://{}/prices?{query}", server.local_addr().unwrap())
}

/// The truth once `is_so`; the run goes on meanwhile.
fn truth_when(server: &Server, is_so: impl Fn(&StreamTruth) -> bool) -> StreamTruth {
    loop {
        let url = format!("http://{}/truth/t1", server.control_addr().unwrap());
        let answer = reqwest::blocking::get(url).unwrap();
        if answer.status().is_success() {
            let truth: StreamTruth = serde_json::from_slice(&answer.bytes().unwrap()).unwrap();
            if is_so(&truth) {
                return truth;
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Whether every subscriber has had so many events.
fn all_have(truth: &StreamTruth, events: u64) -> bool {
    let served = truth
        .subscribers
        .iter()
        .filter(|each| each.events >= events);
    served.count() == CONNECTIONS as usize
}

/// The processes that work for a run.
fn copies(load: &Load) -> Vec<Pid> {
    let id = load.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let ids = children.split_whitespace().map(|id| id.parse().unwrap());
    ids.map(Pid::from_raw).collect()
}

fn written(truth: &StreamTruth) -> u64 {
    truth.subscribers.iter().map(|each| each.events).sum()
}

/// A machine that is busy with other things may be called unfit.
fn is_no_fault(ended: &Ended) -> bool {
    matches!(ended.code, 0 | 5)
        && ended.record.self_check.get("processes_lost").unwrap().value == 0.0
}

fn assert_adds_up(ended: &Ended) {
    let total = ended.record.total();
    let received = total.counters.events.received;
    let slices = ended.record.measured.timeline.iter();
    assert_eq!(slices.map(|(_, slice)| slice.events).sum::<u64>(), received);
    // Those that arrived while a process did not run have no time.
    let timed = received - total.counters.events.untimed;
    assert_eq!(total.histograms.count(Metric::Delivery), timed);
}

#[test]
fn four_processes_count_what_the_server_wrote() {
    let server = target();
    let load = Load::with(
        &url(&server, "interval=50ms&count=40"),
        CONNECTIONS,
        &["--processes", "4", "--ramp", "400ms"],
    );
    let ended = load.ended();
    let truth = truth(&server, "t1");
    assert!(is_no_fault(&ended), "{}", ended.page);
    let counters = ended.record.total().counters;
    assert_eq!(truth.subscribers.len(), CONNECTIONS as usize);
    assert_eq!(counters.connections.opened, u64::from(CONNECTIONS));
    assert_eq!(counters.events.received, written(&truth));
    assert_eq!(
        (
            counters.events.lost,
            counters.events.duplicated,
            counters.events.reordered
        ),
        (0, 0, 0)
    );
    assert_adds_up(&ended);
    assert_eq!(ended.record.plan.connections, u64::from(CONNECTIONS));
    // Streams 0 to 4 are those of four processes, each followed to its last event.
    let traces: Vec<_> = ended.record.measured.traces.iter().collect();
    let kept: Vec<_> = traces
        .iter()
        .map(|t| (t.subscriber, t.events.len()))
        .collect();
    assert_eq!(kept, [(0, 40), (1, 40), (2, 40), (3, 40), (4, 40)]);
    // An event that all subscribers were sent, in all processes, has reached all of them.
    let most = ended.record.measured.fanout.reach().unwrap().1;
    assert_eq!(most, CONNECTIONS);
    let worst: HashSet<_> = ended
        .record
        .measured
        .worst
        .iter()
        .map(|w| w.subscriber)
        .collect();
    assert_eq!(worst.len(), 10);
}

#[test]
fn a_process_that_is_killed_is_told_and_costs_its_last_second() {
    let server = target();
    let load = Load::with(
        &url(&server, "interval=50ms&count=100"),
        CONNECTIONS,
        &["--processes", "4", "--ramp", "100ms"],
    );
    let early = truth_when(&server, |truth| all_have(truth, 50));
    let copies = copies(&load);
    assert_eq!(copies.len(), 4);
    kill(copies[1], Signal::SIGKILL).unwrap();
    let ended = load.ended();
    let truth = truth(&server, "t1");

    assert_eq!(ended.code, 5, "{}", ended.page);
    assert!(ended.page.contains("killed by signal 9"), "{}", ended.page);
    let words: Vec<&str> = ended.page.split_whitespace().collect();
    let told = words.join(" ");
    assert!(told.contains("its 20 subscribers are missing"), "{told}");
    let check = ended.record.self_check.get("processes_lost").unwrap();
    assert_eq!(check.value, 1.0);
    // A snapshot is a second old at most, and a busy machine needs some time to tell it: 40 events are 2 s.
    // Everything that the others were sent is there, and of the killed one what it had told.
    let whole = truth.subscribers.iter().filter(|each| each.events == 100);
    assert_eq!(whole.clone().count(), 60);
    let of_others: u64 = whole.map(|each| each.events).sum();
    let counters = ended.record.total().counters;
    let of_killed = counters.events.received - of_others;
    let told = written(&early) / u64::from(CONNECTIONS) - 40;
    assert!(
        of_killed >= 20 * told,
        "{of_killed} of at least {}",
        20 * told
    );
    assert!(of_killed <= written(&truth) - of_others);
    assert_eq!(counters.events.lost, 0);
    assert_eq!(counters.connections.opened, u64::from(CONNECTIONS));
    assert_eq!((counters.ends.complete, counters.ends.stopped), (60, 20));
    assert_eq!(
        ended.record.measured.timeline.open_at_ends().last(),
        Some(0)
    );
    assert_adds_up(&ended);
}

#[test]
fn an_interrupt_reaches_all_of_them_and_keeps_what_was_measured() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let server = target();
        let load = Load::with(
            &url(&server, "interval=50ms"),
            CONNECTIONS,
            &["--processes", "3", "--ramp", "100ms"],
        );
        truth_when(&server, |truth| all_have(truth, 5));
        let copies = copies(&load);
        load.signal(signal);
        let ended = load.ended();
        assert_eq!(ended.code, 130, "{}", ended.page);
        assert_eq!(ended.record.end.reason, EndReason::Interrupted);
        let counters = ended.record.total().counters;
        let all = u64::from(CONNECTIONS);
        assert_eq!(
            (
                counters.connections.opened,
                counters.subscribers.streaming_at_end
            ),
            (all, all)
        );
        assert!(counters.events.received >= 5 * all);
        assert_adds_up(&ended);
        assert!(copies.iter().all(|copy| kill(*copy, None).is_err()));
    }
}

#[test]
fn more_descriptors_than_one_process_may_have_are_told_with_the_number_of_processes() {
    let server = target();
    let limited = |processes: &str| {
        format!(
            "ulimit -n 128; exec \"$0\" run '{}' -c 100 --ramp 100ms --for 2m --no-reconnect --no-progress --processes {processes}",
            url(&server, "interval=50ms&count=10")
        )
    };
    let run = |processes: &str| {
        Command::new("sh")
            .args(["-c", &limited(processes)])
            .arg(env!("CARGO_BIN_EXE_loadgen"))
            .output()
            .unwrap()
    };
    let refused = run("1");
    assert_eq!(refused.status.code(), Some(5));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("--processes 2 (or auto)"), "{told}");
    let enough = run("auto");
    let page = String::from_utf8(enough.stdout).unwrap();
    assert!(page.contains("1,000 of 1,000 events"), "{page}");
}
