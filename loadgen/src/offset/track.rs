//! How far another host's clock is ahead of this one's, with a bound that holds whatever the network does.
//!
//! Pure: stamps of exchanges in, ranges out. Each exchange bounds the offset by the delays that cannot be negative
//! (Cristian 1989; RFC 5905, section 8); of many the one with the shortest round trip is taken, never the mean
//! (measuring, section 5). How much of a round trip was the way there is not observable: half of it is the bound.

use run_record::time::{Nanos, Wall};

/// Two clocks drift apart at most this much, in parts per million: each of two kernels corrects a rate by half of that
/// (adjtimex(2), `MAXFREQ`), and quartz is ten times better. For a clock that is being stepped or slewed faster the bound
/// is no promise.
const MOST_DRIFT_PPM: u64 = 1_000;
/// A drift is told from rounds at least this far apart.
const DRIFT_SPAN: Nanos = Nanos::from_secs(3);
/// Rounds that are kept for the drift; of more, every other one goes.
const MOST_ROUNDS: usize = 1_024;

/// One exchange of clock readings, named as NTP numbers them: ours, theirs, theirs, ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// t1: our clock before the request was sent.
    pub asked: Wall,
    /// t2: their clock when it was received.
    pub received: Wall,
    /// t3: their clock before the answer was sent.
    pub answered: Wall,
    /// t4: our clock after the answer was received.
    pub heard: Wall,
}

/// Where an offset lies at one time: how far their clock is ahead of ours, in nanoseconds; below zero it is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// By our clock.
    pub at: Wall,
    low: i64,
    high: i64,
}

impl Probe {
    /// What it says; nothing if its stamps contradict each other, as they do when a clock steps in between.
    pub fn offset(self) -> Option<Offset> {
        let low = self.answered.signed_since(self.heard);
        let high = self.received.signed_since(self.asked);
        let agree = self.asked <= self.heard && self.received <= self.answered && low <= high;
        // Both edges are of times within the exchange: at its end they are at most as old as it was long.
        let begun = Offset {
            at: self.asked,
            low,
            high,
        };
        agree.then(|| begun.aged(self.heard))
    }
}

impl Offset {
    /// What one round of exchanges says at its end: that of its shortest round trip.
    pub fn of_round(probes: &[Probe]) -> Option<Offset> {
        let end = probes.last()?.heard;
        let offsets = probes.iter().filter_map(|probe| probe.offset());
        offsets
            .map(|offset| offset.aged(end))
            .min_by_key(|offset| offset.width())
    }

    /// The best guess: the middle.
    pub fn ahead(self) -> i64 {
        self.low.midpoint(self.high)
    }

    /// How far the truth can be from the best guess.
    pub fn bound(self) -> Nanos {
        self.farthest_from(self.ahead())
    }

    /// How far the truth can be from `guess`.
    fn farthest_from(self, guess: i64) -> Nanos {
        Nanos(guess.abs_diff(self.low).max(guess.abs_diff(self.high)))
    }

    fn width(self) -> u64 {
        self.high.abs_diff(self.low)
    }

    /// What is still certain of it at another time.
    fn aged(self, at: Wall) -> Offset {
        let time = at.signed_since(self.at).unsigned_abs();
        let drift = time.saturating_mul(MOST_DRIFT_PPM).div_ceil(1_000_000);
        let drift = i64::try_from(drift).unwrap_or(i64::MAX);
        Offset {
            at,
            low: self.low.saturating_sub(drift),
            high: self.high.saturating_add(drift),
        }
    }

    /// What both say, at the time of the later one; that one alone if they contradict each other: a clock has stepped.
    fn and_then(self, later: Offset) -> Offset {
        let before = self.aged(later.at);
        let (low, high) = (before.low.max(later.low), before.high.min(later.high));
        if low <= high {
            Offset { low, high, ..later }
        } else {
            later
        }
    }
}

/// The offset over the time of a run: what was taken for it in each part, and how wrong that can have been.
#[derive(Clone, Debug)]
pub struct Track {
    latest: Offset,
    /// What is taken for the offset since then.
    ahead: i64,
    worst: Nanos,
    probes: u64,
    rounds: Vec<Offset>,
}

/// What is known of the offset when a run is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// At the start: how far their clock was ahead, in nanoseconds.
    pub ahead: i64,
    /// How far what was taken for the offset can have been from the truth, at any time of the run.
    pub bound: Nanos,
    /// How fast it changed; absent if the run was too short to tell.
    pub drift: Option<Drift>,
    /// Exchanges that it rests on.
    pub probes: u64,
}

