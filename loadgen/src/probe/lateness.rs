//! How late this process itself was, and whether its clock stepped. Pure: times come in as values.

use crate::clock::Now;
use run_record::octaves::Octaves;
use run_record::time::{Interval, Nanos, Wall};
use std::time::Duration;
use verdict::observations::Own;

/// Not running for longer than this can make a hold of what was none: bursts are told apart by 3 ms (causes 5.2).
const ABSENCE: Nanos = Nanos::from_millis(3);
/// The wall clock may drift against the monotonic one, but not jump by this much (measuring: clock steps).
const STEP: Nanos = Nanos::from_millis(5);

/// The lateness of all sleeps so far.
#[derive(Debug)]
pub(super) struct Lateness {
    sleeps: Octaves,
    /// Both clocks at the previous turn.
    previous: Now,
    /// How far one clock moved against the other at the latest turn, in nanoseconds, while that is in doubt: they are
    /// read one after the other, and a process that loses the processor in between sees a step that is none.
    doubt: i64,
    step: Nanos,
}

/// The time in which this process did not run although it should have, if that is long enough to matter.
pub(super) fn absence(from: Wall, to: Wall) -> Option<Interval> {
    (to > from + ABSENCE).then(|| Interval::new(from, to))
}

impl Lateness {
    pub(super) fn since(now: Now) -> Lateness {
        Lateness {
            sleeps: Octaves::default(),
            previous: now,
            doubt: 0,
            step: Nanos::ZERO,
        }
    }

    /// A turn slept from `entered` until `began`, and had asked for `sleep`.
    pub(super) fn turn(&mut self, entered: Now, began: Now, sleep: Duration) {
        let slept = began.mono - entered.mono;
        self.sleeps.record(slept - Nanos::from(sleep));
        let by_wall = began.wall.signed_since(self.previous.wall);
        let by_mono = i64::try_from((began.mono - self.previous.mono).0).unwrap_or(i64::MAX);
        let moved = by_wall.saturating_sub(by_mono);
        let is_step = |moved: i64| Nanos(moved.unsigned_abs()) > STEP;
        // What was read too late comes back at the next turn; a step stays.
        let lasting = self.doubt.saturating_add(moved);
        if self.doubt != 0 && is_step(lasting) {
            self.step = self.step.max(Nanos(lasting.unsigned_abs()));
        }
        self.doubt = if self.doubt == 0 && is_step(moved) {
            moved
        } else {
            0
        };
        self.previous = began;
    }

    pub(super) fn own(&self) -> Own {
        Own {
            lateness_p99: self.p99(),
            clock_step: (self.step > Nanos::ZERO).then_some(self.step),
        }
    }

    fn p99(&self) -> Nanos {
        let counts: Vec<(Nanos, u64)> = self.sleeps.iter().collect();
        let all: u64 = counts.iter().map(|(_, count)| count).sum();
        let rank = all - all / 100;
        let mut below = 0;
        let reached = counts.iter().find(|(_, count)| {
            below += count;
            below >= rank
        });
        reached.map_or(Nanos::ZERO, |(time, _)| *time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::time::Mono;

    const MS: u64 = 1_000_000;

    fn at(wall: u64, mono: u64) -> Now {
        Now {
            wall: Wall(wall * MS),
            mono: Mono(mono * MS),
        }
    }

    #[test]
    fn one_late_sleep_in_a_hundred_is_the_p99() {
        let mut lateness = Lateness::since(at(0, 0));
        for turn in 0..100 {
            let late = if turn % 50 == 0 { 8 } else { 0 };
            lateness.turn(
                at(turn * 10, turn * 10),
                at(turn * 10 + 1 + late, turn * 10 + 1 + late),
                Duration::from_millis(1),
            );
        }
        let p99 = lateness.own().lateness_p99;
        assert!(p99 > Nanos::from_millis(7), "{p99:?}");
        assert_eq!(lateness.own().clock_step, None);
    }

    #[test]
    fn a_step_of_the_wall_clock_is_seen() {
        let mut lateness = Lateness::since(at(1_000, 0));
        lateness.turn(at(1_000, 0), at(1_001, 1), Duration::from_millis(1));
        lateness.turn(at(900, 1), at(901, 2), Duration::from_millis(1));
        lateness.turn(at(901, 2), at(902, 3), Duration::from_millis(1));
        assert_eq!(lateness.own().clock_step, Some(Nanos::from_millis(101)));
    }

    #[test]
    fn two_clocks_that_were_read_apart_have_not_stepped() {
        let mut lateness = Lateness::since(at(1_000, 0));
        lateness.turn(at(1_000, 0), at(1_012, 1), Duration::from_millis(1));
        lateness.turn(at(1_001, 1), at(1_002, 2), Duration::from_millis(1));
        lateness.turn(at(1_002, 2), at(1_003, 3), Duration::from_millis(1));
        assert_eq!(lateness.own().clock_step, None);
    }

    #[test]
    fn short_absences_do_not_count() {
        assert_eq!(absence(Wall(0), Wall(3 * MS)), None);
        assert_eq!(
            absence(Wall(0), Wall(4 * MS)),
            Some(Interval::new(Wall(0), Wall(4 * MS)))
        );
        assert_eq!(absence(Wall(MS), Wall(0)), None);
    }
}
