//! Loss, duplicates and order of one subscriber's events, by their sequence numbers.
//!
//! Pure: knows numbers only, not where they come from. Memory is bounded by [`MAX_HOLES`] ranges, held only
//! while something is missing.

/// Ranges of missing numbers that are remembered; beyond it the oldest is given up as lost.
pub const MAX_HOLES: usize = 64;

/// Consecutive steps of one that a foreign stream's ids must make before a gap in them counts as loss:
/// ids may be anything, and an id that skips by design is not a lost event.
pub const ADOPTION_STEPS: u8 = 8;

/// The numbers seen so far by one subscriber, over all its streams.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    /// The number expected next; `None` before the first event.
    next: Option<u64>,
    /// Set at the start of a stream that is not the first.
    resumed: bool,
    steps: u8,
    adopted: bool,
    /// Missing ranges `[first, last]`, oldest first.
    holes: Vec<(u64, u64)>,
    /// Numbers of ranges that are no longer remembered: lost, whatever comes.
    given_up: u64,
}

/// What one number says about the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The first event, or a number that proves nothing yet.
    Unproven,
    /// The number that was expected.
    InOrder,
    /// Numbers were skipped; they are lost unless they come later.
    Skipped {
        /// How many.
        missing: u64,
    },
    /// A number that had been skipped before: it came out of order.
    Late,
    /// A number that had come before on the same stream.
    Duplicate,
    /// The first number after a reconnect left these out.
    Missed {
        /// How many events passed between the streams.
        events: u64,
    },
    /// A number of an earlier stream, sent again after a reconnect.
    Replayed,
}

impl Sequence {
    /// A tracker for numbers that are known to be a sequence (target-server's, or named by the user).
    pub fn trusted() -> Sequence {
        Sequence {
            adopted: true,
            ..Sequence::default()
        }
    }

    /// From here on the numbers are known to be a sequence.
    pub fn trust(&mut self) {
        self.adopted = true;
    }

    /// Whether gaps in the numbers count as loss.
    pub fn is_trusted(&self) -> bool {
        self.adopted
    }

    /// Takes in the number of the next event.
    pub fn observe(&mut self, seq: u64) -> Order {
        let Some(next) = self.next else {
            self.next = Some(seq.saturating_add(1));
            return Order::Unproven;
        };
        if self.resumed {
            return self.observe_resumed(seq, next);
        }
        if seq == next {
            self.next = Some(seq.saturating_add(1));
            self.steps = self.steps.saturating_add(1);
            self.adopted |= self.steps >= ADOPTION_STEPS;
            return if self.adopted {
                Order::InOrder
            } else {
                Order::Unproven
            };
        }
        if !self.adopted {
            self.steps = 0;
            self.next = Some(seq.saturating_add(1));
            return Order::Unproven;
        }
        if seq > next {
            self.next = Some(seq.saturating_add(1));
            self.remember(next, seq - 1);
            return Order::Skipped {
                missing: seq - next,
            };
        }
        if self.fill(seq) {
            Order::Late
        } else {
            Order::Duplicate
        }
    }

    fn observe_resumed(&mut self, seq: u64, next: u64) -> Order {
        if seq < next && self.adopted {
            return Order::Replayed;
        }
        self.resumed = false;
        self.next = Some(seq.saturating_add(1));
        match seq - next.min(seq) {
            _ if !self.adopted => Order::Unproven,
            0 => Order::InOrder,
            events => Order::Missed { events },
        }
    }

    /// The stream has ended: returns how many of its events are lost, and expects a new stream.
    pub fn end_stream(&mut self) -> u64 {
        self.resumed = self.next.is_some();
        let open = std::mem::take(&mut self.holes);
        open.iter()
            .map(size)
            .fold(std::mem::take(&mut self.given_up), u64::saturating_add)
    }

    /// Forgets everything: the numbers come from another source now.
    pub fn restart(&mut self) -> u64 {
        let lost = self.end_stream();
        *self = Sequence {
            adopted: self.adopted,
            ..Sequence::default()
        };
        lost
    }

    fn remember(&mut self, first: u64, last: u64) {
        self.holes.push((first, last));
        self.bound();
    }

