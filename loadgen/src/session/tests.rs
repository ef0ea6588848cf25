//! A subscriber on scripted time: what is recorded follows from bytes and stamps alone.

use super::end::{End, Next};
use super::reading::{RESOLUTION, Reading};
use super::{Session, Spec};
use crate::plan::{Format, SequenceSource, StampSource, SubscriberPolicy, TracePlan};
use crate::session::recorder::Recorder;
use proptest::prelude::*;
use run_record::counters::Counters;
use run_record::measured::Measured;
use run_record::metric::Metric;
use run_record::time::{Interval, Wall};
use std::time::Duration;

const START: u64 = 1_700_000_000_000_000_000;
const MS: u64 = 1_000_000;
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

struct Scripted {
    spec: Spec,
    session: Session,
    recorder: Recorder,
    empty_since: Wall,
}

impl Scripted {
    fn new() -> Scripted {
        let spec = Spec {
            format: Format::Auto,
            stamps: StampSource::Auto,
            sequence: SequenceSource::Auto,
            due_every: None,
            policy: SubscriberPolicy::default(),
            remotes: vec!["test".to_owned()],
            by: None,
        };
        let mut scripted = Scripted {
            session: Session::new(0, &spec),
            recorder: Recorder::new(TracePlan {
                streams: 0,
                events_per_stream: 0,
            }),
            empty_since: Wall(START),
            spec,
        };
        scripted.connect(0);
        scripted
    }

    fn connect(&mut self, ms: u64) {
        let at = Wall(START + ms * MS);
        self.session.dial(at, at, 0, &mut self.recorder);
        self.session.connected(at, &mut self.recorder);
        self.session.requested(at);
        self.empty_since = at;
    }

    /// Bytes that the kernel received at `ms` and that were read `lag_us` later.
    fn receive(&mut self, ms: u64, lag_us: u64, bytes: &[u8]) -> Option<End> {
        let stamp = Wall(START + ms * MS);
        let mut reading = Reading::new(
            self.empty_since,
            Some(stamp),
            Wall(stamp.0 + lag_us * 1_000),
            true,
        );
        self.empty_since = stamp;
        let end = self
            .session
            .read(bytes, &mut reading, &self.spec, &mut self.recorder);
        self.session
            .end_read(reading, &self.spec, &mut self.recorder);
        end
    }

    fn finish(&mut self, end: &End, ms: u64) -> Next {
        self.session
            .finish(end, Wall(START + ms * MS), &self.spec, &mut self.recorder)
    }

    fn max_ms(&self, metric: Metric) -> Option<u64> {
        self.recorder
            .group()
            .histograms
            .max(metric)
            .map(|max| (max.0 + MS / 2) / MS)
    }

    fn count(&self, metric: Metric) -> u64 {
        self.recorder.group().histograms.count(metric)
    }

    fn counters(&mut self) -> Counters {
        *self.recorder.counters()
    }
}

fn own(seq: u64, due_ms: u64) -> Vec<u8> {
    let at = START + due_ms * MS;
    format!("id: {seq}\ndata: {{\"seq\":{seq},\"due\":{at},\"emitted\":{at},\"instance\":1}}\n\n")
        .into_bytes()
}

#[test]
fn phases_count_from_the_request_and_lateness_of_reading_is_ours() {
    let mut stream = Scripted::new();
    stream.receive(10, 0, HEAD);
    stream.receive(30, 7_000, &own(1, 25));
    assert_eq!(stream.max_ms(Metric::Headers), Some(10));
    assert_eq!(stream.max_ms(Metric::FirstByte), Some(30));
    assert_eq!(stream.max_ms(Metric::FirstEvent), Some(30));
    assert_eq!(stream.max_ms(Metric::Delivery), Some(5));
    assert_eq!(stream.max_ms(Metric::GeneratorLag), Some(7));
}

#[test]
fn a_comment_is_a_first_byte_and_no_first_event() {
    let mut stream = Scripted::new();
    stream.receive(1, 0, HEAD);
    stream.receive(2, 0, b": hello\n\n");
    stream.receive(9, 0, b"data: x\n\n");
    assert_eq!(stream.max_ms(Metric::FirstByte), Some(2));
    assert_eq!(stream.max_ms(Metric::FirstEvent), Some(9));
    assert_eq!(stream.counters().fields.comments, 1);
}

#[test]
fn events_of_one_read_have_no_gap_between_them_and_only_the_last_is_exact() {
    let mut stream = Scripted::new();
    stream.receive(0, 0, HEAD);
    stream.receive(100, 0, &own(1, 100));
    stream.receive(200, 0, &[own(2, 150), own(3, 200)].concat());
    stream.receive(300, 0, &own(4, 300));
    let arrivals = stream.counters().arrivals;
    assert_eq!((arrivals.exact, arrivals.bounded), (3, 1));
    assert_eq!(
        (stream.count(Metric::Gap), stream.max_ms(Metric::Gap)),
        (1, Some(100))
    );
    // Event 2 arrived between 100 and 200 ms: at least 0 and at most 50 ms after it was due.
    let histograms = &stream.recorder.group().histograms;
    assert!(histograms.edges_differ(Metric::Delivery));
    assert_eq!(stream.max_ms(Metric::Delivery), Some(50));
    assert_eq!(histograms.lower(Metric::Delivery).unwrap().max(), 0);
}

