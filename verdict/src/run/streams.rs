//! The streams of a run that were followed event by event, each diagnosed as a check would.

use run_record::record::RunRecord;
use run_record::time::{Interval, Nanos, Wall};
use run_record::traces::{Trace, TraceEvent};
use run_record::verdict::{Reason, Verdict, Word};

use crate::diagnose;
use crate::observations::{
    End, EndKind, Event, FormatFrom, Head, Observations, Own, Probe, Read, Request, ServerClock,
};

/// What a stream was found to be.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    /// By itself.
    pub verdict: Verdict,
    /// Events of it that were kept.
    pub events: u64,
    /// The longest time from sending to arrival, in milliseconds, where that is known.
    pub longest_wait: Option<f64>,
    /// Its events came one by one, and many of them late: the load, and no hold.
    pub is_late: bool,
}

/// How a stream ends that this tool has closed, in the words of the trace.
const OURS: &str = "closed by us";

/// How one ends that the server has ended well.
const PROPERLY: &str = "the response ended properly";

/// A worker that looked seldom knows an arrival no better than this: what came meanwhile proves nothing.
const WIDE: Nanos = Nanos::from_millis(5);

/// All first streams that were followed and had events.
pub(super) fn follow(record: &RunRecord) -> Vec<Followed> {
    let bound = record.clock.as_ref().and_then(|clock| clock.bound_us);
    let clock = ServerClock::Within(bound.unwrap_or_default());
    let traces = record.measured.traces.iter();
    traces
        .filter(|trace| trace.stream == 0 && !trace.events.is_empty())
        .map(|trace| followed(trace, clock, record.ended.epoch_us))
        .collect()
}

fn followed(trace: &Trace, clock: ServerClock, until: Wall) -> Followed {
    let probe = probe(trace, clock, until);
    let mut verdict = diagnose(&alone(probe.clone()));
    let mut is_late = false;
    // Under load events are late without being held: what came one by one is told from what came in groups by the
    // arrivals alone.
    let is_open = verdict.word == Word::Inconclusive
        && matches!(
            verdict.reason,
            Some(Reason::Irregular | Reason::FewReleases)
        );
    if is_open && is_late_by_load(&trace.events) {
        let mut foreign = probe;
        for event in &mut foreign.events {
            (event.due, event.emitted) = (None, None);
        }
        let by_arrivals = diagnose(&alone(foreign));
        if by_arrivals.word == Word::Live {
            verdict = by_arrivals;
            is_late = true;
        }
    }
    let waits = trace.events.iter().filter_map(|event| {
        let wait = event.latest_us - event.emitted_us?;
        Some(wait.as_micros_f64() / 1e3)
    });
    Followed {
        verdict,
        events: trace.events.len() as u64,
        longest_wait: waits.reduce(f64::max),
        is_late,
    }
}

/// Whether most events were late by so little that no hold explains it: one event behind is late by a whole gap, and a
/// timer by more than this. Without send times nobody can tell.
fn is_late_by_load(events: &[TraceEvent]) -> bool {
    const LITTLE: Nanos = Nanos::from_millis(50);
    let sent: Vec<Wall> = events.iter().filter_map(|event| event.emitted_us).collect();
    let waits = events.iter().filter_map(|event| {
        let wait = event.latest_us - event.emitted_us?;
        Some(wait)
    });
    let mut waits: Vec<Nanos> = waits.collect();
    waits.sort_unstable();
    let (Some(first), Some(last)) = (sent.first(), sent.last()) else {
        return false;
    };
    let gaps = sent.len().saturating_sub(1).max(1) as u64;
    let gap = Nanos((*last - *first).0 / gaps);
    let median = waits[waits.len() / 2];
    median <= LITTLE && median.0 * 3 <= gap.0 * 2
}

fn alone(probe: Probe) -> Observations {
    Observations {
        probes: vec![probe],
        own: Own::default(),
    }
}

fn probe(trace: &Trace, server_clock: ServerClock, until: Wall) -> Probe {
    let mut reads: Vec<Read> = Vec::new();
    let mut events: Vec<Event> = Vec::with_capacity(trace.events.len());
    let mut stalls: Vec<Interval> = Vec::new();
    let mut number = None;
    let mut offset = 0;
    for seen in &trace.events {
        if number != Some(seen.read) {
            number = Some(seen.read);
            reads.push(read(seen));
        }
        if let Some(read) = reads.last_mut() {
            join(read, seen);
        }
        note_absence(&mut stalls, seen.arrival());
        offset += u64::from(seen.bytes);
        events.push(Event {
            read: reads.len().saturating_sub(1),
            bytes: seen.bytes.into(),
            end_offset: offset,
            seq: seen.sequence,
            due: seen.due_us,
            emitted: seen.emitted_us,
            named: false,
            digest: None,
        });
    }
    let began = trace.requested_us.or(trace.head_us).unwrap_or_default();
    let head = trace.head_us.unwrap_or(began);
    Probe {
        request: Request {
            method: "GET".to_owned(),
            accept_encoding: Some(String::new()),
            // The engine has judged the type already.
            format_from: FormatFrom::User,
            scheduled: began,
            sent: Some(began),
            ..Request::default()
        },
        head: Some(Head {
            status: 200,
            headers: vec![("Content-Type".to_owned(), "text/event-stream".to_owned())],
            arrival: Interval::exact(head),
            ..Head::default()
        }),
        reads,
        events,
        end: end(trace, until),
        stalls,
        server_clock,
        ..Probe::default()
    }
}

fn read(first: &TraceEvent) -> Read {
    Read {
        arrival: first.arrival(),
        stamped: true,
        read: first.read_us,
        body_bytes: 0,
    }
}

/// A read lasts from the first moment at which an event of it can have come to the arrival of its last.
fn join(read: &mut Read, event: &TraceEvent) {
    let earliest = read.arrival.earliest.min(event.earliest_us);
    read.arrival = Interval::new(earliest, event.latest_us.max(read.arrival.latest));
    // The last event of a read is known to the instant, or the read has no stamp.
    read.stamped = event.earliest_us == event.latest_us;
    read.body_bytes += u64::from(event.bytes);
}

fn note_absence(stalls: &mut Vec<Interval>, arrival: Interval) {
    if arrival.width() <= WIDE {
        return;
    }
    match stalls.last_mut() {
        Some(last) if last.latest >= arrival.earliest => {
            *last = Interval::new(last.earliest, last.latest.max(arrival.latest));
        }
        _ => stalls.push(arrival),
    }
}

fn end(trace: &Trace, until: Wall) -> End {
    let kind = match trace.end.as_deref() {
        None | Some(OURS) => EndKind::StillOpen,
        Some(PROPERLY) => EndKind::LastChunk,
        Some(_) => EndKind::Truncated,
    };
    // Only the first events are kept: whatever follows the last of them was not watched.
    let last = trace.events.last().map(|event| event.latest_us);
    let at = match kind {
        EndKind::StillOpen => last.unwrap_or(until),
        _ => trace.end_us.unwrap_or(until),
    };
    End { kind, at }
}
