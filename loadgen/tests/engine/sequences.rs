//! Loss, duplicates and order, event by event against the truth log.

use crate::support::{plan, run_with, target, total, truth};
use loadgen::engine::{EndOfRun, Instrument, Outcome};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use target_server::{Server, StreamTruth};

const TAP: Instrument = Instrument {
    tap: true,
    work_per_event: Duration::ZERO,
    work_per_read: Duration::ZERO,
};

fn stream(path: &str, connections: u32) -> (Server, Outcome) {
    let server = target();
    let outcome = run_with(plan(server.local_addr().unwrap(), path, connections), TAP);
    (server, outcome)
}

/// The numbers that each stream received are the numbers that were written to it, in that order.
fn assert_received_is_written(outcome: &Outcome, truth: &StreamTruth) {
    let mut received: HashMap<(u32, u32), Vec<u64>> = HashMap::new();
    for event in &outcome.tapped.events {
        received
            .entry((event.subscriber, event.stream))
            .or_default()
            .push(event.seq.unwrap());
    }
    assert_eq!(outcome.tapped.streams.len(), truth.subscribers.len());
    for (subscriber, stream, id) in &outcome.tapped.streams {
        let number: u64 = id.rsplit('-').next().unwrap().parse().unwrap();
        let written = truth
            .subscribers
            .iter()
            .find(|known| known.id == number)
            .unwrap();
        let written: Vec<u64> = written
            .writes
            .as_ref()
            .unwrap()
            .iter()
            .map(|write| write.0)
            .collect();
        assert_eq!(
            received.remove(&(*subscriber, *stream)).unwrap_or_default(),
            written,
            "subscriber {number}"
        );
    }
    assert!(received.is_empty());
}

#[test]
fn every_event_written_is_received_once() {
    let (server, outcome) = stream("/prices?interval=20ms&count=40", 100);
    let truth = truth(&server, "t1");
    assert_received_is_written(&outcome, &truth);
    let counters = total(&outcome).counters;
    assert_eq!(outcome.end, EndOfRun::NobodyLeft);
    assert_eq!(counters.events.received, 100 * 40);
    assert_eq!(counters.events.sequenced, 100 * 40);
    assert_eq!(
        (
            counters.events.lost,
            counters.events.duplicated,
            counters.events.reordered
        ),
        (0, 0, 0)
    );
    assert_eq!(counters.events.before_sent, 0);
    assert_eq!(
        (counters.connections.opened, counters.connections.failed),
        (100, 0)
    );
    assert_eq!(counters.ends.complete, 100);
    let arrivals = counters.arrivals;
    let classes = arrivals.exact + arrivals.bounded + arrivals.reordered + arrivals.unstamped;
    assert_eq!(classes, counters.events.received);
}

/// What a sequence of numbers says, counted the slow and obvious way: lost, duplicated, reordered.
fn oracle(seqs: &[u64]) -> (u64, u64, u64) {
    let mut seen = BTreeSet::new();
    let (mut duplicated, mut reordered) = (0, 0);
    for seq in seqs {
        let late = seen.last().is_some_and(|highest| seq < highest);
        if seen.insert(*seq) {
            reordered += u64::from(late);
        } else {
            duplicated += 1;
        }
    }
    let span = seen.last().unwrap() - seen.first().unwrap() + 1;
    (span - seen.len() as u64, duplicated, reordered)
}

#[test]
fn lost_duplicated_and_reordered_events_are_found_exactly() {
    for mode in ["lose:7", "duplicate:5", "reorder:10"] {
        let path = format!("/prices?interval=10ms&count=40&private=1&mode={mode}");
        let (server, outcome) = stream(&path, 20);
        let mut expected = (0, 0, 0);
        for number in 1..=20 {
            let truth = truth(&server, &format!("t{number}"));
            let writes = truth.subscribers[0].writes.as_ref().unwrap();
            let (lost, duplicated, reordered) =
                oracle(&writes.iter().map(|write| write.0).collect::<Vec<_>>());
            expected = (
                expected.0 + lost,
                expected.1 + duplicated,
                expected.2 + reordered,
            );
        }
        let events = total(&outcome).counters.events;
        assert_eq!(
            (events.lost, events.duplicated, events.reordered),
            expected,
            "{mode}"
        );
        assert!(
            expected.0 + expected.1 + expected.2 >= 60,
            "{mode} did nothing: {expected:?}"
        );
    }
}
