//! What it costs to judge a stream: a hundred events that came one by one, and a hundred that came in groups of ten.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use run_record::time::{Interval, Nanos, Wall};
use run_record::verdict::Word;
use verdict::diagnose;
use verdict::observations::{End, Event, Head, Observations, Probe, Read, ServerClock};

const START: u64 = 1_700_000_000_000_000_000;
const EVENTS: u64 = 100;
const EVENT_BYTES: u64 = 120;

fn at(ms: u64) -> Wall {
    Wall(START + ms * 1_000_000)
}

/// An event every 100 ms, and a read for each group of so many.
fn observations(group: u64) -> Observations {
    let read = |number: u64| {
        let sent = (number + 1) * group * 100;
        Read {
            arrival: Interval::exact(at(sent)),
            stamped: true,
            read: at(sent),
            body_bytes: group * EVENT_BYTES,
        }
    };
    let event = |number: u64| {
        let sent = Wall(at((number + 1) * 100).0 - 200_000);
        Event {
            read: (number / group) as usize,
            bytes: EVENT_BYTES,
            end_offset: (number + 1) * EVENT_BYTES,
            seq: Some(number + 1),
            due: Some(sent),
            emitted: Some(sent),
            named: true,
            digest: Some(number),
        }
    };
    let mut probe = Probe {
        round_trip: Some(Nanos::from_micros(50)),
        head: Some(Head {
            status: 200,
            headers: vec![("Content-Type".to_owned(), "text/event-stream".to_owned())],
            arrival: Interval::exact(at(1)),
            ..Head::default()
        }),
        reads: (0..EVENTS / group).map(read).collect(),
        events: (0..EVENTS).map(event).collect(),
        end: End {
            at: at(EVENTS * 100 + 50),
            ..End::default()
        },
        server_clock: ServerClock::Within(Nanos::ZERO),
        ..Probe::default()
    };
    probe.request.method = "GET".to_owned();
    probe.request.scheduled = at(0);
    probe.request.sent = Some(at(0));
    Observations {
        probes: vec![probe],
        ..Observations::default()
    }
}

fn judge(criterion: &mut Criterion) {
    for (name, group, word) in [("live", 1, Word::Live), ("batched", 10, Word::Batched)] {
        let observations = observations(group);
        assert_eq!(diagnose(&observations).word, word);
        criterion.bench_function(&format!("verdict/{name}"), |bencher| {
            bencher.iter(|| diagnose(black_box(&observations)));
        });
    }
}

criterion_group!(benches, judge);
criterion_main!(benches);
