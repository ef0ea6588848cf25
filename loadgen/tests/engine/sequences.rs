//! What arrives is what was written, event by event against the truth log. Other modes: criterion 2 in tests/truth.

use crate::support::{plan, run_with, target, total, truth};
use loadgen::engine::{EndOfRun, Instrument, Outcome};
use std::collections::HashMap;
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