    fn bound(&mut self) {
        if self.holes.len() > MAX_HOLES {
            self.given_up = self.given_up.saturating_add(size(&self.holes.remove(0)));
        }
    }

    fn fill(&mut self, seq: u64) -> bool {
        let holes = &mut self.holes;
        let Some(at) = holes
            .iter()
            .position(|(first, last)| (*first..=*last).contains(&seq))
        else {
            return false;
        };
        let (first, last) = holes[at];
        match (first == seq, last == seq) {
            (true, true) => drop(holes.remove(at)),
            (true, false) => holes[at].0 = seq + 1,
            (false, true) => holes[at].1 = seq - 1,
            (false, false) => {
                holes[at].1 = seq - 1;
                holes.insert(at + 1, (seq + 1, last));
            }
        }
        self.bound();
        true
    }
}

fn size((first, last): &(u64, u64)) -> u64 {
    (last - first).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn orders(sequence: &mut Sequence, seqs: &[u64]) -> Vec<Order> {
        seqs.iter().map(|seq| sequence.observe(*seq)).collect()
    }

    #[test]
    fn a_hole_that_fills_is_reordered_and_one_that_stays_is_lost() {
        let mut sequence = Sequence::trusted();
        let seen = orders(&mut sequence, &[1, 2, 4, 3, 6, 6]);
        assert_eq!(seen[2], Order::Skipped { missing: 1 });
        assert_eq!(seen[3], Order::Late);
        assert_eq!(seen[5], Order::Duplicate);
        assert_eq!(sequence.end_stream(), 1);
    }

    #[test]
    fn a_reconnect_misses_or_replays_but_does_not_lose() {
        let mut sequence = Sequence::trusted();
        orders(&mut sequence, &[1, 2, 3]);
        assert_eq!(sequence.end_stream(), 0);
        assert_eq!(sequence.observe(6), Order::Missed { events: 2 });
        assert_eq!(sequence.observe(7), Order::InOrder);
        sequence.end_stream();
        let seen = orders(&mut sequence, &[6, 7, 8]);
        assert_eq!(seen, [Order::Replayed, Order::Replayed, Order::InOrder]);
    }

    #[test]
    fn ids_that_skip_by_design_are_never_called_lost() {
        let mut sequence = Sequence::default();
        let seen = orders(&mut sequence, &[10, 20, 30, 31, 32, 50, 60, 70]);
        assert!(
            seen.iter().all(|order| *order == Order::Unproven),
            "{seen:?}"
        );
        let steady: Vec<u64> = (100..120).collect();
        orders(&mut sequence, &steady);
        assert_eq!(sequence.observe(122), Order::Skipped { missing: 2 });
    }

    #[test]
    fn memory_is_bounded_and_what_is_given_up_is_counted_once() {
        let mut sequence = Sequence::trusted();
        for seq in (0..1_000).step_by(2) {
            sequence.observe(seq);
        }
        for seq in (2_000..3_000).step_by(2).chain([1_500, 1_600]) {
            sequence.observe(seq);
            assert!(sequence.holes.len() <= MAX_HOLES);
        }
        // 500 + 500 numbers of 0..=2998 came; 1500 and 1600 came after their range had been given up.
        assert_eq!(sequence.end_stream(), 2_999 - 1_000);
    }

    proptest! {
        /// Whatever order the numbers come in: received + lost = the span that was sent.
        #[test]
        fn nothing_is_counted_twice_or_forgotten(raw in prop::collection::vec(0u64..60, 1..80)) {
            let mut sequence = Sequence::trusted();
            let first = raw[0];
            let seqs: Vec<u64> = raw.into_iter().filter(|seq| *seq >= first).collect();
            let mut duplicates = 0;
            for seq in &seqs {
                duplicates += u64::from(sequence.observe(*seq) == Order::Duplicate);
            }
            let distinct: HashSet<u64> = seqs.iter().copied().collect();
            let span = distinct.iter().max().unwrap() - first + 1;
            prop_assert_eq!(sequence.end_stream(), span - distinct.len() as u64);
            prop_assert_eq!(duplicates, (seqs.len() - distinct.len()) as u64);
        }
    }
}