#[test]
fn a_gap_before_several_events_is_a_sample_where_it_is_long_against_its_uncertainty() {
    let mut stream = Scripted::new();
    stream.receive(0, 0, HEAD);
    stream.receive(100, 0, &own(1, 100));
    // The socket was found empty just before the burst: the silence is known to 4 ms of 500.
    stream.empty_since = Wall(START + 596 * MS);
    stream.receive(600, 0, &[own(2, 200), own(3, 300)].concat());
    assert_eq!(
        (stream.count(Metric::Gap), stream.max_ms(Metric::Gap)),
        (1, Some(500))
    );
    stream.empty_since = Wall(START + 1_094 * MS);
    stream.receive(1_100, 0, &[own(4, 700), own(5, 800)].concat());
    assert_eq!(stream.count(Metric::Gap), 1);
}

#[test]
fn edges_closer_than_the_resolution_are_one() {
    let mut stream = Scripted::new();
    stream.receive(0, 0, HEAD);
    stream.empty_since = Wall(START + 10 * MS - RESOLUTION.0);
    stream.receive(10, 0, &[own(1, 5), own(2, 5)].concat());
    let histograms = &stream.recorder.group().histograms;
    assert_eq!(stream.count(Metric::Delivery), 2);
    assert!(!histograms.edges_differ(Metric::Delivery));
    stream.empty_since = Wall(START + 20 * MS - RESOLUTION.0 - 1_000);
    stream.receive(20, 0, &[own(3, 15), own(4, 15)].concat());
    let histograms = &stream.recorder.group().histograms;
    assert!(histograms.edges_differ(Metric::Delivery));
}

/// The worker did not run from 110 ms on; what came meanwhile is read at once.
fn stopped(until_ms: u64) -> Scripted {
    let mut stream = Scripted::new();
    stream.receive(0, 0, HEAD);
    for seq in 1..=10 {
        stream.receive(seq * 10, 0, &own(seq, seq * 10));
    }
    let at = |ms| Wall(START + ms * MS);
    let window = Interval::new(at(110), at(until_ms));
    stream.recorder.stopped(window);
    stream
}

#[test]
fn what_came_while_the_worker_was_stopped_is_late_by_nobody() {
    let mut stream = stopped(600);
    stream.receive(590, 10_000, &[own(11, 200), own(12, 590)].concat());
    let counters = stream.counters();
    assert_eq!((counters.events.received, counters.events.untimed), (12, 1));
    assert_eq!(
        (counters.events.with_due, counters.arrivals.bounded),
        (12, 1)
    );
    // The last one has its own stamp.
    for metric in [Metric::Delivery, Metric::Transit] {
        assert_eq!((stream.count(metric), stream.max_ms(metric)), (11, Some(0)));
    }
    assert_eq!(stream.count(Metric::Stall), 0);
    assert_eq!(stream.max_ms(Metric::IntervalWidth), Some(490));
    assert_eq!(stream.max_ms(Metric::GeneratorLag), Some(10));
}

#[test]
fn a_lone_event_keeps_its_stamp_however_late_it_is_read() {
    let mut stream = stopped(600);
    stream.receive(590, 10_000, &own(11, 200));
    assert_eq!(stream.counters().events.untimed, 0);
    assert_eq!(stream.max_ms(Metric::Delivery), Some(390));
    // It came alone, so the silence before it was the server's.
    assert_eq!(stream.max_ms(Metric::Stall), Some(490));
}

#[test]
fn a_connection_that_was_opened_while_the_worker_was_stopped_has_no_times() {
    let mut stream = Scripted::new();
    assert_eq!(stream.count(Metric::Connect), 1);
    let at = |ms| Wall(START + ms * MS);
    stream.recorder.stopped(Interval::new(at(11), at(500)));
    stream.session.dial(at(10), at(10), 0, &mut stream.recorder);
    stream.session.connected(at(501), &mut stream.recorder);
    assert_eq!(stream.count(Metric::Connect), 1);
    assert_eq!(stream.count(Metric::ConnectDue), 1);
    stream.connect(510);
    assert_eq!(stream.count(Metric::Connect), 2);
}

#[test]
fn bytes_behind_an_event_make_its_stamp_a_bound() {
    for behind in [
        &b"data: half of the next"[..],
        b"id: 7\n",
        b": a comment\n",
        b"retry: 7\n\n",
    ] {
        let mut stream = Scripted::new();
        stream.receive(0, 0, HEAD);
        stream.receive(10, 0, &[&own(1, 10), behind].concat());
        assert_eq!(stream.counters().arrivals.bounded, 1, "{behind:?}");
    }
}

