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
    let outlived = || {
        both.iter()
            .any(|other| outlives(&readings.at(*other).timeline, timeline))
    };
    let limit = match limit {
        Limit::Unknown if outlived() => Limit::Idle,
        limit => limit,
    };
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
/// may be a stream of that length.
fn repeated(readings: &Readings, indices: &[usize]) -> Option<(usize, Limit)> {
    let has_ended = |index: &&usize| {
        let timeline = &readings.at(**index).timeline;
        timeline.has_ended() && !timeline.events.is_empty() && !came_to_its_count(timeline)
    };
    let ended: Vec<usize> = indices.iter().filter(has_ended).copied().collect();
    let pairs = ended
        .iter()
        .enumerate()
        .flat_map(|(n, one)| ended[n + 1..].iter().map(move |other| (*one, *other)));
    for (one, other) in pairs {
        let (first, second) = (&readings.at(one).timeline, &readings.at(other).timeline);
        if near(first.end, second.end) {
            // Cut at the same age after the same long silence, both fit, and neither is proven.
            let fell_silent = is_long(first) && is_long(second);
            if fell_silent && near(silence(first), silence(second)) {
                continue;
            }
            if got_differently_far(first, second) {
                return Some((one, Limit::Total));
            }
        } else if near(silence(first), silence(second)) && is_long(first) && is_long(second) {
            return Some((one, Limit::Idle));
        }
    }
    None
}

/// Whether a response was older than the one that was cut, and never as long without a byte: then it was the silence.
fn outlives(other: &Timeline, cut: &Timeline) -> bool {
    let is_older = other.end > cut.end && !near(other.end, cut.end);
    let arrivals = other.reads.iter().map(|read| read.hi).chain([other.end]);
    let mut before = other.head.unwrap_or_default();
    let mut longest: f64 = 0.0;
    for arrival in arrivals {
        longest = longest.max(arrival - before);
        before = arrival;
    }
    is_older && is_long(cut) && longest < 0.9 * silence(cut)
}

/// Whether the response brought as many events as were asked for.
fn came_to_its_count(timeline: &Timeline) -> bool {
    let received = timeline.events.len() as u64;
    let asked = timeline.probe.request.asked.count;
    matches!(asked, Some(Count::Events(count)) if count <= received)
}

/// Whether two responses of the same age were at different points of the stream,
/// or at a point at which the server wrote nothing.
///
/// A response that ends properly must differ by more than a shared ticker can
/// make it: the end of a stream of that length comes at its last event.
fn got_differently_far(one: &Timeline, other: &Timeline) -> bool {
    let gap = one.mean_gap().unwrap_or_default();
    let events_apart = one.events.len().abs_diff(other.events.len());
    let phase_apart = (silence(one) - silence(other)).abs();
    let are_broken = [one, other].iter().all(|t| t.probe.end.kind.is_broken());
    if are_broken {
        let between_writes = [one, other].iter().all(|t| ends_between_writes(t, gap));
        events_apart >= 1 || phase_apart > (0.1 * gap).max(3.0) || between_writes
    } else {
        events_apart >= 2 || phase_apart > (0.2 * gap).max(50.0)
    }
}

/// Whether the end came neither with a write, as where bytes are counted, nor
/// when the next one was due, as where the program that writes failed.
fn ends_between_writes(timeline: &Timeline, gap: f64) -> bool {
    let silence = silence(timeline);
    silence > 5.0 && (silence - gap).abs() > 0.15 * gap
}

/// Time without a byte before the end, in milliseconds.
///
/// A head that came with the end was written by whoever gave up: nothing had come before it.
fn silence(timeline: &Timeline) -> f64 {
    const WITH_THE_END: f64 = 500.0;
    let last = timeline.reads.last().map(|read| read.hi);
    let head = timeline
        .head
        .filter(|head| timeline.end - head > WITH_THE_END);
    timeline.end - last.or(head).unwrap_or_default()
}

/// The limits of servers are timers: equal within 30 ms or 2 %.
fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= (one.max(other) * 0.02).max(30.0)
}

/// A silence that is none of the stream's own pauses.
fn is_long(timeline: &Timeline) -> bool {
    let usual = timeline.mean_gap().unwrap_or_default();
    let silence = silence(timeline);
    silence >= 100.0 && silence > 3.0 * usual
}
