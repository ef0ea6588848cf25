//! What came together: reads that arrived as one, and the events they completed.
//!
//! A release proves a hold only if its events came closer than they could have
//! been sent: several events in one read prove nothing when the socket was not
//! known to be empty shortly before.

use std::ops::Range;

use crate::chunks::Chunks;
use crate::observations::Event;
use crate::stats::{self, Spread};
use crate::timeline::{Seen, Span, Timeline};

/// Arrivals that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    /// Its events: indices into [`Timeline::events`]; empty when no event was completed.
    pub events: Range<usize>,
    /// From the last moment at which nothing of it had arrived to its last byte.
    pub arrival: Span,
    /// When it began: the arrival of the first read, as far as it is known best.
    pub at: f64,
    /// Bytes of body, content coding not removed.
    pub bytes: f64,
    /// Whether it ends inside an event.
    pub cuts_event: bool,
}

impl Release {
    /// How many events it brought.
    pub(crate) fn count(&self) -> usize {
        self.events.len()
    }

    /// Whether its events certainly arrived closer together than they were sent.
    ///
    /// `gap` is the mean distance of two events of the stream, used where the
    /// events carry no send times.
    pub(crate) fn is_joined(&self, timeline: &Timeline, gap: f64) -> bool {
        if self.count() < 2 {
            return false;
        }
        let events = &timeline.events[self.events.clone()];
        let sent = events
            .first()
            .and_then(|e| e.emitted)
            .zip(events.last().and_then(|e| e.emitted));
        let sent_span = sent.map_or((self.count() - 1) as f64 * gap, |(first, last)| {
            last - first
        });
        self.arrival.width() < sent_span / 2.0
    }

    /// How long its first event waited; absent without stamps or events.
    pub(crate) fn first_wait(&self, timeline: &Timeline) -> Option<f64> {
        let first = timeline
            .events
            .get(self.events.start)
            .filter(|_| self.count() > 0)?;
        first.wait()?;
        Some(self.at - first.emitted?)
    }

    /// How long after the write that can have triggered it this release came:
    /// about zero where a write triggers releases, anything where a timer does.
    pub(crate) fn trigger_lag(&self, timeline: &Timeline) -> Option<f64> {
        // Where blocks cut events, the event that filled the block is completed by the next one.
        let trigger = if self.cuts_event {
            self.events.end
        } else {
            self.events.end.checked_sub(1)?
        };
        Some(self.at - timeline.events.get(trigger)?.emitted?)
    }
}

/// All releases of a probe, in the order of arrival.
pub(crate) fn releases(timeline: &Timeline) -> Vec<Release> {
    let mut all: Vec<Release> = Vec::new();
    let cuts = CutEvents::of(timeline);
    let near = near(timeline);
    let mut event = 0;
    let mut received = 0;
    let mut last_arrival = f64::NEG_INFINITY;
    for (index, read) in timeline.reads.iter().enumerate() {
        let first = event;
        while timeline
            .events
            .get(event)
            .is_some_and(|seen| seen.read <= index)
        {
            event += 1;
        }
        let bytes = timeline.probe.reads[index].body_bytes;
        received += bytes;
        let cuts_event = cuts.at(event, received);
        let joins = read.hi - last_arrival <= near(first);
        last_arrival = read.hi;
        match all.last_mut().filter(|_| joins) {
            Some(release) => {
                release.events.end = event;
                release.arrival.hi = read.hi;
                release.bytes += bytes as f64;
                release.cuts_event = cuts_event;
            }
            None => all.push(Release {
                events: first..event,
                arrival: *read,
                at: read.hi,
                bytes: bytes as f64,
                cuts_event,
            }),
        }
    }
    for release in &mut all {
        narrow(release, timeline);
    }
    all
}

/// Distance below which two reads are one release: half of what lies between
/// the events as they were sent, else a third of the mean gap; never above 3 ms.
///
/// Source: causes 5.2 (tau).
fn near(timeline: &Timeline) -> impl Fn(usize) -> f64 {
    const TAU: f64 = 3.0;
    const WRITE: f64 = 0.5;
    let by_mean = timeline
        .mean_gap()
        .map_or(TAU, |gap| (gap / 3.0).clamp(WRITE, TAU));
    move |event| {
        let emitted = |index: usize| timeline.events.get(index)?.emitted;
        let before = event.checked_sub(1).and_then(emitted);
        match (before, emitted(event)) {
            (Some(before), Some(this)) => ((this - before) / 2.0).clamp(WRITE, TAU),
            _ => by_mean,
        }
    }
}