#[test]
fn the_end_of_the_body_behind_an_event_makes_its_stamp_a_bound() {
    let head: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (behind, exact) in [("\r\n", 1), ("\r\n0\r\n\r\n", 0)] {
        let mut stream = Scripted::new();
        stream.receive(0, 0, head);
        let event = own(1, 10);
        let size = format!("{:x}\r\n", event.len());
        stream.receive(
            10,
            0,
            &[size.as_bytes(), &event, behind.as_bytes()].concat(),
        );
        assert_eq!(stream.counters().arrivals.exact, exact, "{behind:?}");
    }
}

#[test]
fn a_silence_of_three_usual_gaps_is_a_stall() {
    let mut stream = Scripted::new();
    stream.receive(0, 0, HEAD);
    for seq in 1..=20 {
        stream.receive(seq * 100, 0, &own(seq, seq * 100));
    }
    assert_eq!(stream.count(Metric::Stall), 0);
    stream.receive(2_500, 0, &own(21, 2_100));
    assert_eq!(
        (stream.count(Metric::Stall), stream.max_ms(Metric::Stall)),
        (1, Some(500))
    );
    let mut measured = Measured::default();
    stream.recorder.drain_into(&mut measured);
    let ended = measured.timeline.iter().map(|(_, slice)| slice.stalls);
    assert_eq!(ended.sum::<u64>(), 1);
    let stalls = measured.total().counters.stalls;
    assert_eq!((stalls.judged_streams, stalls.stalled_streams), (1, 1));
}

#[test]
fn a_reconnect_is_timed_from_the_end_and_what_passed_meanwhile_is_missed() {
    let mut stream = Scripted::new();
    stream.receive(0, 0, HEAD);
    stream.receive(1, 0, b"retry: 700\n\n");
    stream.receive(2, 0, &own(1, 2));
    let next = stream.finish(&stream.session.end_of_connection(None), 1_000);
    assert_eq!(next, Next::Reconnect(Duration::from_millis(700)));
    assert_eq!(stream.session.last_event_id(), b"1");
    stream.connect(1_700);
    stream.receive(1_701, 0, HEAD);
    stream.receive(1_720, 0, &own(5, 1_720));
    assert_eq!(stream.max_ms(Metric::Reconnect), Some(720));
    let events = stream.counters().events;
    assert_eq!((events.missed_between_streams, events.lost), (3, 0));
    assert_eq!(stream.count(Metric::StreamDuration), 1);
}

#[test]
fn an_event_without_its_blank_line_is_reported_and_not_counted() {
    let mut stream = Scripted::new();
    stream.receive(0, 0, HEAD);
    stream.receive(1, 0, b"data: whole\n\ndata: half\n");
    stream.finish(&End::Complete { by_closing: true }, 2);
    let events = stream.counters().events;
    assert_eq!((events.received, events.unfinished), (1, 1));
}

#[test]
fn an_answer_that_is_no_stream_says_why() {
    let cases: [(&[u8], End); 4] = [
        (
            b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
            End::Status(500),
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", End::NoContent),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>",
            End::WrongType("text/html".into()),
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n", End::WrongType(String::new())),
    ];
    for (answer, expected) in cases {
        let mut stream = Scripted::new();
        let end = stream.receive(1, 0, answer).unwrap();
        assert_eq!(end, expected);
        assert_eq!(stream.finish(&end, 2), Next::Close);
        assert_eq!(stream.counters().subscribers.given_up, 1);
        assert_eq!(stream.counters().connections.failed, 1);
    }
}

proptest! {
    /// However the bytes are cut into reads, the same events, comments, order and end come out.
    #[test]
    fn no_split_into_reads_changes_what_is_counted(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let mut wire = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for part in [own(1, 1), own(2, 2), b": beat\r\n\r\n".to_vec(), own(4, 4), own(3, 3), own(3, 3), b"data: \xff\r\r".to_vec()] {
            wire.extend_from_slice(format!("{:X}\r\n", part.len()).as_bytes());
            wire.extend_from_slice(&part);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"0\r\n\r\n");
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
        at.extend([0, wire.len()]);
        at.sort_unstable();
        let mut stream = Scripted::new();
        let mut end = None;
        for (ms, window) in at.windows(2).enumerate() {
            if window[0] < window[1] {
                end = stream.receive(10 + ms as u64, 0, &wire[window[0]..window[1]]).or(end);
            }
        }
        prop_assert_eq!(end, Some(End::Complete { by_closing: false }));
        let counters = stream.counters();
        prop_assert_eq!(counters.events.received, 6);
        prop_assert_eq!((counters.events.reordered, counters.events.duplicated), (1, 1));
        prop_assert_eq!(counters.fields.comments, 1);
        let arrivals = counters.arrivals;
        prop_assert_eq!(arrivals.exact + arrivals.bounded + arrivals.reordered + arrivals.unstamped, 6);
    }

    #[test]
    fn hostile_bytes_never_panic(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..60), 1..8)) {
        let mut stream = Scripted::new();
        for (ms, part) in parts.iter().enumerate() {
            if let Some(end) = stream.receive(ms as u64, 0, part) {
                stream.finish(&end, ms as u64);
                return Ok(());
            }
        }
    }
}
