//! When each connection is due: computed, never read from a clock, so that a late start stays visible.

use std::time::Duration;

/// Connection starts, spread evenly over a ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    connections: u32,
    ramp: Duration,
}

impl Schedule {
    /// `connections` starts over `ramp`; a zero ramp makes all of them due at once.
    pub fn new(connections: u32, ramp: Duration) -> Schedule {
        Schedule { connections, ramp }
    }

    /// When connection `index` (from 0) is due, from the start of the run; `None` beyond the last one.
    pub fn due(&self, index: u32) -> Option<Duration> {
        if index >= self.connections {
            return None;
        }
        let nanos = self.ramp.as_nanos() * u128::from(index) / u128::from(self.connections);
        Some(Duration::from_nanos(
            u64::try_from(nanos).unwrap_or(u64::MAX),
        ))
    }

    /// The connections of one of `workers` workers, in the order in which they are due: every k-th one,
    /// so that each worker sees the same ramp.
    pub fn of_worker(&self, worker: u32, workers: u32) -> impl Iterator<Item = u32> + use<> {
        (worker..self.connections).step_by(workers.max(1) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_even_and_end_within_the_ramp() {
        let schedule = Schedule::new(4, Duration::from_secs(2));
        let due: Vec<_> = (0..5).map(|index| schedule.due(index)).collect();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(due, [ms(0), ms(500), ms(1000), ms(1500), None]);
    }

    #[test]
    fn every_connection_belongs_to_exactly_one_worker() {
        let schedule = Schedule::new(10, Duration::ZERO);
        let mut all: Vec<u32> = (0..3)
            .flat_map(|worker| schedule.of_worker(worker, 3))
            .collect();
        all.sort_unstable();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
    }
}
