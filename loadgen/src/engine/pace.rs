//! How soon a worker looks at its sockets again: at once, or a little later, when what comes one by one is found
//! together.
//!
//! A wake-up costs more than the event that it is for (24 us against 2 to 5, measured on a guest with two cores), and
//! the kernel has stamped the arrival by then: looking later takes nothing from what is measured but `generator_lag`.
//! Network cards moderate their interrupts for the same reason. It would take something where one connection gets
//! several events meanwhile, of which only the last keeps its own arrival: there it is given up. Pure; it must not know
//! what was found.

use run_record::time::Nanos;
use std::time::Duration;

/// The pause before the next look: a worker is woken a thousand times a second at most, and reads so much later.
const PAUSE: Duration = Duration::from_millis(1);
/// So many looks in a row must find something sooner than that: a single stream that speaks now and then, or all
/// streams once, are read at once.
const IN_A_ROW: u32 = 8;
/// Fewer connections that keep a worker busy get their events so fast that each is read for itself.
const FEW: usize = 50;
/// Reads that are judged together.
const SAMPLE: u32 = 1_000;
/// Of these so many may bring several events: chance brings two within a pause to one stream of ten events a second in
/// one read of a hundred.
const SEVERAL: u32 = 50;
/// For so many further samples there are no pauses if more do.
const GIVEN_UP: u32 = 20;

/// What the last looks and reads of a worker were like.
#[derive(Debug, Default)]
pub(super) struct Pace {
    soon: u32,
    reads: u32,
    several: u32,
    given_up: u32,
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

    /// A read has brought so many events.
    #[inline]
    pub(super) fn read(&mut self, events: u32) {
        self.reads += 1;
        self.several += u32::from(events > 1);
        if self.reads == SAMPLE {
            self.given_up = match self.several {
                several if several > SEVERAL => GIVEN_UP,
                _ => self.given_up.saturating_sub(1),
            };
            (self.reads, self.several) = (0, 0);
        }
    }

    /// How long to wait before the next look of a worker with so many connections: not at all while events are few.
    #[inline]
    pub(super) fn pause(&self, connections: usize) -> Duration {
        if connections < FEW || self.soon < IN_A_ROW || self.given_up > 0 {
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

    fn busy() -> Pace {
        let mut pace = Pace::default();
        (0..IN_A_ROW).for_each(|_| pace.looked(SOON, true));
        pace
    }

    /// A sample of which so many reads bring two events.
    fn sample(pace: &mut Pace, several: u32) {
        (0..SAMPLE).for_each(|read| pace.read(1 + u32::from(read < several)));
    }

    #[test]
    fn what_comes_one_by_one_and_soon_is_waited_for() {
        let mut pace = Pace::default();
        for _ in 1..IN_A_ROW {
            pace.looked(SOON, true);
            assert_eq!(pace.pause(FEW), Duration::ZERO);
        }
        pace.looked(SOON, true);
        assert_eq!(pace.pause(FEW), PAUSE);
        assert_eq!(pace.pause(FEW - 1), Duration::ZERO);
        // What came during the pause is found without waiting: it goes on.
        pace.looked(Nanos::ZERO, true);
        assert_eq!(pace.pause(FEW), PAUSE);
    }

    #[test]
    fn where_little_comes_it_is_read_at_once() {
        for (waited, found) in [(Nanos::from(PAUSE), true), (SOON, false)] {
            let mut pace = busy();
            pace.looked(waited, found);
            assert_eq!(pace.pause(FEW), Duration::ZERO, "{waited:?} {found}");
        }
    }

    #[test]
    fn where_events_would_lose_their_own_arrival_there_is_no_pause() {
        let mut pace = busy();
        sample(&mut pace, SEVERAL);
        assert_eq!(pace.pause(FEW), PAUSE);
        sample(&mut pace, SEVERAL + 1);
        for _ in 0..GIVEN_UP {
            assert_eq!(pace.pause(FEW), Duration::ZERO);
            sample(&mut pace, 0);
        }
        assert_eq!(pace.pause(FEW), PAUSE);
    }
}
