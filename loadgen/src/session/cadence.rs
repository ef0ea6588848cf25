//! When events are due that say nothing about it but come at a known spacing (`--due-every`).
//!
//! Pure; holds the lower envelope of the arrivals: an event cannot arrive before it is due, so the earliest
//! one, counted back, gives the latest possible phase (measuring 3 (c)).

use run_record::time::{Nanos, Wall};
use std::time::Duration;

/// The schedule of one stream, as far as its arrivals have shown it.
#[derive(Debug)]
pub struct Cadence {
    every: Nanos,
    /// When the next event is due.
    next: Option<Wall>,
}

impl Cadence {
    /// A stream whose events are due every `every`.
    pub fn new(every: Duration) -> Cadence {
        Cadence {
            every: every.into(),
            next: None,
        }
    }

    /// When the event that arrived at `arrival` was due. Events are taken in order, none left out.
    pub fn due(&mut self, arrival: Wall) -> Wall {
        let due = self.next.map_or(arrival, |next| next.min(arrival));
        self.next = Some(due + self.every);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_event_is_late_and_an_early_one_moves_the_schedule() {
        let mut cadence = Cadence::new(Duration::from_nanos(100));
        let lateness = |cadence: &mut Cadence, at| (Wall(at) - cadence.due(Wall(at))).0;
        assert_eq!(lateness(&mut cadence, 1_050), 0);
        assert_eq!(lateness(&mut cadence, 1_150), 0);
        assert_eq!(lateness(&mut cadence, 1_550), 300);
        assert_eq!(lateness(&mut cadence, 1_550), 200);
        assert_eq!(lateness(&mut cadence, 1_400), 0);
        assert_eq!(lateness(&mut cadence, 1_510), 10);
    }
}