/// A single event whose arrival is known exactly makes its release exact.
fn narrow(release: &mut Release, timeline: &Timeline) {
    if let [only] = &timeline.events[release.events.clone()] {
        let Seen { arrival, .. } = only;
        release.arrival.lo = release.arrival.lo.max(arrival.lo.min(release.arrival.hi));
    }
}

/// Where events begin in the body, to tell whether a read ends inside one.
/// Known only where the body is not compressed.
struct CutEvents<'a> {
    events: &'a [Event],
    comment_bytes: u64,
    known: bool,
}

impl<'a> CutEvents<'a> {
    fn of(timeline: &Timeline<'a>) -> Self {
        let probe = timeline.probe;
        Self {
            events: &probe.events,
            comment_bytes: probe.comments.iter().map(|comment| comment.bytes).sum(),
            known: probe
                .head
                .as_ref()
                .is_some_and(|head| head.content_coding().is_none()),
        }
    }

    /// Whether event `next` had begun within the first `received` bytes.
    fn at(&self, next: usize, received: u64) -> bool {
        let begins = match (self.events.get(next), self.events.last()) {
            (Some(event), _) => event.end_offset.saturating_sub(event.bytes),
            // It never was complete: what is neither event nor comment is its beginning.
            (None, Some(last)) => last.end_offset + self.comment_bytes,
            (None, None) => return false,
        };
        self.known && begins < received
    }
}

/// How the interior releases of a probe compare: the first one may be shorter
/// (a block holds the head of the upstream response too) and the one at the end
/// of the response is a rest.
pub(crate) struct Interior {
    /// How many releases were compared.
    pub count: usize,
    /// Events per release.
    pub events: f64,
    /// Bytes per release.
    pub bytes: Spread,
    /// Time from one release to the next.
    pub interval: Option<Spread>,
    /// How long the first event of a release waited.
    pub wait: Option<Spread>,
    /// How long after a write that can have triggered it a release came.
    pub lag: Option<Spread>,
    /// Share of releases that end inside an event, 0 to 1.
    pub cutting: f64,
    /// The size of all chunks, where that is not the size of an event.
    pub block: Option<f64>,
}

impl Interior {
    /// Whether the releases are full blocks that end inside events: nobody writes
    /// a stream like that, but a buffer does.
    pub(crate) fn is_blocks(&self) -> bool {
        self.cutting >= 0.8 && (self.block.is_some() || self.bytes.low == self.bytes.high)
    }
}

/// Compares the interior releases; absent for none.
pub(crate) fn interior(timeline: &Timeline, all: &[Release]) -> Option<Interior> {
    let inside = interior_of(timeline, all);
    let event_bytes = timeline.event_bytes().unwrap_or_default();
    let column = |of: &dyn Fn(&Release) -> Option<f64>| -> Vec<f64> {
        inside.iter().filter_map(of).collect()
    };
    let intervals: Vec<f64> = inside
        .windows(2)
        .map(|pair| pair[1].at - pair[0].at)
        .collect();
    Some(Interior {
        count: inside.len(),
        events: stats::median(inside.iter().map(|release| release.count() as f64))?,
        bytes: Spread::of(&column(&|release| Some(release.bytes)), |m| {
            (m * 0.05).max(event_bytes)
        })?,
        interval: Spread::of(&intervals, time_tolerance),
        wait: Spread::of(
            &column(&|release| release.first_wait(timeline)),
            time_tolerance,
        ),
        lag: Spread::of(&column(&|release| release.trigger_lag(timeline)), |_| {
            timeline.noise.floor
        }),
        cutting: stats::share(
            inside.iter().filter(|release| release.cuts_event).count(),
            inside.len(),
        ),
        block: Chunks::of(timeline).block(),
    })
}

/// A timer of the kernel fires in steps of 4 ms or 10 ms; a longer one within 5 %.
fn time_tolerance(median: f64) -> f64 {
    (median.abs() * 0.05).max(4.0)
}

fn interior_of<'a>(timeline: &Timeline, all: &'a [Release]) -> &'a [Release] {
    let rest_at_end = timeline.has_ended() && all.len() > 1;
    let inside = if rest_at_end {
        &all[..all.len() - 1]
    } else {
        all
    };
    if inside.len() > 3 {
        &inside[1..]
    } else {
        inside
    }
}
