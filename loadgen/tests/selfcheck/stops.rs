//! Criterion 10: a stop of the generator is found, charged to it, and takes nothing from what it says of the server.

use crate::gate::{Found, alone, hold, is_full};
use crate::load::Load;
use crate::support::target;
use crate::witness::Truth;
use loadgen::clock;
use nix::sys::signal::Signal;
use run_record::metric::Metric;
use run_record::time::{Interval, Nanos};
use std::thread::sleep;
use std::time::Duration;

const MS: u64 = 1_000_000;
const STOP: Duration = Duration::from_millis(500);
/// How far the told stop may be from the true one.
const APART: u64 = 20 * MS;
const CONNECTIONS: u32 = 50;
/// Ten seconds of events.
const PATH: &str = "/prices?interval=100ms&count=100&mode=delay:20ms";

/// One run that is stopped once, `after` its start: quiet or not, and what was found.
fn stopped(after: Duration) -> (bool, Vec<Found>) {
    let server = target();
    let address = server.local_addr().expect("it listens");
    let load = Load::start(&format!("http://{address}{PATH}"), CONNECTIONS);
    sleep(after);
    let from = clock::now();
    load.signal(Signal::SIGSTOP);
    sleep(STOP);
    load.signal(Signal::SIGCONT);
    let to = clock::now();
    let ended = load.ended();
    let mut truth = Truth::of(&server);
    let measured = &ended.record.measured;

    // Others on this machine may take its processor away, too, but not for so long.
    let long = Nanos::from(STOP / 2);
    let all = measured.hiccups.longest();
    let hiccups: Vec<_> = all
        .iter()
        .filter(|hiccup| hiccup.lasted_us > long)
        .collect();
    assert_eq!(hiccups.len(), 1, "stopped once: {all:?}");
    let told = hiccups[0].window();
    assert_told(&ended, told);
    let total = ended.record.total();
    let received = total.counters.events.received;
    assert_eq!(received, truth.written(), "received, written");
    assert_eq!(
        total.histograms.count(Metric::Stall),
        0,
        "the server has not stalled"
    );
    let traced = truth.traced(&ended);
    assert!(traced.bounded > 0, "what came meanwhile came together");
    let left_out = truth.leave_out(Interval::new(from.wall, to.wall));
    let untimed = total.counters.events.untimed;

    let apart = told.width().0.abs_diff((to.mono - from.mono).0);
    let edges = [(told.earliest, from.wall), (told.latest, to.wall)];
    let beside = edges.map(|(told, really)| told.0.abs_diff(really.0));
    let found = vec![
        Found::at_most(
            "500 ms stopped: its window, beside the truth",
            beside[0].max(beside[1]),
            APART,
        ),
        Found::at_most(
            "500 ms stopped: hiccup told, apart from the truth",
            apart,
            APART,
        ),
        truth.delivery(
            "500 ms stopped: delivery p50, apart from the truth",
            &ended,
            0.5,
        ),
        truth.delivery(
            "500 ms stopped: delivery p99, apart from the truth",
            &ended,
            0.99,
        ),
        count(
            "500 ms stopped: arrivals that are not where the truth is",
            traced.beside as u64,
            0,
        ),
        count(
            "500 ms stopped: events without a time, apart from those that came together",
            untimed.abs_diff(left_out),
            CONNECTIONS.into(),
        ),
    ];
    (ended.was_quiet(), found)
}

/// A count against the largest that is right.
fn count(what: &str, count: u64, most: u64) -> Found {
    Found {
        what: what.to_owned(),
        measured: count.to_string(),
        threshold: format!("<= {most}"),
        holds: count <= most,
    }
}

/// The timeline marks the window, and the page names it.
fn assert_told(ended: &crate::load::Ended, told: Interval) {
    let slices = ended.record.measured.timeline.iter();
    let marked: u64 = slices.map(|(_, slice)| slice.stopped_us.0).sum();
    assert!(marked >= told.width().0, "the timeline marks {marked} ns");
    let page = ended.page.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "hiccup.max",
        "did not run",
        "fit to measure, with a warning",
    ] {
        assert!(page.contains(words), "{words:?} is not in {}", ended.page);
    }
}

#[test]
fn criterion_10_a_stop_of_the_generator_is_found() {
    let _alone = alone();
    let runs = if is_full() { 20 } else { 3 };
    for run in 0..runs {
        // At another moment of the spacing of the events each time.
        let after = Duration::from_millis(3_000 + run * 37);
        hold("10", || stopped(after));
    }
}