/// How fast another clock runs away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Parts per million; below zero it is slower than ours.
    pub ppm: f64,
    /// How far the truth can be from that, if the rate did not change.
    pub bound_ppm: f64,
}

impl Track {
    /// Begins with a first round; nothing if none of its exchanges says anything.
    pub fn begin(round: &[Probe]) -> Option<Track> {
        let first = Offset::of_round(round)?;
        Some(Track {
            latest: first,
            ahead: first.ahead(),
            worst: first.bound(),
            probes: round.len() as u64,
            rounds: vec![first],
        })
    }

    /// What to take for the offset until the next round.
    pub fn ahead(&self) -> i64 {
        self.ahead
    }

    /// How far that can be from the truth until `at`.
    pub fn bound_until(&self, at: Wall) -> Nanos {
        self.latest.aged(at).farthest_from(self.ahead)
    }

    /// Another round. It also shows how far what was taken until now has been from the truth in the end: between
    /// two rounds a clock runs evenly, so it was no farther in between.
    pub fn add(&mut self, round: &[Probe]) {
        let Some(offset) = Offset::of_round(round) else {
            return;
        };
        self.latest = self.latest.and_then(offset);
        self.worst = self.worst.max(self.latest.farthest_from(self.ahead));
        self.ahead = self.latest.ahead();
        self.worst = self.worst.max(self.latest.bound());
        self.probes += round.len() as u64;
        self.rounds.push(offset);
        if self.rounds.len() > MOST_ROUNDS {
            let mut keep = false;
            self.rounds.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }

    /// What is known at the end of the run: if the last round was long before it, less.
    pub fn end(self, at: Wall) -> Summary {
        Summary {
            ahead: self.rounds[0].ahead(),
            bound: self.worst.max(self.bound_until(at)),
            drift: drift(&self.rounds),
            probes: self.probes,
        }
    }
}

/// From the best round of the first third to the best one of the last.
fn drift(rounds: &[Offset]) -> Option<Drift> {
    let third = rounds.len().div_ceil(3);
    let best = |rounds: &[Offset]| rounds.iter().copied().min_by_key(|round| round.width());
    let (early, late) = (
        best(&rounds[..third])?,
        best(&rounds[rounds.len() - third..])?,
    );
    let time = late.at - early.at;
    if time < DRIFT_SPAN {
        return None;
    }
    // Nanoseconds a second are a thousandth of a ppm.
    let ppm = |nanos: f64| nanos / time.as_secs_f64() / 1e3;
    Some(Drift {
        ppm: ppm(late.ahead().saturating_sub(early.ahead()) as f64),
        bound_ppm: ppm((late.bound() + early.bound()).0 as f64),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: u64 = 1_700_000_000_000_000_000;

    /// A clock that is ahead of ours by `ahead` at the start and runs away.
    #[derive(Clone, Copy, Debug)]
    struct Theirs {
        ahead: i64,
        ppm: i64,
    }

    impl Theirs {
        fn ahead_at(self, at: u64) -> i64 {
            let run = i128::from(at - START) * i128::from(self.ppm) / 1_000_000;
            self.ahead + i64::try_from(run).unwrap()
        }

        fn at(self, at: u64) -> Wall {
            Wall(at.checked_add_signed(self.ahead_at(at)).unwrap())
        }

        /// An exchange that begins at `at`, with the ways there and back and the time between them.
        fn probe(self, at: u64, (there, between, back): (u64, u64, u64)) -> Probe {
            Probe {
                asked: Wall(at),
                received: self.at(at + there),
                answered: self.at(at + there + between),
                heard: Wall(at + there + between + back),
            }
        }
    }

    fn ways() -> impl Strategy<Value = (u64, u64, u64)> {
        let way = || prop_oneof![0..100_000_u64, 0..50_000_000_u64];
        (way(), 0..10_000_u64, way())
    }

    proptest! {
        #[test]
        fn the_bound_holds_however_unequal_the_ways_are(
            ahead in -3_600_000_000_000..3_600_000_000_000_i64,
            ways in prop::collection::vec(ways(), 1..20),
        ) {
            let theirs = Theirs { ahead, ppm: 0 };
            let probes: Vec<_> = ways.iter().map(|ways| theirs.probe(START, *ways)).collect();
            let offset = Offset::of_round(&probes).unwrap();
            prop_assert!(offset.ahead().abs_diff(ahead) <= offset.bound().0);
            let shortest = ways.iter().map(|(there, _, back)| there + back).min().unwrap();
            prop_assert!(offset.bound().0 >= shortest / 2);
            // What the clocks may drift apart over the length of an exchange.
            let drift = 100_010_000 * MOST_DRIFT_PPM / 1_000_000;
            prop_assert!(offset.bound().0 <= shortest / 2 + 2 * drift);
        }

        #[test]
        fn the_bound_of_a_run_holds_at_each_of_its_times(
            ahead in -3_600_000_000_000..3_600_000_000_000_i64,
            ppm in -1_000..=1_000_i64,
            rounds in prop::collection::vec((prop::collection::vec(ways(), 1..5), 1_u64..3_000), 2..20),
        ) {
            let theirs = Theirs { ahead, ppm };
            let (mut now, mut track): (u64, Option<Track>) = (START, None);
            let mut taken = Vec::new();
            for (ways, pause_ms) in &rounds {
                let mut probes = Vec::new();
                for ways in ways {
                    probes.push(theirs.probe(now, *ways));
                    now = probes.last().unwrap().heard.0;
                }
                let told = match &mut track {
                    None => track.insert(Track::begin(&probes).unwrap()),
                    Some(track) => { track.add(&probes); track }
                };
                taken.push((now, told.ahead()));
                now += pause_ms * 1_000_000;
            }
            let summary = track.unwrap().end(Wall(now));
            // The simulated clock shows whole nanoseconds.
            let slack = 2;
            let until = taken.iter().skip(1).map(|(at, _)| *at).chain([now]);
            for ((from, ahead), until) in taken.iter().zip(until) {
                for at in [*from, from.midpoint(until), until] {
                    prop_assert!(ahead.abs_diff(theirs.ahead_at(at)) <= summary.bound.0 + slack);
                }
            }
            if let Some(drift) = summary.drift {
                prop_assert!((drift.ppm - ppm as f64).abs() <= drift.bound_ppm + 1e-3);
            }
        }
    }

    #[test]
    fn the_shortest_round_trip_counts_and_not_the_mean() {
        let theirs = Theirs {
            ahead: 37_000_000,
            ppm: 0,
        };
        let probes = [
            (9_000_000, 0, 1_000),
            (4_000_000, 0, 0),
            (10_000, 5_000, 12_000),
        ];
        let offset = Offset::of_round(&probes.map(|ways| theirs.probe(START, ways))).unwrap();
        assert_eq!(offset.ahead(), 36_999_000);
        // And 27 us of drift.
        assert_eq!(offset.bound(), Nanos(11_000 + 27));
    }

    #[test]
    fn contradicting_stamps_say_nothing() {
        let theirs = Theirs { ahead: 0, ppm: 0 };
        let good = theirs.probe(START, (5, 5, 5));
        let stepped = Probe {
            heard: Wall(good.asked.0 - 1),
            ..good
        };
        assert_eq!(stepped.offset(), None);
        assert_eq!(Offset::of_round(&[stepped]), None);
        assert_eq!(Offset::of_round(&[stepped, good]), good.offset());
    }

    #[test]
    fn a_step_of_the_other_clock_makes_the_bound_as_wide_as_the_step() {
        let before = Theirs { ahead: 0, ppm: 0 };
        let after = Theirs {
            ahead: 80_000_000,
            ppm: 0,
        };
        let mut track = Track::begin(&[before.probe(START, (10, 0, 10))]).unwrap();
        track.add(&[after.probe(START + 1_000_000_000, (10, 0, 10))]);
        assert_eq!(track.ahead(), 80_000_000);
        assert!(track.end(Wall(START + 1_000_000_000)).bound >= Nanos(80_000_000));
    }

    #[test]
    fn a_server_that_stops_answering_leaves_a_bound_that_grows() {
        let theirs = Theirs { ahead: 5, ppm: 0 };
        let track = Track::begin(&[theirs.probe(START, (10, 0, 10))]).unwrap();
        let minute = Wall(START + 60_000_000_000);
        let bound = track.end(minute).bound;
        assert!(
            bound >= Nanos::from_millis(60) && bound < Nanos::from_millis(61),
            "{bound:?}"
        );
    }

    #[test]
    fn a_long_run_keeps_few_rounds_and_still_tells_the_drift() {
        let theirs = Theirs { ahead: 5, ppm: 50 };
        let mut track = Track::begin(&[theirs.probe(START, (10, 0, 10))]).unwrap();
        for second in 1..5_000_u64 {
            track.add(&[theirs.probe(START + second * 1_000_000_000, (10, 0, 10))]);
        }
        assert!(track.rounds.len() <= MOST_ROUNDS);
        let summary = track.end(Wall(START + 5_000_000_000_000));
        let drift = summary.drift.unwrap();
        assert!((drift.ppm - 50.0).abs() < 0.001, "{drift:?}");
        assert_eq!(summary.ahead, 5);
    }
}
