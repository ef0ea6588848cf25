//! One connection of a record as it is drawn: the streams of one subscriber, on one axis of time.
//!
//! It must not know how it is drawn.

use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::record::{Kind, RunRecord};
use run_record::time::{Nanos, Wall};
use run_record::traces::{MAX_TRACE_EVENTS, Trace, TraceEvent};
use run_record::verdict::Word;

use crate::number;
use crate::sanitise::sanitise;

/// How the row is called of events that nobody has told the send time of.
pub(super) const DUE: &str = "due";

/// The most requests of a check that are drawn.
const MOST_PROBES: usize = 3;
/// Arrivals closer than this came together, unless the stream itself is that fast.
const TOGETHER: Nanos = Nanos::from_millis(2);

/// Times from the first request of a connection on.
pub(super) struct Connection<'a> {
    /// Which one it is: cleaned.
    pub(super) name: String,
    /// Whose clock `sent` is by, in a word; absent where send times are unknown.
    pub(super) sent_by: Option<&'static str>,
    pub(super) events: Vec<Drop<'a>>,
    pub(super) streams: Vec<Stream>,
    /// The last instant that is drawn.
    pub(super) until: Nanos,
    /// There were more events than a record keeps.
    pub(super) is_cut_short: bool,
}

/// One event of it.
pub(super) struct Drop<'a> {
    pub(super) event: &'a TraceEvent,
    pub(super) sent: Option<Nanos>,
    pub(super) earliest: Nanos,
    pub(super) latest: Nanos,
}

/// One response of it.
pub(super) struct Stream {
    pub(super) requested: Nanos,
    pub(super) head: Option<Nanos>,
    pub(super) comments: Vec<Nanos>,
    pub(super) end: Option<(Nanos, End)>,
}

/// How a response ended: cleaned words, and whether it was cut.
pub(super) struct End {
    pub(super) words: String,
    pub(super) is_cut: bool,
}

type SentAt = fn(&TraceEvent) -> Option<Wall>;

/// Those worth drawing, the one that says most first.
pub(super) fn chosen<'a>(record: &'a RunRecord, total: &Group) -> Vec<Connection<'a>> {
    let mut all: Vec<Connection<'a>> = Vec::new();
    let traces: Vec<&Trace> = record.measured.traces.iter().collect();
    for streams in traces.chunk_by(|one, other| one.subscriber == other.subscriber) {
        if streams.iter().any(|stream| !stream.events.is_empty()) {
            all.push(Connection::of(record, total, streams));
        }
    }
    if record.kind != Kind::Run {
        all.truncate(MOST_PROBES);
        return all;
    }
    all.sort_by_key(|connection| std::cmp::Reverse(connection.badness()));
    let names = ["the worst", "the median", "the best"];
    let count = all.len();
    let places: &[usize] = match count {
        0..=2 => &[0, count.saturating_sub(1)][..count.min(2)],
        _ => &[0, count / 2, count - 1],
    };
    let is_place = |index: &usize| places.contains(index);
    let names = if count < 3 {
        [names[0], names[2], ""]
    } else {
        names
    };
    let followed = number::count(count as u64);
    (0..)
        .zip(all)
        .filter(|(index, _)| is_place(index))
        .zip(names)
        .map(|((_, connection), name)| Connection {
            name: match count {
                1 => connection.name,
                _ => format!("{name} of {followed} followed: {}", connection.name),
            },
            ..connection
        })
        .collect()
}

/// The streams of one subscriber, if one of them had an event.
pub(super) fn of_subscriber<'a>(
    record: &'a RunRecord,
    total: &Group,
    subscriber: u64,
) -> Option<Connection<'a>> {
    let traces = record.measured.traces.iter();
    let traces: Vec<_> = traces
        .filter(|trace| trace.subscriber == subscriber)
        .collect();
    let has_events = traces.iter().any(|trace| !trace.events.is_empty());
    has_events.then(|| Connection::of(record, total, &traces))
}

