//! The record of a check, from what it has seen and what was asked for.

mod hops;

pub(super) use hops::record_of_hops;

use super::watch::purpose;
use crate::check::{Outcome, Purpose};
use crate::commands::machine;
use crate::plan::{CheckPlan, SequenceSource, StampSource};
use crate::session::recorder::Class;
use run_record::end::{End, EndReason};
use run_record::measured::{Group, Measured, UNNAMED_GROUP};
use run_record::metric::Metric;
use run_record::offset::{Basis, ClockRecord};
use run_record::plan::PlanRecord;
use run_record::probe::{self, ProbeRecord};
use run_record::record::{Kind, Moment, RunRecord};
use run_record::redact;
use run_record::self_check::{Check, CheckStatus, SelfCheck};
use run_record::time::{Interval, Nanos, Wall};
use run_record::traces::{Trace, TraceEvent};
use verdict::observations::{Asked, Count, EndKind, Event, Probe, ServerClock};
use verdict::plan::Why;

/// Later than this and the machine is busy: reported, because arrivals are stamped by the kernel.
const TIMER_LAG: Nanos = Nanos::from_millis(5);

/// Everything but the exit code.
pub(super) fn record(outcome: &Outcome, plan: &CheckPlan, command_line: &[String]) -> RunRecord {
    let asked = plan_record(outcome, plan, command_line);
    let mut record = RunRecord::new(Kind::Check, outcome.started, asked, machine::environment());
    record.ended = Moment::at(outcome.ended);
    record.clock = clock(outcome);
    record.measured = measured(outcome);
    record.probes = probes(outcome);
    record.verdict = Some(outcome.verdict.clone());
    record.self_check = self_check(outcome);
    if outcome.interrupted {
        record.end = End {
            reason: EndReason::Interrupted,
            text: "interrupted; this is what was seen until then".to_owned(),
        };
    }
    record
}

/// A check asks nobody for the time: what the clock of another machine shows is compared with nothing.
fn clock(outcome: &Outcome) -> Option<ClockRecord> {
    let is_unknown = |probe: &Probe| probe.server_clock == ServerClock::Unknown;
    let probes = &outcome.observations.probes;
    probes.iter().any(is_unknown).then(|| {
        ClockRecord::new(
            Basis::Unknown,
            "clock offset unknown: loadgen run asks for it",
        )
    })
}

fn plan_record(outcome: &Outcome, plan: &CheckPlan, command_line: &[String]) -> PlanRecord {
    let body = plan.request.body.len() as u64;
    let headers = plan.request.headers.iter();
    PlanRecord {
        url: redact::url(plan.url.as_str()),
        method: plan.request.method.clone(),
        request_headers: headers.map(|(name, _)| name.clone()).collect(),
        request_body_bytes: (body > 0).then_some(body),
        users: None,
        connections: outcome.observations.probes.len() as u64,
        rate_per_s: None,
        arrivals: None,
        ramp_us: None,
        duration_us: Some(plan.watch.into()),
        sent_at: match &plan.stamps {
            StampSource::Auto => None,
            StampSource::Json { pointer, unit, .. } => Some(format!("json:{pointer}:{unit}")),
            StampSource::None => Some("none".to_owned()),
        },
        sequence_by: match &plan.sequence {
            SequenceSource::Auto => Some("target-server's numbers, or the ids".to_owned()),
            SequenceSource::Id => Some("the ids of the events".to_owned()),
            SequenceSource::Json { pointer } => Some(format!("{pointer} of the data")),
            SequenceSource::None => None,
        },
        expect: Some(plan.expect.name().to_owned()),
        command_line: redact::command_line(command_line),
    }
}

fn self_check(outcome: &Outcome) -> SelfCheck {
    let own = outcome.observations.own;
    let mut checks = SelfCheck::default();
    let lag = Check::at_most(
        own.lateness_p99.as_micros_f64(),
        TIMER_LAG.as_micros_f64(),
        "us",
        CheckStatus::Warn,
    );
    checks.observe("timer_lag.p99", lag);
    let step = own.clock_step.unwrap_or_default();
    let step = Check::at_most(step.as_micros_f64(), 0.0, "us", CheckStatus::Invalid);
    checks.observe("clock_step", step);
    checks
}

/// Metrics are of the requests that ask as a browser does; the others are controls.
fn measured(outcome: &Outcome) -> Measured {
    let mut measured = Measured::default();
    let mut group = Group::default();
    let probes = &outcome.observations.probes;
    for (number, (probe, purpose)) in probes.iter().zip(&outcome.purposes).enumerate() {
        if *purpose != Purpose::Crowd {
            measured.traces.insert(trace(number, probe));
        }
        if matches!(
            purpose,
            Purpose::Question(Why::AsBrowser) | Purpose::Companion
        ) {
            record_metrics(&mut group, probe);
        }
        count(&mut group, probe);
    }
    measured.groups.insert(UNNAMED_GROUP.to_owned(), group);
    measured
}

