//! Live: each event by itself and, where send times are known, on time.
//!
//! A pause or a late beginning does not make a stream held back: what counts is
//! that all other events came as they were written. Too few of them is no word.

use crate::releases::Release;
use crate::stats;
use crate::timeline::{Role, Seen, Timeline};

/// A stream that hands on events as they are written.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    /// Events that were on time, or came alone where no send times are known.
    pub good: usize,
    /// Events that could be judged: their arrival is known well enough.
    pub judged: usize,
    /// Median wait in milliseconds; absent without comparable send times.
    pub median_wait: Option<f64>,
    /// Longest wait of a judged event in milliseconds, pauses excluded.
    pub longest_wait: Option<f64>,
    /// From the first to the last event, in milliseconds.
    pub watched: f64,
    /// The longest times in which events were held once, at most two, by time.
    pub pauses: Vec<Pause>,
    /// Whether the share of late events is above what an idle machine shows.
    pub is_rough: bool,
}

/// Events that were held once and came together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    /// When they came, in milliseconds after the request.
    pub at: f64,
    /// How many.
    pub events: usize,
    /// How long the first of them waited, in milliseconds; without send times,
    /// how long before them nothing had come.
    pub held: f64,
    /// Whether it was the very beginning of the stream.
    pub is_first: bool,
}

impl Live {
    /// The beginning of the stream, if its events are known to have been held.
    pub(crate) fn held_beginning(&self) -> Option<Pause> {
        let is_held = |pause: &&Pause| pause.is_first && pause.held >= FIRST_LATE;
        self.pauses
            .iter()
            .find(is_held)
            .filter(|_| self.median_wait.is_some())
            .copied()
    }
}

/// What the events of a probe amount to, before the question whether it is enough.
struct Tally {
    good: usize,
    judged: usize,
    watched: f64,
    pauses: Vec<Pause>,
}

impl Tally {
    /// Keeps the longest pauses only: the others count as what they are, late events.
    fn keep_longest_pauses(&mut self) {
        self.pauses.sort_by(|a, b| b.held.total_cmp(&a.held));
        self.pauses.truncate(MAX_PAUSES);
        self.pauses.sort_by(|a, b| a.at.total_cmp(&b.at));
    }

    fn share_outside_pauses(&self) -> f64 {
        let paused: usize = self.pauses.iter().map(|pause| pause.events).sum();
        stats::share(self.good, self.judged.saturating_sub(paused))
    }
}

/// More pauses than this are a rhythm.
const MAX_PAUSES: usize = 2;
/// A first event that waited less than this may have met a cold server.
const FIRST_LATE: f64 = 50.0;

pub(super) fn find(timeline: &Timeline, releases: &[Release]) -> Option<Live> {
    let tally = tally(timeline, releases);
    if !is_enough(timeline.role, &tally) || !is_good(timeline.role, &tally) {
        return None;
    }
    let in_pause = |at: f64| tally.pauses.iter().any(|pause| (at - pause.at).abs() < 1.0);
    let waits = || {
        let outside = timeline
            .events
            .iter()
            .filter(|event| !in_pause(event.arrival.hi));
        outside.filter_map(Seen::wait)
    };
    let known = timeline.role == Role::Cooperating;
    Some(Live {
        good: tally.good,
        judged: tally.judged,
        median_wait: stats::median(waits().map(|wait| wait.hi)).filter(|_| known),
        longest_wait: known.then(|| waits().map(|wait| wait.lo).fold(0.0, f64::max)),
        watched: tally.watched,
        is_rough: timeline.role.has_stamps() && tally.share_outside_pauses() < 0.95,
        pauses: tally.pauses,
    })
}

/// Nearly all on time but for one or two pauses, in which events gathered.
fn is_good(role: Role, tally: &Tally) -> bool {
    // Random arrivals at 200/s put every second event next to another one.
    let needed = if role.has_stamps() { 0.9 } else { 0.4 };
    tally.share_outside_pauses() >= needed
}

