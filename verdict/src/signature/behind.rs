//! One behind: each event is completed by the write of the next one.
//!
//! Seen only with send times: without them it is a stream that began late.

use crate::releases::Release;
use crate::stats;
use crate::timeline::Timeline;

/// A stream that is always one event behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behind {
    /// How many events were compared with their successor.
    pub events: usize,
    /// Median time that an event waited, in milliseconds.
    pub wait: f64,
    /// Median distance of two events as they were sent, in milliseconds.
    pub gap: f64,
    /// Whether arrivals follow the *next* event even where the gaps vary. If not,
    /// a constant hold of just one gap would look the same at this rate.
    pub tracks_next: bool,
}

const MIN_EVENTS: usize = 5;

pub(super) fn find(timeline: &Timeline, releases: &[Release]) -> Option<Behind> {
    let cutting = releases.iter().filter(|release| release.cuts_event).count();
    // Blocks that end inside events complete each with the next one too.
    if stats::share(cutting, releases.len()) > 0.5 {
        return None;
    }
    let alone = releases
        .iter()
        .filter(|release| release.count() == 1)
        .count();
    if timeline.events.len() < MIN_EVENTS || stats::share(alone, releases.len()) < 0.8 {
        return None;
    }
    let pairs = || timeline.events.windows(2);
    let gaps: Vec<f64> = pairs()
        .filter_map(|p| Some(p[1].emitted? - p[0].emitted?))
        .collect();
    let after_next: Vec<f64> = pairs()
        .filter_map(|p| Some(p[0].arrival.hi - p[1].emitted?))
        .collect();
    let waits: Vec<f64> = pairs().filter_map(|p| Some(p[0].wait()?.hi)).collect();
    let gap = stats::median(gaps.iter().copied())?;
    let tolerance = timeline.noise.floor.min(gap / 4.0);
    let follows = after_next
        .iter()
        .filter(|late| late.abs() <= tolerance)
        .count();
    if gap <= timeline.noise.floor || stats::share(follows, after_next.len()) < 0.8 {
        return None;
    }
    // A constant hold scatters with the noise of the path and its distance to the
    // next event with the jitter of the source; one behind, the other way round.
    let (by_next, by_constant) = (scatter(&after_next)?, scatter(&waits)?);
    let certain = if waits.len() < 30 { 5.0 } else { 3.0 };
    // Nothing that waits for the next event comes before it.
    let before_next = after_next
        .iter()
        .filter(|late| **late < -RESOLUTION)
        .count();
    let before_next = stats::share(before_next, after_next.len());
    if by_constant * certain < by_next || before_next > 0.25 {
        return None;
    }
    Some(Behind {
        events: waits.len(),
        wait: stats::median(waits)?,
        gap,
        tracks_next: by_next * certain < by_constant,
    })
}

/// What two clock readings on one machine resolve, in milliseconds.
const RESOLUTION: f64 = 0.02;

/// The range of the middle half, at least what a clock reading can resolve.
fn scatter(values: &[f64]) -> Option<f64> {
    let low = stats::quantile(values.iter().copied(), 0.25)?;
    let high = stats::quantile(values.iter().copied(), 0.75)?;
    Some((high - low).max(RESOLUTION))
}
