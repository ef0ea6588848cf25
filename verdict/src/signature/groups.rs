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

impl Grouped {
    /// Whether single events wait for as long as the next one takes to come: as one behind does, at any rate.
    pub(crate) fn waits_for_gap(&self) -> bool {
        let distance = (self.ms.value - self.gap).abs();
        self.is_wait && self.events < 2.0 && distance <= 0.1 * self.gap
    }
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

/// Arrivals alone need three releases to show a rhythm.
const MIN_RELEASES: usize = 3;
/// Events that certainly waited, twice, and no others: already that is a hold.
const MIN_STAMPED_RELEASES: usize = 2;
/// Blocks that cut events are no accident after so many.
const MIN_BLOCKS: usize = 5;
/// A hold of single events shows in each of them; fewer are an accident.
const MIN_ALONE: usize = 5;

pub(super) fn find(timeline: &Timeline, all: &[Release]) -> Option<Grouped> {
    let inside = releases::interior(timeline, all)?;
    let gap = timeline.mean_gap()?;
    let held = match timeline.role {
        Role::Foreign => {
            let joined = joined_share(timeline, all, gap) >= 0.8 && are_apart(&inside, timeline);
            joined || (inside.is_blocks() && inside.count >= MIN_BLOCKS)
        }
        Role::Cooperating | Role::Rhythm => late_share(timeline, all) >= 0.75,
    };
    let alone = is_alone(&inside);
    let enough = all.len()
        >= match timeline.role {
            _ if alone => MIN_ALONE,
            Role::Foreign => MIN_RELEASES,
            Role::Cooperating | Role::Rhythm => MIN_STAMPED_RELEASES,
        };
    if !held || !enough || (alone && !is_constant_delay(&inside, timeline)) {
        return None;
    }
    Some(grouped(
        rule(&inside, timeline, alone),
        timeline,
        all.len(),
        &inside,
        gap,
    ))
}

/// What is known about a hold of which too few releases were seen for a rule;
/// absent if there was none.
pub(super) fn begin(timeline: &Timeline, all: &[Release]) -> Option<Grouped> {
    let inside = releases::interior(timeline, all)?;
    let gap = timeline.mean_gap().unwrap_or_default();
    Some(grouped(Rule::Irregular, timeline, all.len(), &inside, gap))
}

fn grouped(
    rule: Rule,
    timeline: &Timeline,
    releases: usize,
    inside: &Interior,
    gap: f64,
) -> Grouped {
    Grouped {
        rule,
        releases,
        events: inside.events,
        bytes: bytes(inside, timeline),
        ms: ms(inside, gap),
        interval: inside.interval.map_or(gap, |interval| interval.median),
        gap,
        cuts_events: inside.cutting > 0.5,
        is_wait: inside.wait.is_some(),
    }
}

/// Whether each release brings a single event, whole.
fn is_alone(inside: &Interior) -> bool {
    inside.events < 2.0 && inside.cutting < 0.5
}

/// Whether events are being held, though too few releases were seen for a rule.
pub(super) fn is_holding(timeline: &Timeline, all: &[Release]) -> bool {
    const EVENTS: usize = 5;
    if timeline.events.len() < EVENTS {
        return false;
    }
    match timeline.role {
        // All in one release, or nearly all in a few.
        Role::Foreign if all.len() == 1 => true,
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
    let usual_shortest = inside
        .interval
        .map_or(f64::INFINITY, |interval| interval.low);
    inside.count < 2 || usual_shortest > timeline.noise.floor * 2.0
}

/// Single events that all wait equally long, and longer than a path may take.
fn is_constant_delay(inside: &Interior, timeline: &Timeline) -> bool {
    inside
        .wait
        .is_some_and(|wait| wait.is_steady() && wait.median > timeline.noise.on_time)
}

/// More than this share of releases that end inside an event is no accident.
const CUT: f64 = 0.5;
/// Two releases that differ by more than this part of a gap came with different writes: that is no noise.
const ONE_GAP: f64 = 0.7;
/// How far the timers of a busy machine scatter, in milliseconds.
const TIMER_NOISE: f64 = 15.0;

fn rule(inside: &Interior, timeline: &Timeline, alone: bool) -> Rule {
    let gap = timeline.mean_gap().unwrap_or(f64::INFINITY);
    let bytes_steady = inside.bytes.is_steady();
    // A timer hands on what was written, whole; a block ends wherever it is full. Of few blocks one or two may happen
    // to end with an event.
    if inside.is_blocks() || (inside.cutting > CUT && bytes_steady) {
        return Rule::Size;
    }
    if alone {
        return Rule::Time;
    }
    let steady = |spread: &Option<Spread>| spread.as_ref().is_some_and(Spread::is_steady);
    let Some(lag) = inside.lag else {
        return rule_of_arrivals(inside, timeline);
    };
    // Releases that come with a write are triggered by it, unless the timer happens to agree.
    let with_write = lag.is_steady() && lag.median.abs() <= timeline.noise.floor;
    let by_size = bytes_steady && with_write;
    let by_time = steady(&inside.wait) || (!with_write && steady(&inside.interval));
    let is_uneven = |spread: &Option<Spread>| {
        spread.is_some_and(|spread| spread.high - spread.low > (ONE_GAP * gap).max(TIMER_NOISE))
    };
    match (by_size, by_time) {
        // Always with a write, and a write sooner or later: a timer does not wait for one.
        (true, true) if is_uneven(&inside.wait) && is_uneven(&inside.interval) => Rule::Size,
        (true, true) => Rule::Either,
        (true, false) => Rule::Size,
        (false, true) => Rule::Time,
        (false, false) => Rule::Irregular,
    }
}

/// Without send times size and time look the same at a regular rate: a timer
/// brings one event more or less, and so does a block. Only what varies by more
/// than that, while the other does not, is ruled out.
fn rule_of_arrivals(inside: &Interior, timeline: &Timeline) -> Rule {
    let Some(interval) = inside.interval else {
        return Rule::Either;
    };
    let event = timeline.event_bytes().unwrap_or_default();
    let gap = timeline.mean_gap().unwrap_or_default();
    let varies = |spread: &Spread, step: f64| {
        let range = spread.high - spread.low;
        range > (2.5 * step).max(0.2 * spread.median)
    };
    let is_constant = |spread: &Spread, step: f64| {
        spread.high - spread.low <= (1.2 * step).max(0.05 * spread.median)
    };
    let (bytes_vary, time_varies) = (varies(&inside.bytes, event), varies(&interval, gap));
    match (bytes_vary, time_varies) {
        (false, true) if is_constant(&inside.bytes, event) => Rule::Size,
        (true, false) if is_constant(&interval, gap) => Rule::Time,
        (true, true) => Rule::Irregular,
        _ => Rule::Either,
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
    let is_steady = inside.bytes.is_steady();
    if let Some(block) = inside.block.filter(|_| inside.is_blocks()) {
        return Amount {
            value: block,
            low: block,
            high: block,
            is_steady: true,
        };
    }
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
        is_steady,
    }
}

fn ms(inside: &Interior, gap: f64) -> Amount {
    let of = |spread: Spread, slack: f64| Amount {
        value: spread.median,
        low: (spread.median - slack).max(0.0),
        high: spread.high,
        is_steady: spread.is_steady(),
    };
    match (inside.wait, inside.interval) {
        (Some(wait), _) if wait.is_steady() => of(wait, wait.median - wait.low),
        // A timer that runs by itself: its period shows, the wait has any phase.
        (Some(_), Some(interval)) if interval.is_steady() => of(interval, gap),
        (Some(wait), _) => Amount {
            value: wait.max,
            low: wait.median,
            high: wait.max,
            is_steady: false,
        },
        // The timer may start with the first held event: then it is up to one gap
        // shorter than the distance of releases. The middle is wrong by half a gap at most.
        (None, Some(interval)) => Amount {
            value: interval.median - gap / 2.0,
            low: interval.low - gap,
            high: interval.high,
            is_steady: interval.is_steady(),
        },
        (None, None) => Amount {
            value: gap,
            low: 0.0,
            high: gap,
            is_steady: false,
        },
    }
}
