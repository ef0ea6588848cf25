//! What a worker has to do later: connections to dial, and the limit of those that are not established yet.
//!
//! A wake-up costs more than an event does, so nothing here wakes a worker for a connection that has long been established.
//! It must not know what a dial or a limit does.

use run_record::time::Mono;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Something due at a time; ordered by that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    /// When it is due.
    pub(super) due: Mono,
    /// Whose it is.
    pub(super) slot: u32,
    /// The attempt it belongs to: one of an attempt that is over means nothing.
    pub(super) attempt: u32,
}

/// The timers of one worker, in any order.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<Timer>>);

/// Timers that are added in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct Limits(VecDeque<Timer>);

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

impl Limits {
    /// Adds a timer that is due at the time of the one before it or later.
    pub(super) fn add(&mut self, timer: Timer) {
        self.0.push_back(timer);
    }

    /// When the first one is due.
    pub(super) fn next_due(&self) -> Option<Mono> {
        self.0.front().map(|timer| timer.due)
    }

    /// Forgets the first ones as long as they concern nobody any more, and takes the next one if it is due at `now`.
    pub(super) fn pop_due(
        &mut self,
        now: Mono,
        concerns: impl Fn(&Timer) -> bool,
    ) -> Option<Timer> {
        while self.0.front().is_some_and(|timer| !concerns(timer)) {
            self.0.pop_front();
        }
        if self.next_due()? > now {
            return None;
        }
        self.0.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(due: u64, slot: u32) -> Timer {
        Timer {
            due: Mono(due),
            slot,
            attempt: 0,
        }
    }

    #[test]
    fn timers_come_in_order_and_not_before_their_time() {
        let mut timers = Timers::default();
        for (due, slot) in [(30, 3), (10, 1), (20, 2)] {
            timers.add(timer(due, slot));
        }
        assert_eq!(timers.pop_due(Mono(9)), None);
        let order: Vec<u32> = std::iter::from_fn(|| timers.pop_due(Mono(20)))
            .map(|timer| timer.slot)
            .collect();
        assert_eq!(order, [1, 2]);
        assert_eq!(timers.next_due(), Some(Mono(30)));
    }

    #[test]
    fn limits_of_those_who_are_through_are_forgotten_before_they_are_due() {
        let mut limits = Limits::default();
        for slot in 1..=4 {
            limits.add(timer(u64::from(slot) * 10, slot));
        }
        let waits = |timer: &Timer| timer.slot >= 3;
        assert_eq!(limits.pop_due(Mono(0), waits), None);
        assert_eq!(limits.next_due(), Some(Mono(30)));
        assert_eq!(limits.pop_due(Mono(30), waits), Some(timer(30, 3)));
        assert_eq!(limits.pop_due(Mono(39), waits), None);
    }
}