impl<'a> Connection<'a> {
    fn of(record: &RunRecord, total: &Group, traces: &[&'a Trace]) -> Self {
        let (sent_by, sent_at) = send_times(total);
        let start = start(traces);
        let since = |at: Wall| at - start;
        let events: Vec<_> = traces
            .iter()
            .flat_map(|trace| &trace.events)
            .map(|event| Drop {
                event,
                // What was sent before the request is a replay and has no place in the picture.
                sent: sent_at(event).filter(|sent| *sent >= start).map(since),
                earliest: since(event.earliest_us.max(start)),
                latest: since(event.latest_us),
            })
            .collect();
        let streams: Vec<_> = traces
            .iter()
            .map(|trace| Stream::of(record, trace, start))
            .collect();
        let ends = streams.iter().filter_map(|stream| stream.end.as_ref());
        let last = events.iter().map(|event| event.latest).max();
        let until = ends
            .map(|(at, _)| *at)
            .chain(last)
            .chain(watched(record, traces));
        Self {
            name: name(record, traces),
            sent_by: sent_by.filter(|_| events.iter().any(|event| event.sent.is_some())),
            is_cut_short: traces
                .iter()
                .any(|trace| trace.events.len() == MAX_TRACE_EVENTS),
            until: until.max().unwrap_or_default(),
            events,
            streams,
        }
    }

    /// Some arrivals are known only as intervals that can be seen.
    pub(super) fn has_intervals(&self) -> bool {
        let wide =
            |drop: &Drop<'_>| (drop.latest - drop.earliest).0.saturating_mul(200) > self.until.0;
        self.events.iter().any(wide)
    }

    /// What the picture shows, in one sentence without a full stop.
    pub(super) fn finding(&self) -> String {
        let count = self.events.len();
        let events = number::count(count as u64);
        let groups = self.groups();
        let slowest = self.events.iter().filter_map(Drop::held).max();
        let last = self.events.last().map(|drop| drop.latest);
        let mut ends = self.streams.iter().filter_map(|stream| stream.end.as_ref());
        let cut = ends.rfind(|(_, end)| end.is_cut);
        match (groups.len(), slowest) {
            _ if let Some((at, _)) = cut => {
                format!("{events} events, then cut off at {}", number::time(*at))
            }
            (1, _) if count > 1 => format!(
                "All {events} events arrived together at {}",
                number::time(last.unwrap_or_default())
            ),
            (several, _) if count > 4 && several * 2 <= count => format!(
                "{events} events arrived in {} groups",
                number::count(several as u64)
            ),
            (_, Some(slowest)) => format!(
                "{events} events, the slowest {} after it was {}",
                number::time(slowest),
                self.sent_by.unwrap_or("sent")
            ),
            _ if count == 1 => "One event arrived".to_owned(),
            _ => format!("{events} events arrived one by one"),
        }
    }

    /// Events that arrived together, in order: the index of the first of each group and how many it has.
    pub(super) fn groups(&self) -> Vec<&[Drop<'a>]> {
        let together = self.together();
        self.events
            .chunk_by(|one, next| next.latest - one.latest <= together)
            .collect()
    }

    /// A quarter of the usual distance where a stream is fast.
    fn together(&self) -> Nanos {
        let gaps = self.events.windows(2);
        let mut gaps: Vec<_> = gaps.map(|pair| pair[1].latest - pair[0].latest).collect();
        gaps.sort_unstable();
        let usual = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
        match usual {
            Nanos::ZERO => TOGETHER,
            usual => TOGETHER.min(Nanos(usual.0 / 4)),
        }
    }

    fn badness(&self) -> Nanos {
        let held = self.events.iter().filter_map(Drop::held).max();
        let gaps = self
            .events
            .windows(2)
            .map(|pair| pair[1].latest - pair[0].latest);
        held.or(gaps.max()).unwrap_or_default()
    }
}

impl Drop<'_> {
    /// From sent to arrived.
    pub(super) fn held(&self) -> Option<Nanos> {
        self.sent.map(|sent| self.latest - sent)
    }
}

impl Stream {
    fn of(record: &RunRecord, trace: &Trace, start: Wall) -> Self {
        let since = |at: Wall| at - start;
        let is_cut = record
            .verdict
            .as_ref()
            .is_some_and(|it| it.word == Word::Cut);
        let end = |at: Wall| {
            let words = sanitise(trace.end.as_deref().unwrap_or("end"));
            let is_cut = is_cut || is_broken(&words);
            (since(at), End { words, is_cut })
        };
        Self {
            requested: since(trace.requested_us.unwrap_or(start)),
            head: trace.head_us.map(since),
            comments: trace.comments_us.iter().map(|at| since(*at)).collect(),
            end: trace.end_us.map(end),
        }
    }
}

/// Whether the words that a record has for an end tell of one that no server means.
fn is_broken(words: &str) -> bool {
    ["before", "reset", "broke", "without the last chunk"]
        .iter()
        .any(|sign| words.contains(sign))
}

/// By which clock events were sent, and where that time stands; nowhere if nobody knows that clock.
fn send_times(total: &Group) -> (Option<&'static str>, SentAt) {
    let has = |metric| total.histograms.count(metric) > 0;
    if has(Metric::Transit) {
        (Some("sent"), |event| event.emitted_us)
    } else if has(Metric::Delivery) {
        (Some(DUE), |event| event.due_us)
    } else {
        (None, |_| None)
    }
}

fn start(traces: &[&Trace]) -> Wall {
    let requested = traces.iter().filter_map(|trace| trace.requested_us);
    let events = traces.iter().flat_map(|trace| &trace.events);
    let arrived = events.map(|event| event.earliest_us);
    requested.chain(arrived).min().unwrap_or_default()
}

/// How long the request of a check was watched.
fn watched(record: &RunRecord, traces: &[&Trace]) -> Option<Nanos> {
    probe(record, traces)?.duration_us
}

fn probe<'a>(
    record: &'a RunRecord,
    traces: &[&Trace],
) -> Option<&'a run_record::probe::ProbeRecord> {
    let number = traces.first()?.subscriber + 1;
    record
        .probes
        .iter()
        .find(|probe| u64::from(probe.number) == number)
}

fn name(record: &RunRecord, traces: &[&Trace]) -> String {
    let subscriber = traces.first().map_or(0, |trace| trace.subscriber);
    match probe(record, traces) {
        Some(probe) => format!("request {}, {}", probe.number, sanitise(&probe.why)),
        None => format!("subscriber {}", number::count(subscriber)),
    }
}
