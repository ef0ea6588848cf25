//! Ended before its time: broken framing, a limit that shows twice, or an end
//! where the server had more to send.
//!
//! A clean end by itself is no fault: a browser reconnects and goes on.

use crate::observations::{Count, EndKind, Truth};
use crate::timeline::Timeline;
use crate::weigh::{Reading, Readings};

/// A response that was cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Which limit it was.
    pub limit: Limit,
    /// Why this is no ordinary end.
    pub proof: Proof,
    /// Age of the response when it ended, in milliseconds after the request.
    pub age: f64,
    /// How long no byte had come before the end, in milliseconds.
    pub silence: f64,
}

/// Which limit cut a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The age of the response.
    Total,
    /// The time without a byte.
    Idle,
    /// One run does not tell (causes 2.4.9).
    Unknown,
}

/// Why an end is a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The message ended in a way its framing does not allow.
    Framing(EndKind),
    /// The server was to send more.
    More,
    /// The same limit on two probes.
    Twice,
}

/// The cut of the headline request, if there is one.
pub(crate) fn find(readings: &Readings) -> Option<Cut> {
    let (headline, controls) = readings.headline_and_controls();
    let both: Vec<usize> = headline.iter().chain(&controls).copied().collect();
    let repeated = repeated(readings, &both);
    let limit = repeated.map_or(Limit::Unknown, |(_, limit)| limit);
    let proven = headline
        .iter()
        .find_map(|index| Some((*index, proof(readings.at(*index))?)));
    let twice = || repeated.map(|(index, _)| (index, Proof::Twice));
    let (reading, proof) = proven.or_else(twice)?;
    let timeline = &readings.at(reading).timeline;
    Some(Cut {
        limit,
        proof,
        age: timeline.end,
        silence: silence(timeline),
    })
}

/// What makes the end of one probe a cut, seen by itself.
fn proof(reading: &Reading) -> Option<Proof> {
    let probe = reading.timeline.probe;
    if probe.head.as_ref().is_none_or(|head| head.status != 200) {
        return None;
    }
    if probe.end.kind.is_broken() {
        return Some(Proof::Framing(probe.end.kind));
    }
    let received = probe.events.len() as u64;
    let asked_more = match probe.request.asked.count {
        Some(Count::Endless) => true,
        Some(Count::Events(count)) => count > received,
        None => false,
    };
    let had_more = |truth: Truth| truth.more_to_come;
    // A response without any event was not cut: it never was a stream.
    let is_clean = probe.end.kind.is_clean() && received > 0;
    let is_cut = is_clean && (asked_more || probe.truth.is_some_and(had_more));
    is_cut.then_some(Proof::More)
}

/// A limit that two probes show: the same age although they had got differently
/// far, or the same silence at different ages. The same age after the same events
/// is a stream of that length.
fn repeated(readings: &Readings, indices: &[usize]) -> Option<(usize, Limit)> {
    let ended: Vec<usize> = indices
        .iter()
        .copied()
        .filter(|index| {
            let timeline = &readings.at(*index).timeline;
            timeline.has_ended() && !timeline.events.is_empty()
        })
        .collect();
    let pairs = ended
        .iter()
        .enumerate()
        .flat_map(|(n, one)| ended[n + 1..].iter().map(move |other| (*one, *other)));
    for (one, other) in pairs {
        let (first, second) = (&readings.at(one).timeline, &readings.at(other).timeline);
        let same_age = near(first.end, second.end);
        let counts = (first.events.len(), second.events.len());
        if same_age && counts.0.abs_diff(counts.1) > 1 {
            return Some((one, Limit::Total));
        }
        let (idle, other_idle) = (silence(first), silence(second));
        if !same_age
            && near(idle, other_idle)
            && is_long(idle, first)
            && is_long(other_idle, second)
        {
            return Some((one, Limit::Idle));
        }
    }
    None
}

/// Time without a byte before the end, in milliseconds.
fn silence(timeline: &Timeline) -> f64 {
    let last = timeline
        .reads
        .last()
        .map(|read| read.hi)
        .or(timeline.head)
        .unwrap_or_default();
    timeline.end - last
}

/// The limits of servers are timers: equal within 100 ms or 2 %.
fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= (one.max(other) * 0.02).max(100.0)
}

/// A silence that is none of the stream's own pauses.
fn is_long(silence: f64, timeline: &Timeline) -> bool {
    let usual = timeline.mean_gap().unwrap_or_default();
    silence >= 1_000.0 && silence > 3.0 * usual
}
