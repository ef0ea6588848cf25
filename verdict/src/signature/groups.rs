//! Held and released several times: by size, by time, by either.
//!
//! With send times the wait of each event is known; without them only that
//! events came closer together than the stream's mean distance. One regular
//! rate cannot separate size from time: that is what a second rate is for.

use crate::releases::{self, Interior, Release};
use crate::stats::{self, Spread};
use crate::timeline::{Role, Timeline};

/// A stream that comes in releases.
#[derive(Clone, Debug)]
pub(crate) struct Grouped {
    /// What triggers a release, as far as this probe tells.
    pub rule: Rule,
    /// How many releases were seen, the incomplete ones at both ends included.
    pub releases: usize,
    /// Events of a release.
    pub events: f64,
    /// Bytes of body per release.
    pub bytes: Amount,
    /// Milliseconds that the first event of a release waits; where send times are
    /// not known, milliseconds from one release to the next.
    pub ms: Amount,
    /// The distance of releases in milliseconds.
    pub interval: f64,
    /// The mean distance of two events, in milliseconds.
    pub gap: f64,
    /// Whether the blocks cut events, so that bytes are counted below the events.
    pub cuts_events: bool,
    /// Whether `ms` is a wait and not a distance.
    pub is_wait: bool,
}

/// What triggers a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Bytes: a release comes with a write, and brings always as much.
    Size,
    /// A timer: events wait always as long.
    Time,
    /// Both fit.
    Either,
    /// Neither is constant.
    Irregular,
}

/// A constant quantity with its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Amount {
    /// The best estimate.
    pub value: f64,
    /// It is not below this.
    pub low: f64,
    /// It is not above this.
    pub high: f64,
    /// Whether it is the same for nearly all releases.
    pub is_steady: bool,
}

/// A rule needs three releases to be one.
const MIN_RELEASES: usize = 3;
/// A hold of single events shows in each of them; fewer are an accident.
const MIN_ALONE: usize = 5;

pub(super) fn find(timeline: &Timeline, all: &[Release]) -> Option<Grouped> {
    let inside = releases::interior(timeline, all)?;
    let gap = timeline.mean_gap()?;
    let held = match timeline.role {
        Role::Foreign => joined_share(timeline, all, gap) >= 0.8 && are_apart(&inside, timeline),
        Role::Cooperating | Role::Rhythm => late_share(timeline, all) >= 0.75,
    };
    let alone = inside.events < 2.0 && inside.cutting < 0.5;
    let enough = if alone {
        all.len() >= MIN_ALONE
    } else {
        all.len() >= MIN_RELEASES
    };
    if !held || !enough || (alone && !is_constant_delay(&inside, timeline)) {
        return None;
    }
    Some(Grouped {
        rule: rule(&inside, timeline, alone),
        releases: all.len(),
        events: inside.events,
        bytes: bytes(&inside, timeline),
        ms: ms(&inside, gap),
        interval: inside.interval.map_or(gap, |interval| interval.median),
        gap,
        cuts_events: inside.cutting > 0.5,
        is_wait: inside.wait.is_some(),
    })
}

/// Whether events are being held, though too few releases were seen for a rule.
pub(super) fn is_holding(timeline: &Timeline, all: &[Release]) -> bool {
    match timeline.role {
        Role::Foreign => timeline
            .mean_gap()
            .is_some_and(|gap| joined_share(timeline, all, gap) >= 0.8),
        Role::Cooperating | Role::Rhythm => late_share(timeline, all) >= 0.75,
    }
}

/// Share of releases whose first event certainly waited, 0 to 1.
fn late_share(timeline: &Timeline, all: &[Release]) -> f64 {
    let with_events = all.iter().filter(|release| release.count() > 0);
    let late = with_events.clone().filter(|release| {
        let wait = timeline.events[release.events.start].wait();
        wait.is_some_and(|wait| wait.lo > timeline.noise.floor)
    });
    stats::share(late.count(), with_events.count())
}

