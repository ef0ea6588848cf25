//! One probe as the rules look at it: milliseconds since the request was sent,
//! each arrival as narrow as its evidence allows, each stamp on the same axis.
//!
//! Judges nothing; it only decides what is known and how well.

use run_record::time::{Interval, Wall};

use crate::observations::{Event, Own, Probe, Read, ServerClock};
use crate::stats;

/// One probe on a time axis of milliseconds that begins when its request was sent.
pub(crate) struct Timeline<'a> {
    /// What was seen.
    pub probe: &'a Probe,
    /// Its events, in the order of arrival.
    pub events: Vec<Seen>,
    /// Reads that brought body bytes, in the order of arrival.
    pub reads: Vec<Span>,
    /// When the response ended, or until when it was watched.
    pub end: f64,
    /// When the head was complete.
    pub head: Option<f64>,
    /// What the stamps of the server allow.
    pub role: Role,
    /// What counts as late on this path.
    pub noise: Noise,
}

/// One event on the axis of its timeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// When its last byte arrived.
    pub arrival: Span,
    /// When the server built it, if it says so.
    pub emitted: Option<f64>,
    /// Whether it was made before the request: a backlog or a recording, not a wait.
    pub is_history: bool,
    /// Bytes of its frame in the decoded body.
    pub bytes: u64,
    /// The read that completed it.
    pub read: usize,
}

impl Seen {
    /// The shortest and the longest time it can have waited; absent without a stamp,
    /// and for an event that nobody had asked for when it was made.
    pub(crate) fn wait(&self) -> Option<Span> {
        let emitted = self.emitted.filter(|_| !self.is_history)?;
        Some(Span {
            lo: self.arrival.lo - emitted,
            hi: self.arrival.hi - emitted,
        })
    }
}

/// An instant or a duration known to lie between two bounds, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    /// The lower bound.
    pub lo: f64,
    /// The upper bound.
    pub hi: f64,
}

impl Span {
    /// How uncertain it is.
    pub(crate) fn width(self) -> f64 {
        self.hi - self.lo
    }
}

/// What is known about the time at which events were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Send times on a comparable clock: delays are known.
    Cooperating,
    /// Send times on a clock of unknown offset: only how delays *differ* is known.
    Rhythm,
    /// Arrivals only.
    Foreign,
}

impl Role {
    /// Whether the events carry send times of any kind.
    pub(crate) fn has_stamps(self) -> bool {
        self != Self::Foreign
    }
}

/// What counts as late on this path, in milliseconds.
///
/// Source: causes 5.3 (P0), 5.5.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    /// An event that waited at most so long is on time: max(5 ms, 3 eps) near, 20 ms and more afar.
    pub on_time: f64,
    /// Waiting longer than this is a fact and not noise, if most events do it.
    pub floor: f64,
}

/// A round trip above this is not this host and not its neighbour.
const NEAR_ROUND_TRIP: f64 = 2.0;

impl Noise {
    fn of(probe: &Probe, own: &Own) -> Self {
        let round_trip = probe
            .round_trip
            .map_or(0.0, |rtt| rtt.as_micros_f64() / 1e3);
        let clock_bound = match probe.server_clock {
            ServerClock::Within(bound) => bound.as_micros_f64() / 1e3,
            ServerClock::Unknown => 0.0,
        };
        let own_lateness = own.lateness_p99.as_micros_f64() / 1e3;
        let eps = own_lateness.max(round_trip / 2.0).max(3.0);
        if round_trip <= NEAR_ROUND_TRIP && clock_bound <= NEAR_ROUND_TRIP {
            Self {
                on_time: (3.0 * eps).max(5.0),
                floor: 2.0,
            }
        } else {
            let afar = (round_trip / 2.0 + 3.0 * eps).max(20.0) + clock_bound;
            Self {
                on_time: afar,
                floor: afar,
            }
        }
    }
}

