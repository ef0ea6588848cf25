//! What the engine subtracts from the times of a server: one offset that another thread keeps up to date.
//!
//! Reading it takes no lock. Offset and bound are two words, so that a reader may meet the new one of the first beside
//! the old one of the second, for one event, by as much as the clocks drift in two seconds. It must not ask anybody.

use crate::session::payload::Facts;
use run_record::time::{Nanos, Wall};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::Course;

/// Their clock minus ours, as far as it is known now. The default is the clock of the same host: zero, exactly.
#[derive(Debug, Default)]
pub struct Correction {
    offset: AtomicI64,
    /// [`UNKNOWN`] where nothing is known.
    bound: AtomicU64,
}

const UNKNOWN: u64 = u64::MAX;

impl Correction {
    /// Nothing is known: times of the server mean nothing here.
    pub fn unknown() -> Correction {
        Correction {
            bound: AtomicU64::new(UNKNOWN),
            ..Correction::default()
        }
    }

    /// The clocks agree to within `bound`, as somebody says who knows.
    pub fn assumed(bound: Nanos) -> Correction {
        Correction {
            bound: AtomicU64::new(bound.0.min(UNKNOWN - 1)),
            ..Correction::default()
        }
    }

    /// Corrects by the course from now on.
    pub fn follow(&self, course: &Course) {
        self.offset.store(course.offset(), Ordering::Relaxed);
        self.bound
            .store(course.bound().0.min(UNKNOWN - 1), Ordering::Relaxed);
    }

    /// Puts the times of an event on our clock, or takes them away where that cannot be done.
    #[inline]
    pub fn apply(&self, facts: &mut Facts) {
        let bound = self.bound.load(Ordering::Relaxed);
        if bound == UNKNOWN {
            (facts.due, facts.emitted) = (None, None);
            return;
        }
        let offset = self.offset.load(Ordering::Relaxed);
        let ours = |theirs: Wall| Wall(theirs.0.saturating_add_signed(offset.saturating_neg()));
        facts.due = facts.due.map(ours);
        facts.emitted = facts.emitted.map(ours);
        facts.unsure = Nanos(bound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offset::{Offset, Round};

    fn facts() -> Facts {
        Facts {
            due: Some(Wall(1_000_000)),
            emitted: Some(Wall(1_000_500)),
            ..Facts::default()
        }
    }

    fn applied(correction: &Correction) -> Facts {
        let mut facts = facts();
        correction.apply(&mut facts);
        facts
    }

    #[test]
    fn on_one_host_nothing_changes() {
        assert_eq!(applied(&Correction::default()), facts());
    }

    #[test]
    fn times_of_a_clock_that_is_ahead_are_set_back() {
        let correction = Correction::unknown();
        let offset = Offset {
            nanos: 37_000,
            bound: Nanos(400),
        };
        let at = Wall(1);
        correction.follow(&Course::new(Round { at, offset }));
        let facts = applied(&correction);
        assert_eq!((facts.due, facts.emitted), (Some(Wall(963_000)), Some(Wall(963_500))));
        assert_eq!(facts.unsure, Nanos(400));
    }

    #[test]
    fn times_of_an_unknown_clock_are_none() {
        let facts = applied(&Correction::unknown());
        assert_eq!((facts.due, facts.emitted), (None, None));
    }

    #[test]
    fn clocks_that_are_said_to_agree_keep_their_times_and_the_doubt() {
        let facts = applied(&Correction::assumed(Nanos(7)));
        assert_eq!((facts.due, facts.unsure), (Some(Wall(1_000_000)), Nanos(7)));
    }
}