/// Share of releases whose events certainly came closer than they were sent.
fn joined_share(timeline: &Timeline, all: &[Release], gap: f64) -> f64 {
    let with_events = all.iter().filter(|release| release.count() > 0);
    let joined = with_events
        .clone()
        .filter(|release| release.is_joined(timeline, gap));
    stats::share(joined.count(), with_events.count())
}

/// Releases of a hold stand well apart, those of chance do not.
fn are_apart(inside: &Interior, timeline: &Timeline) -> bool {
    let shortest = inside
        .interval
        .map_or(f64::INFINITY, |interval| interval.min);
    inside.count < 2 || shortest > timeline.noise.floor * 2.0
}

/// Single events that all wait equally long, and longer than a path may take.
fn is_constant_delay(inside: &Interior, timeline: &Timeline) -> bool {
    inside
        .wait
        .is_some_and(|wait| wait.is_steady() && wait.median > timeline.noise.on_time)
}

fn rule(inside: &Interior, timeline: &Timeline, alone: bool) -> Rule {
    let bytes_steady = inside.bytes.is_steady();
    if inside.cutting > 0.8 && bytes_steady {
        return Rule::Size;
    }
    if alone {
        return Rule::Time;
    }
    let steady = |spread: &Option<Spread>| spread.as_ref().is_some_and(Spread::is_steady);
    let (by_size, by_time) = match inside.lag {
        // Releases that come with a write are triggered by it, unless the timer happens to agree.
        Some(lag) => {
            let with_write = lag.is_steady() && lag.median.abs() <= timeline.noise.floor;
            (
                bytes_steady && with_write,
                steady(&inside.wait) || (!with_write && steady(&inside.interval)),
            )
        }
        None => (bytes_steady, steady(&inside.interval)),
    };
    match (by_size, by_time) {
        (true, true) => Rule::Either,
        (true, false) => Rule::Size,
        (false, true) => Rule::Time,
        (false, false) => Rule::Irregular,
    }
}

/// Block sizes that buffers are known to have; a match inside the bounds is a
/// better estimate than the bounds, and proves nothing.
///
/// Source: causes 5.4, "known N".
const KNOWN_BYTES: [f64; 8] = [
    1024.0, 1448.0, 2048.0, 4096.0, 8192.0, 16_384.0, 32_768.0, 65_536.0,
];

fn bytes(inside: &Interior, timeline: &Timeline) -> Amount {
    let high = inside.bytes.median;
    // Blocks that end with an event were full somewhere within their last event.
    let last_event = timeline.event_bytes().unwrap_or_default().min(high);
    let low = if inside.cutting > 0.5 {
        high
    } else {
        high - last_event + 1.0
    };
    let known = KNOWN_BYTES
        .into_iter()
        .find(|known| (low..=high).contains(known));
    Amount {
        value: known.unwrap_or(high),
        low,
        high,
        is_steady: inside.bytes.is_steady(),
    }
}

fn ms(inside: &Interior, gap: f64) -> Amount {
    let of = |spread: Spread, slack: f64| Amount {
        value: spread.median,
        low: (spread.median - slack).max(0.0),
        high: spread.median.max(spread.max.min(spread.median * 1.05)),
        is_steady: spread.is_steady(),
    };
    match (inside.wait, inside.interval) {
        (Some(wait), _) if wait.is_steady() => of(wait, wait.median - wait.min),
        // A timer that runs by itself: its period shows, the wait has any phase.
        (Some(_), Some(interval)) if interval.is_steady() => of(interval, gap),
        (Some(wait), _) => Amount {
            value: wait.max,
            low: wait.median,
            high: wait.max,
            is_steady: false,
        },
        // The timer may start with the first held event: then it is up to one gap shorter.
        (None, Some(interval)) => of(interval, gap),
        (None, None) => Amount {
            value: gap,
            low: 0.0,
            high: gap,
            is_steady: false,
        },
    }
}