/// Whether what came so far was as it should be.
pub(super) fn is_fine_so_far(timeline: &Timeline, releases: &[Release]) -> bool {
    let tally = tally(timeline, releases);
    is_good(timeline.role, &tally) || tally.judged < 5
}

/// The minimum before LIVE may be said: thirty events, or fewer over a longer time.
///
/// Thirty are three seconds at ten a second, and one in ten may be the noise of a
/// busy machine. Below that the silence between the events is the evidence: each
/// came after a quiet time and not with others.
/// Source: causes 5.6, with the three seconds of the product's promise.
fn is_enough(role: Role, tally: &Tally) -> bool {
    const MANY: usize = 27;
    const FEW: usize = 5;
    let quiet = if role == Role::Cooperating {
        1_000.0
    } else {
        3_900.0
    };
    tally.good >= MANY || (tally.good >= FEW && tally.watched >= quiet)
}

fn tally(timeline: &Timeline, releases: &[Release]) -> Tally {
    let at = |event: Option<&Seen>| event.map(|event| event.arrival.hi);
    let watched = at(timeline.events.last())
        .zip(at(timeline.events.first()))
        .map_or(0.0, |(l, f)| l - f);
    let mut tally = if timeline.role.has_stamps() {
        tally_stamped(timeline, releases, watched)
    } else {
        tally_foreign(timeline, releases, watched)
    };
    tally.keep_longest_pauses();
    tally
}

/// With send times: an event is good if it certainly waited no longer than the
/// path may take; one whose arrival is too vague is not judged.
fn tally_stamped(timeline: &Timeline, releases: &[Release], watched: f64) -> Tally {
    let limit = timeline.noise.on_time;
    let mut tally = Tally {
        good: 0,
        judged: 0,
        watched,
        pauses: Vec::new(),
    };
    let mut newest = f64::MIN;
    for release in releases.iter().filter(|release| release.count() > 0) {
        let mut late = 0;
        for event in &timeline.events[release.events.clone()] {
            let Some(wait) = event.wait() else { continue };
            // Overtaken by a later one: its place is wrong, not its time; a finding says so.
            let is_overtaken = event.emitted.is_some_and(|emitted| emitted < newest);
            newest = newest.max(event.emitted.unwrap_or(newest));
            if is_overtaken {
                continue;
            }
            tally.good += usize::from(wait.hi <= limit);
            late += usize::from(wait.lo > limit);
            tally.judged += usize::from(wait.hi <= limit || wait.lo > limit);
        }
        let is_first = release.events.start == 0;
        let held = timeline.events[release.events.start].wait();
        let held = held.map_or(0.0, |wait| wait.lo);
        // A single late event is noise, but for the very first, if it is far off.
        if late > 1 || (late == 1 && is_first && held >= FIRST_LATE) {
            let at = release.at;
            tally.pauses.push(Pause {
                at,
                events: late,
                held,
                is_first,
            });
        }
    }
    tally
}

/// Without send times: an event is good if it came alone.
fn tally_foreign(timeline: &Timeline, releases: &[Release], watched: f64) -> Tally {
    let mut tally = Tally {
        good: 0,
        judged: 0,
        watched,
        pauses: Vec::new(),
    };
    let Some(gap) = timeline.mean_gap() else {
        return tally;
    };
    let mut before = None;
    for release in releases.iter().filter(|release| release.count() > 0) {
        let joined = release.is_joined(timeline, gap);
        tally.good += usize::from(release.count() == 1);
        tally.judged += if joined || release.count() == 1 {
            release.count()
        } else {
            0
        };
        // Two or three in one read are chance; a backlog is larger.
        if joined && release.count() > 3 {
            tally.pauses.push(Pause {
                at: release.at,
                events: release.count(),
                held: release.at - before.unwrap_or(0.0),
                is_first: release.events.start == 0,
            });
        }
        before = Some(release.at);
    }
    tally
}
