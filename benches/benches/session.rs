//! The whole way of an event, from the read buffer into the histograms: framing, decoder, session, recorder.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loadgen::plan::{Format, SequenceSource, StampSource, SubscriberPolicy, TracePlan};
use loadgen::session::reading::Reading;
use loadgen::session::recorder::Recorder;
use loadgen::session::{Session, Spec};
use run_record::time::Wall;

const START: u64 = 1_700_000_000_000_000_000;
const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const EVENTS: u64 = 1_000;

const TRACE: TracePlan = TracePlan {
    streams: 0,
    events_per_stream: 0,
};

fn event_to_histograms(criterion: &mut Criterion) {
    let spec = Spec {
        format: Format::Auto,
        stamps: StampSource::Auto,
        sequence: SequenceSource::Auto,
        due_every: None,
        policy: SubscriberPolicy::default(),
        remotes: vec!["127.0.0.1:1".to_owned()],
        by: None,
    };
    let events: Vec<(u64, Vec<u8>)> = (1..=EVENTS)
        .map(|seq| {
            let at = START + seq * 500_000;
            let body = format!(
                "event: price\nid: {seq}\ndata: {{\"seq\":{seq},\"due\":{at},\"emitted\":{at},\"instance\":7,\"symbol\":\"ACME\",\"price\":101.25}}\n\n"
            );
            (at, format!("{:x}\r\n{body}\r\n", body.len()).into_bytes())
        })
        .collect();
    let mut group = criterion.benchmark_group("session");
    group.throughput(Throughput::Elements(EVENTS));
    // As a run does it, and what of that is the price of results for each server.
    for (name, is_apart) in [
        ("event from read buffer to histograms", true),
        ("the same, servers not told apart", false),
    ] {
        group.bench_function(name, |bencher| {
            let mut recorder = Recorder::new(TRACE);
            if is_apart {
                recorder = recorder.apart(&spec.remotes, None);
            }
            bencher.iter(|| {
                let mut session = Session::new(0, &spec);
                session.requested(Wall(START));
                let mut feed = |bytes: &[u8], at: u64| {
                    let mut reading =
                        Reading::new(Wall(at), Some(Wall(at + 5_000)), Wall(at + 9_000), true);
                    let end = session.read(bytes, &mut reading, &spec, &mut recorder);
                    session.end_read(reading, &spec, &mut recorder);
                    end
                };
                feed(HEAD, START);
                events
                    .iter()
                    .filter(|(at, bytes)| feed(bytes, *at).is_some())
                    .count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, event_to_histograms);
criterion_main!(benches);
