//! The way of an event from the read buffer into the histograms allocates nothing.

use loadgen::plan::{Format, SequenceSource, StampSource, SubscriberPolicy, TracePlan};
use loadgen::session::reading::Reading;
use loadgen::session::recorder::Recorder;
use loadgen::session::{Session, Spec};
use run_record::time::Wall;

const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const START: u64 = 1_700_000_000_000_000_000;

fn event(seq: u64, at: u64) -> Vec<u8> {
    let body = format!(
        "event: price\nid: {seq}\ndata: {{\"seq\":{seq},\"due\":{at},\"emitted\":{at},\"instance\":7,\"price\":1.25}}\n\n"
    );
    format!("{:x}\r\n{body}\r\n", body.len()).into_bytes()
}

#[test]
fn no_allocation_per_event_in_steady_state() {
    let spec = Spec {
        format: Format::Auto,
        stamps: StampSource::Auto,
        sequence: SequenceSource::Auto,
        due_every: None,
        policy: SubscriberPolicy::default(),
        remotes: vec!["127.0.0.1:1".to_owned()],
        by: Some("x-served-by".to_owned()),
    };
    let trace = TracePlan {
        streams: 0,
        events_per_stream: 0,
    };
    let mut recorder = Recorder::new(trace).apart(&spec.remotes, spec.by.as_deref());
    let mut session = Session::new(0, &spec);
    session.dial(Wall(START), Wall(START), 0, &mut recorder);
    session.connected(Wall(START), &mut recorder);
    session.requested(Wall(START));

    // All within one slice of the timeline: a new slice may allocate, once a second.
    let events: Vec<(u64, Vec<u8>)> = (1..=5_000)
        .map(|seq| (START + seq * 100_000, event(seq, START + seq * 100_000)))
        .collect();
    let mut feed = |bytes: &[u8], at: u64| {
        let mut reading = Reading::new(
            Wall(at - 50_000),
            Some(Wall(at + 10_000)),
            Wall(at + 20_000),
            true,
        );
        assert_eq!(
            session.read(bytes, &mut reading, &spec, &mut recorder),
            None
        );
        session.end_read(reading, &spec, &mut recorder);
    };
    feed(HEAD.as_bytes(), START);
    // Whole, and split where a read may split it.
    let mut feed_split = |(at, bytes): &(u64, Vec<u8>)| {
        let cut = if at % 200_000 == 0 {
            0
        } else {
            bytes.len() / 2
        };
        feed(&bytes[..cut], *at);
        feed(&bytes[cut..], *at);
    };
    let (warm, steady) = events.split_at(4_200);
    warm.iter().for_each(&mut feed_split);
    let used = allocation_counter::measure(|| steady.iter().for_each(&mut feed_split));
    assert_eq!(used.count_total, 0, "{used:?}");
    assert_eq!(recorder.counters().events.received, 5_000);
}