fn count(group: &mut Group, probe: &Probe) {
    let counters = &mut group.counters;
    counters.subscribers.started += 1;
    counters.connections.opened += u64::from(probe.head.is_some());
    counters.connections.failed += u64::from(probe.failure.is_some());
    counters.events.received += probe.events.len() as u64;
    counters.fields.comments += probe.comments.len() as u64;
    counters.bytes.body += body_bytes(probe);
    counters.reads.returned += probe.reads.len() as u64;
    counters.reads.stamped += probe.reads.iter().filter(|read| read.stamped).count() as u64;
    let arrivals = &mut counters.arrivals;
    for class in (0..probe.events.len()).filter_map(|index| class(probe, index)) {
        *match class {
            Class::Exact => &mut arrivals.exact,
            Class::Bounded => &mut arrivals.bounded,
            Class::Reordered => &mut arrivals.reordered,
            Class::Unstamped => &mut arrivals.unstamped,
        } += 1;
    }
}

fn record_metrics(group: &mut Group, probe: &Probe) {
    if probe.server_clock == ServerClock::Unknown {
        let timed = probe
            .events
            .iter()
            .filter(|event| event.due.or(event.emitted).is_some());
        group.counters.events.without_clock += timed.count() as u64;
    }
    let histograms = &mut group.histograms;
    let times = Times::of(probe);
    for (metric, time) in [
        (Metric::Connect, probe.round_trip),
        (Metric::Headers, times.headers),
        (Metric::FirstByte, times.first_byte),
        (Metric::FirstEvent, times.first_event),
    ] {
        if let Some(time) = time {
            histograms.record(metric, time);
        }
    }
    for read in probe.reads.iter().filter(|read| read.stamped) {
        histograms.record(Metric::GeneratorLag, read.read - read.arrival.latest);
    }
    let mut before: Option<(usize, Interval)> = None;
    let asked = probe.request.sent.unwrap_or_default();
    for (index, event) in probe.events.iter().enumerate() {
        // Nobody waited for what was made before it was asked for.
        if event.emitted.is_some_and(|emitted| emitted < asked) {
            continue;
        }
        let Some(arrival) = arrival(probe, index) else {
            continue;
        };
        for (metric, from) in [
            (Metric::Delivery, event.due),
            (Metric::Transit, event.emitted),
        ] {
            let is_ours = probe.server_clock != ServerClock::Unknown;
            if let Some(from) = from.filter(|from| is_ours && *from <= arrival.latest) {
                let edges = (arrival.earliest - from, arrival.latest - from);
                histograms.record_edges(metric, edges.0, edges.1);
            }
        }
        // Events of one read have no gap between them.
        if let Some((read, last)) = before
            && read != event.read
        {
            histograms.record(Metric::Gap, arrival.latest - last.latest);
        }
        before = Some((event.read, arrival));
    }
}

/// When an event arrived.
fn arrival(probe: &Probe, index: usize) -> Option<Interval> {
    let event = probe.events.get(index)?;
    let read = probe.reads.get(event.read)?;
    Some(match class(probe, index)? {
        Class::Exact => Interval::exact(read.arrival.latest),
        _ => read.arrival,
    })
}

/// How exactly that is known: the stamp of a read belongs to its last event, the others came some time before. A stamp that
/// can not be believed is none for a probe: what was reordered on the path is counted as without one.
fn class(probe: &Probe, index: usize) -> Option<Class> {
    let event = probe.events.get(index)?;
    let read = probe.reads.get(event.read)?;
    let next = probe.events.get(index + 1);
    let is_last = next.is_none_or(|next| next.read != event.read);
    Some(match (read.stamped, is_last) {
        (false, _) => Class::Unstamped,
        (true, true) => Class::Exact,
        (true, false) => Class::Bounded,
    })
}

fn body_bytes(probe: &Probe) -> u64 {
    probe.reads.iter().map(|read| read.body_bytes).sum()
}

/// Times of one request, counted from its last byte.
struct Times {
    headers: Option<Nanos>,
    first_byte: Option<Nanos>,
    first_event: Option<Nanos>,
    duration: Option<Nanos>,
}

impl Times {
    fn of(probe: &Probe) -> Times {
        let since = |at: Wall| probe.request.sent.map(|sent| at - sent);
        let head = probe.head.as_ref();
        Times {
            headers: head.and_then(|head| since(head.arrival.latest)),
            first_byte: probe
                .reads
                .first()
                .and_then(|read| since(read.arrival.latest)),
            first_event: arrival(probe, 0).and_then(|arrival| since(arrival.latest)),
            duration: since(probe.end.at),
        }
    }
}

fn probes(outcome: &Outcome) -> Vec<ProbeRecord> {
    let all = outcome.observations.probes.iter().zip(&outcome.purposes);
    all.enumerate()
        .map(|(index, (probe, purpose))| probe_record(index, probe, *purpose))
        .collect()
}