impl<'a> Timeline<'a> {
    /// Puts a probe on its axis.
    pub(crate) fn of(probe: &'a Probe, own: &Own) -> Self {
        let start = probe.request.sent.unwrap_or(probe.request.scheduled);
        let axis = |at: Wall| at.signed_since(start) as f64 / 1e6;
        let span = |interval: Interval| Span {
            lo: axis(interval.earliest),
            hi: axis(interval.latest),
        };
        let role = role(probe);
        let noise = Noise::of(probe, own);
        let mut events: Vec<Seen> = Vec::with_capacity(probe.events.len());
        for (index, event) in probe.events.iter().enumerate() {
            let Some(read) = probe.reads.get(event.read) else {
                continue;
            };
            let mut arrival = span(read.arrival);
            if is_exact(read, event, probe.events.get(index + 1)) {
                arrival.lo = arrival.hi;
            }
            let emitted = role
                .has_stamps()
                .then_some(event.emitted)
                .flatten()
                .map(axis);
            let is_history =
                role == Role::Cooperating && emitted.is_some_and(|at| at < -noise.floor);
            events.push(Seen {
                arrival,
                emitted,
                is_history,
                bytes: event.bytes,
                read: event.read,
            });
        }
        if role == Role::Rhythm {
            shift_to_fastest(&mut events);
        }
        Self {
            events,
            reads: probe.reads.iter().map(|read| span(read.arrival)).collect(),
            end: axis(probe.end.at),
            head: probe.head.as_ref().map(|head| axis(head.arrival.latest)),
            role,
            noise,
            probe,
        }
    }

    /// Mean time between two events: as they were sent where that is known, else
    /// as they arrived. Absent for fewer than two events or if all came at once.
    pub(crate) fn mean_gap(&self) -> Option<f64> {
        let (first, last) = (self.events.first()?, self.events.last()?);
        let span = match (first.emitted, last.emitted) {
            (Some(first), Some(last)) => last - first,
            _ => last.arrival.hi - first.arrival.hi,
        };
        let gaps = self.events.len().checked_sub(1).filter(|gaps| *gaps > 0)?;
        (span > 0.0).then(|| span / gaps as f64)
    }

    /// Median size of an event, in bytes; absent without events.
    pub(crate) fn event_bytes(&self) -> Option<f64> {
        stats::median(self.events.iter().map(|event| event.bytes as f64))
    }

    /// Bytes of body that arrived, content coding not removed.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.probe.reads.iter().map(|read| read.body_bytes).sum()
    }

    /// Whether a content coding is on the body.
    pub(crate) fn is_coded(&self) -> bool {
        let head = self.probe.head.as_ref();
        head.is_some_and(|head| head.content_coding().is_some())
    }

    /// Reads of compressed bytes over a time of which not one event could be decoded; absent where there are few.
    pub(crate) fn undecoded_reads(&self) -> Option<usize> {
        const READS: usize = 5;
        let reads = self.reads.len();
        (self.is_coded() && self.events.is_empty() && reads >= READS).then_some(reads)
    }

    /// Whether the response ended, in whichever way.
    pub(crate) fn has_ended(&self) -> bool {
        self.probe.end.kind != crate::observations::EndKind::StillOpen
    }

    /// Share of the watched time, up to `until`, in which this process did not run.
    pub(crate) fn own_absence(&self) -> f64 {
        let absent: f64 = self
            .probe
            .stalls
            .iter()
            .map(|stall| stall.width().as_micros_f64() / 1e3)
            .sum();
        if self.end > 0.0 {
            absent / self.end
        } else {
            0.0
        }
    }
}

/// A kernel stamp belongs to the last byte of a read, so only the last event of
/// a read has it; the others came some time since the socket was empty.
///
/// Source: measuring 1.1, the arrival class *exact*, and 2.5.
fn is_exact(read: &Read, event: &Event, next: Option<&Event>) -> bool {
    read.stamped && next.is_none_or(|next| next.read != event.read)
}

fn role(probe: &Probe) -> Role {
    let stamped = probe
        .events
        .iter()
        .filter(|event| event.emitted.is_some())
        .count();
    // A stamp on nearly every event: a stream may begin with a greeting that has none.
    if stamped == 0 || stats::share(stamped, probe.events.len()) < 0.8 {
        return Role::Foreign;
    }
    match probe.server_clock {
        ServerClock::Within(_) => Role::Cooperating,
        ServerClock::Unknown => Role::Rhythm,
    }
}

/// Where the offset of the server's clock is unknown, the event that took least
/// time is taken as on time: no constant delay can be charged to anybody.
fn shift_to_fastest(events: &mut [Seen]) {
    let fastest = events
        .iter()
        .filter_map(Seen::wait)
        .map(|wait| wait.hi)
        .fold(f64::MAX, f64::min);
    for event in events {
        event.emitted = event.emitted.map(|emitted| emitted + fastest);
    }
}
