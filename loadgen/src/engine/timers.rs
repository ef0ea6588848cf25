//! What is to happen later, in order of time; it must not read a clock.

use run_record::time::Mono;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    /// It is to be dialled.
    Dial,
    /// It must have been established by now.
    ConnectLimit,
}

/// A timer that has come due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    /// When it was to come.
    pub(super) due: Mono,
    /// The slot it belongs to.
    pub(super) slot: u32,
    /// The attempt it belongs to; a timer of an attempt that is over means nothing.
    pub(super) attempt: u32,
    /// What it is for.
    pub(super) wake: Wake,
}

/// The timers of one worker.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<Timer>>);

impl Timers {
    /// Adds a timer.
    pub(super) fn add(&mut self, timer: Timer) {
        self.0.push(Reverse(timer));
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Mono> {
        self.0.peek().map(|Reverse(timer)| timer.due)
    }

    /// Takes the next one that is due at `now`.
    pub(super) fn pop_due(&mut self, now: Mono) -> Option<Timer> {
        if self.next_due()? > now {
            return None;
        }
        self.0.pop().map(|Reverse(timer)| timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_in_order_and_not_before_their_time() {
        let mut timers = Timers::default();
        for (due, slot) in [(30, 3), (10, 1), (20, 2)] {
            timers.add(Timer {
                due: Mono(due),
                slot,
                attempt: 0,
                wake: Wake::Dial,
            });
        }
        assert_eq!(timers.pop_due(Mono(9)), None);
        let order: Vec<u32> = std::iter::from_fn(|| timers.pop_due(Mono(20)))
            .map(|timer| timer.slot)
            .collect();
        assert_eq!(order, [1, 2]);
        assert_eq!(timers.next_due(), Some(Mono(30)));
    }
}
