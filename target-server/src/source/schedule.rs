//! When the ticks of a source are due: computed from its start, so that lateness never accumulates.
//! It reads no clock; the caller says when it starts.

use std::time::Duration;

use crate::clock::Nanos;
use crate::random::Random;

/// How ticks are spread around the regular grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Jitter {
    /// Tick k is due exactly at start + k x interval.
    #[default]
    None,
    /// Tick k is due at start + k x interval + a uniform draw from zero to this; at most the interval, so order holds.
    Uniform(Duration),
    /// A Poisson process: gaps are exponential with the interval as their mean.
    Exponential,
}

/// An endless, absolute schedule of ticks, numbered from 1.
#[derive(Debug)]
pub(crate) struct Schedule {
    interval: Duration,
    jitter: Jitter,
    seed: u64,
    random: Random,
    start: Nanos,
    tick: u64,
    next: Nanos,
}

impl Schedule {
    /// A schedule whose first tick is one interval (jittered) after `start`.
    pub(crate) fn new(interval: Duration, jitter: Jitter, seed: u64, start: Nanos) -> Self {
        // Prices draw from the same seed; the constant keeps the two sequences apart.
        let random = Random::new(seed ^ 0x5ced_u64);
        let mut schedule = Self {
            interval,
            jitter,
            seed,
            random,
            start,
            tick: 0,
            next: start,
        };
        schedule.advance();
        schedule
    }

    /// When the next tick is due.
    pub(crate) fn next(&self) -> Nanos {
        self.next
    }

    /// Goes on to the following tick.
    pub(crate) fn advance(&mut self) {
        self.tick += 1;
        self.next = match self.jitter {
            Jitter::None => self.grid(),
            Jitter::Uniform(most) => {
                let most = u64::try_from(most.as_nanos())
                    .unwrap_or(u64::MAX)
                    .saturating_add(1);
                self.grid() + Duration::from_nanos(self.random.below(most))
            }
            Jitter::Exponential => self.next + self.interval.mul_f64(-self.random.unit().ln()),
        };
    }

    /// Begins again at `now` after a pause: no tick falls due for the time in which nobody listened.
    pub(crate) fn restart(&mut self, now: Nanos) {
        *self = Self::new(self.interval, self.jitter, self.seed, now);
    }

    fn grid(&self) -> Nanos {
        let interval = u64::try_from(self.interval.as_nanos()).unwrap_or(u64::MAX);
        Nanos(
            self.start
                .0
                .saturating_add(interval.saturating_mul(self.tick)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Nanos = Nanos(1_000_000_000_000);
    const INTERVAL: Duration = Duration::from_micros(333);

    fn dues(schedule: &mut Schedule, count: usize) -> Vec<Nanos> {
        (0..count)
            .map(|_| {
                let due = schedule.next();
                schedule.advance();
                due
            })
            .collect()
    }

    #[test]
    fn regular_ticks_never_drift() {
        let mut schedule = Schedule::new(INTERVAL, Jitter::None, 1, START);
        let dues = dues(&mut schedule, 100_000);
        assert_eq!(dues[0], START + INTERVAL);
        assert_eq!(dues[99_999], Nanos(START.0 + 333_000 * 100_000));
    }

    #[test]
    fn uniform_jitter_stays_in_its_slot_and_uses_it() {
        let mut schedule = Schedule::new(INTERVAL, Jitter::Uniform(INTERVAL), 1, START);
        let offsets: Vec<u64> = dues(&mut schedule, 1_000)
            .iter()
            .zip(1_u64..)
            .map(|(due, tick)| due.0 - (START.0 + tick * 333_000))
            .collect();
        assert!(offsets.iter().all(|&offset| offset <= 333_000));
        assert!(
            offsets.iter().any(|&offset| offset > 300_000)
                && offsets.iter().any(|&offset| offset < 33_000)
        );
    }

    #[test]
    fn exponential_gaps_have_the_interval_as_mean_and_as_deviation() {
        let mut schedule = Schedule::new(INTERVAL, Jitter::Exponential, 7, START);
        let dues = dues(&mut schedule, 20_001);
        let gaps: Vec<f64> = dues
            .windows(2)
            .map(|pair| pair[1].since(pair[0]).as_secs_f64() / 333e-6)
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.03, "mean {mean}");
        assert!(
            (variance.sqrt() - 1.0).abs() < 0.05,
            "deviation {}",
            variance.sqrt()
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule() {
        let mut one = Schedule::new(INTERVAL, Jitter::Exponential, 7, START);
        let mut two = Schedule::new(INTERVAL, Jitter::Exponential, 7, START);
        let mut other = Schedule::new(INTERVAL, Jitter::Exponential, 8, START);
        let first = dues(&mut one, 100);
        assert_eq!(first, dues(&mut two, 100));
        assert_ne!(first, dues(&mut other, 100));
    }

    #[test]
    fn a_restart_skips_the_pause() {
        let mut schedule = Schedule::new(INTERVAL, Jitter::None, 1, START);
        dues(&mut schedule, 10);
        let later = START + Duration::from_secs(60);
        schedule.restart(later);
        assert_eq!(schedule.next(), later + INTERVAL);
    }
}
