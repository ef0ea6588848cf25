//! Held to the end: one burst with nearly all events when the response closes.
//!
//! A buffer that never filled looks the same; how much was held says from which
//! size on that is excluded.

use crate::stats;
use crate::timeline::{Role, Seen, Timeline};

/// A response whose events all came at its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole {
    /// How many events.
    pub events: usize,
    /// Bytes of body that came in that burst.
    pub bytes: u64,
    /// The most bytes that any probe of this stream held to its end.
    pub held: u64,
    /// When the burst came, in milliseconds after the request.
    pub at: f64,
    /// When the head came, in milliseconds after the request.
    pub head: f64,
    /// When the response ended, in milliseconds after the request.
    pub end: f64,
    /// How long the first event waited; absent without send times.
    pub first_wait: Option<f64>,
    /// Whether the head announced the length of the whole body.
    pub has_length: bool,
}

impl Whole {
    /// Whether the head came early, while the body was held.
    pub(crate) fn head_was_early(&self) -> bool {
        self.head < self.end / 2.0
    }

    /// More than any known block of a buffer or a compressor: then only the end released it.
    ///
    /// Source: causes 5.6, "held to the end".
    pub(crate) fn exceeds_known_blocks(&self) -> bool {
        const LARGEST_BLOCK: u64 = 128 * 1024;
        self.held > LARGEST_BLOCK
    }
}

/// Fewer events than this say nothing about a rhythm.
const MIN_EVENTS: usize = 5;
/// Without send times a response must have taken this long to be called held.
const MIN_DURATION: f64 = 2_000.0;
/// With an announced length, already this is longer than an instant.
const INSTANT: f64 = 500.0;

pub(super) fn find(timeline: &Timeline) -> Option<Whole> {
    let head = timeline.head.filter(|_| timeline.has_ended())?;
    let (at, events) = last_burst(timeline)?;
    if stats::share(events, timeline.events.len()) < 0.9 {
        return None;
    }
    let has_length = timeline
        .probe
        .head
        .as_ref()
        .is_some_and(|head| head.content_length().is_some());
    let first_wait = first_wait(timeline);
    let was_held = match first_wait {
        Some(wait) => {
            let sent_over = sent_over(timeline);
            sent_over > 10.0 * timeline.noise.on_time && wait > 0.8 * sent_over
        }
        None => at > 0.9 * timeline.end && timeline.end >= MIN_DURATION,
    };
    // A length on a response of some duration: somebody had the whole body first (causes 2.1).
    let was_collected = has_length && head >= INSTANT && at > 0.9 * timeline.end;
    let enough = events >= MIN_EVENTS && was_held;
    (enough || was_collected).then(|| Whole {
        events,
        bytes: timeline.body_bytes(),
        held: timeline.body_bytes(),
        at,
        head,
        end: timeline.end,
        first_wait,
        has_length,
    })
}

/// Whether everything came at once and was over: nothing to judge.
pub(super) fn is_instant(timeline: &Timeline) -> bool {
    timeline.has_ended() && timeline.end < INSTANT && timeline.events.len() > 1
}

/// When the burst at the end of the response began, and how many events it brought.
fn last_burst(timeline: &Timeline) -> Option<(f64, usize)> {
    let last = timeline.events.last()?.arrival.hi;
    // A response of many bytes takes a while to pass; a close may lag a little.
    let window = (timeline.end * 0.05).clamp(20.0, 500.0);
    if timeline.end - last > window {
        return None;
    }
    // The lower edge: an event that can have come earlier is no proof.
    let inside = timeline
        .events
        .iter()
        .filter(|event| event.arrival.lo >= last - window);
    let first = inside
        .clone()
        .map(|event| event.arrival.hi)
        .fold(last, f64::min);
    Some((first, inside.count()))
}

fn first_wait(timeline: &Timeline) -> Option<f64> {
    let first = timeline
        .events
        .first()
        .filter(|_| timeline.role == Role::Cooperating)?;
    // The lower edge: what it certainly waited.
    Some(first.wait()?.lo)
}

fn sent_over(timeline: &Timeline) -> f64 {
    let sent = |event: Option<&Seen>| event.and_then(|event| event.emitted);
    sent(timeline.events.last())
        .zip(sent(timeline.events.first()))
        .map_or(0.0, |(l, f)| l - f)
}
