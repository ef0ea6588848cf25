//! Which of a run's connections are one machine's, and which of those one process's.
//! It must not know when they start or where they go.

use serde::{Deserialize, Serialize};

/// One of several equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which one, from 0; below `of`.
    pub number: u32,
    /// How many there are; at least 1.
    pub of: u32,
}

impl Part {
    /// All of it.
    pub const WHOLE: Part = Part { number: 0, of: 1 };
}

/// Every k-th connection of a run: machines (`--shard`) take turns, and within a machine its processes do, so that each
/// of them sees the same ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// This machine among those that make the run together.
    pub shard: Part,
    /// This process among those of this machine.
    pub process: Part,
}

impl Share {
    /// The whole run.
    pub const WHOLE: Share = Share {
        shard: Part::WHOLE,
        process: Part::WHOLE,
    };

    /// The share of one process of this machine.
    #[must_use]
    pub fn of_process(self, process: Part) -> Share {
        Share { process, ..self }
    }

    /// The connections of a run of `connections` that are one worker's, in the order in which they are due.
    pub fn of_worker(self, worker: Part, connections: u32) -> impl Iterator<Item = u32> + use<> {
        let (first, step) = self.stride(worker);
        let steps = (first..u64::from(connections)).step_by(usize::try_from(step).unwrap_or(1));
        steps.map(|index| index as u32)
    }

    /// How many of a run's `connections` are in this share.
    pub fn count(self, connections: u32) -> u32 {
        let (first, step) = self.stride(Part::WHOLE);
        u64::from(connections).saturating_sub(first).div_ceil(step) as u32
    }

    /// The first connection of a worker, and how far the next one is.
    fn stride(self, worker: Part) -> (u64, u64) {
        let Share { shard, process } = self;
        let [first, step] = [
            [worker.number, process.number, shard.number],
            [worker.of, process.of, shard.of],
        ]
        .map(|each| each.map(u64::from));
        let first = first[2] + step[2] * (first[1] + step[1] * first[0]);
        (first, step.into_iter().product::<u64>().max(1))
    }

    /// Where a connection stands among those of this machine: by it source addresses and ports are divided, whichever
    /// process opens it.
    pub fn turn(self, index: u32) -> usize {
        (index / self.shard.of.max(1)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everybody's connections: two machines with three processes of two workers each.
    fn all(connections: u32) -> Vec<(Share, u32)> {
        let mut all = Vec::new();
        for shard in (0..2).map(|number| Part { number, of: 2 }) {
            for process in (0..3).map(|number| Part { number, of: 3 }) {
                let share = Share { shard, process };
                for worker in (0..2).map(|number| Part { number, of: 2 }) {
                    all.extend(
                        share
                            .of_worker(worker, connections)
                            .map(|index| (share, index)),
                    );
                }
            }
        }
        all
    }

    #[test]
    fn every_connection_belongs_to_exactly_one_worker() {
        for connections in [1, 11, 12, 13, 100] {
            let mut indices: Vec<u32> = all(connections).iter().map(|(_, index)| *index).collect();
            indices.sort_unstable();
            assert_eq!(indices, (0..connections).collect::<Vec<_>>());
        }
    }

    #[test]
    fn shares_are_counted_and_differ_by_one_at_most() {
        let shares = (0..6).map(|number| Share::WHOLE.of_process(Part { number, of: 6 }));
        let counts: Vec<u32> = shares.map(|share| share.count(100)).collect();
        assert_eq!(counts, [17, 17, 17, 17, 16, 16]);
        assert_eq!(Share::WHOLE.count(100), 100);
        for connections in 0..30 {
            for (share, _) in all(30) {
                let own = share.of_worker(Part::WHOLE, connections).count();
                assert_eq!(share.count(connections) as usize, own, "{share:?}");
            }
        }
        // Without walking through them.
        assert_eq!(Share::WHOLE.count(u32::MAX), u32::MAX);
    }

    #[test]
    fn the_turns_of_a_machine_are_consecutive_whichever_process_has_them() {
        for number in 0..2 {
            let own = all(100)
                .into_iter()
                .filter(|(share, _)| share.shard.number == number);
            let mut turns: Vec<usize> = own.map(|(share, index)| share.turn(index)).collect();
            turns.sort_unstable();
            assert_eq!(turns, (0..50).collect::<Vec<_>>());
        }
    }
}
