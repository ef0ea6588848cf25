//! How soon a worker looks at its sockets again: at once, or a little later, when what comes one by one is found
//! together.
//!
//! A wake-up costs more than the event that it is for (24 us against 2 to 5, measured on a guest with two cores), and
//! the kernel has stamped the arrival by then: looking later takes nothing from what is measured but `generator_lag`.
//! Network cards moderate their interrupts for the same reason. Pure; it must not know what was found.

use run_record::time::Nanos;
use std::time::Duration;

/// The pause before the next look: a worker is woken a thousand times a second at most, and reads so much later.
const PAUSE: Duration = Duration::from_millis(1);
/// So many looks in a row must find something sooner than that: a single stream that speaks now and then, or all
/// streams once, are read at once.
const IN_A_ROW: u32 = 8;

/// What the last looks of a worker were like.
#[derive(Debug, Default)]
pub(super) struct Pace {
    soon: u32,
}

impl Pace {
    /// A look has waited for `waited`, and has found something or has not.
    #[inline]
    pub(super) fn looked(&mut self, waited: Nanos, found: bool) {
        self.soon = if found && waited < Nanos::from(PAUSE) {
            (self.soon + 1).min(IN_A_ROW)
        } else {
            0
        };
    }

    /// How long to wait before the next look: nothing while events are few.
    #[inline]
    pub(super) fn pause(&self) -> Duration {
        if self.soon < IN_A_ROW {
            Duration::ZERO
        } else {
            PAUSE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Nanos = Nanos(200_000);

    #[test]
    fn what_comes_one_by_one_and_soon_is_waited_for() {
        let mut pace = Pace::default();
        for _ in 1..IN_A_ROW {
            pace.looked(SOON, true);
            assert_eq!(pace.pause(), Duration::ZERO);
        }
        pace.looked(SOON, true);
        assert_eq!(pace.pause(), PAUSE);
        // What came during the pause is found without waiting: it goes on.
        pace.looked(Nanos::ZERO, true);
        assert_eq!(pace.pause(), PAUSE);
    }

    #[test]
    fn where_little_comes_it_is_read_at_once() {
        for (waited, found) in [(Nanos::from(PAUSE), true), (SOON, false)] {
            let mut pace = Pace::default();
            (0..IN_A_ROW).for_each(|_| pace.looked(SOON, true));
            pace.looked(waited, found);
            assert_eq!(pace.pause(), Duration::ZERO, "{waited:?} {found}");
        }
    }
}