fn probe_record(index: usize, probe: &Probe, why: Purpose) -> ProbeRecord {
    let times = Times::of(probe);
    let head = probe.head.as_ref();
    let headers = head.map(|head| &head.headers[..]).unwrap_or_default();
    let stamped = |event: &Event| event.emitted.is_some();
    ProbeRecord {
        number: u16::try_from(index + 1).unwrap_or(u16::MAX),
        why: purpose(why).to_owned(),
        round: probe.request.round + 1,
        method: probe.request.method.clone(),
        accept_encoding: probe.request.accept_encoding.clone(),
        asked: asked(&probe.request.asked),
        status: head.map(|head| head.status),
        version: head.map(|head| head.version.label().to_owned()),
        headers: probe::kept_headers(headers.iter().map(|(name, value)| (&**name, &**value))),
        failure: probe.failure.clone(),
        connect_us: probe.round_trip,
        headers_us: times.headers,
        first_byte_us: times.first_byte,
        first_event_us: times.first_event,
        duration_us: times.duration,
        events: probe.events.len() as u64,
        comments: probe.comments.len() as u64,
        body_bytes: body_bytes(probe),
        reads: probe.reads.len() as u64,
        chunks: (!probe.chunks.is_empty()).then_some(probe.chunks.len() as u64),
        end: head.map(|_| end(probe.end.kind).to_owned()),
        cooperating: probe.events.iter().any(stamped),
    }
}

fn asked(asked: &Asked) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(interval) = asked.interval {
        parts.push(format!("interval={}us", interval.0.div_ceil(1_000)));
    }
    if let Some(size) = asked.size {
        parts.push(format!("size={size}"));
    }
    if let Some(Count::Events(count)) = asked.count {
        parts.push(format!("count={count}"));
    }
    (!parts.is_empty()).then(|| parts.join("&"))
}

fn end(kind: EndKind) -> &'static str {
    match kind {
        EndKind::StillOpen => "still open when watching stopped",
        EndKind::LastChunk => "last chunk",
        EndKind::Length => "all bytes of Content-Length",
        EndKind::Close => "the connection closed",
        EndKind::Truncated => "the connection closed before the end of the message",
        EndKind::Reset => "reset",
        EndKind::GoAway => "GOAWAY",
        EndKind::BadFraming => "broken framing",
    }
}

fn trace(number: usize, probe: &Probe) -> Trace {
    let times = probe.head.as_ref().map(|head| head.arrival.latest);
    let ended = probe.end.kind != EndKind::StillOpen;
    let mut trace = Trace {
        subscriber: number as u64,
        requested_us: probe.request.sent,
        head_us: times,
        first_byte_us: probe.reads.first().map(|read| read.arrival.latest),
        end_us: ended.then_some(probe.end.at),
        end: ended.then(|| end(probe.end.kind).to_owned()),
        ..Trace::default()
    };
    for comment in &probe.comments {
        if let Some(read) = probe.reads.get(comment.read) {
            trace.comment(read.arrival.latest);
        }
    }
    for (index, event) in probe.events.iter().enumerate() {
        let Some(arrival) = arrival(probe, index) else {
            continue;
        };
        trace.push(TraceEvent {
            number: index as u64,
            sequence: event.seq,
            id_bytes: 0,
            bytes: u32::try_from(event.bytes).unwrap_or(u32::MAX),
            earliest_us: arrival.earliest,
            latest_us: arrival.latest,
            read_us: probe.reads[event.read].read,
            read: event.read as u64,
            chunk: None,
            due_us: event.due,
            emitted_us: event.emitted,
        });
    }
    trace
}

#[cfg(test)]
mod tests {
    use super::*;
    use verdict::observations::Read;

    /// An event that arrived 5 ms after it was sent, by clocks of which so much is known.
    fn measured_by(server_clock: ServerClock) -> Group {
        let sent = Wall(1_700_000_000_000_000_000);
        let arrived = sent + Nanos::from_millis(5);
        let read = Read {
            arrival: Interval::exact(arrived),
            stamped: true,
            read: arrived,
            body_bytes: 10,
        };
        let event = Event {
            read: 0,
            bytes: 10,
            end_offset: 10,
            seq: None,
            due: None,
            emitted: Some(sent),
            named: false,
            digest: None,
        };
        let probe = Probe {
            reads: vec![read],
            events: vec![event],
            server_clock,
            ..Probe::default()
        };
        let mut group = Group::default();
        record_metrics(&mut group, &probe);
        group
    }

    #[test]
    fn what_another_clock_says_is_compared_with_nothing() {
        let here = measured_by(ServerClock::Within(Nanos::ZERO));
        assert!(here.histograms.max(Metric::Transit) >= Some(Nanos::from_millis(5)));
        assert_eq!(here.counters.events.without_clock, 0);
        let there = measured_by(ServerClock::Unknown);
        assert_eq!(there.histograms.count(Metric::Transit), 0);
        assert_eq!(there.counters.events.without_clock, 1);
    }
}
