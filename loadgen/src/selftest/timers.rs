//! How late this machine wakes a sleeper: a timer that is due once a millisecond.

use crate::clock;
use run_record::histograms::Histograms;
use run_record::metric::Metric;
use run_record::time::{Mono, Nanos};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const EVERY: Nanos = Nanos::from_millis(1);
/// A p99 needs a thousand; this takes as many milliseconds.
const SLEEPS: u64 = 1_500;

/// Sleeps, and records how late each sleep ended; fewer sleeps when interrupted.
pub(super) fn measure(interrupt: &AtomicBool) -> Histograms {
    let mut lateness = Histograms::default();
    let start = clock::mono();
    for sleep in 1..=SLEEPS {
        if interrupt.load(Ordering::Relaxed) {
            break;
        }
        let due = due(start, sleep);
        let left = due - clock::mono();
        std::thread::sleep(Duration::from_nanos(left.0));
        lateness.record(Metric::TimerLag, clock::mono() - due);
    }
    lateness
}

/// Counted from the start and not from the sleep before, so that a long stall makes every sleep late that it
/// swallowed and not just one.
fn due(start: Mono, sleep: u64) -> Mono {
    start + Nanos(EVERY.0.saturating_mul(sleep))
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::selftest::Times;

    #[test]
    fn there_are_enough_sleeps_for_a_p99() {
        let lateness = measure(&AtomicBool::new(false));
        let times = Times::of(&lateness, Metric::TimerLag).unwrap();
        assert_eq!(times.count, SLEEPS);
        assert!(times.p99_us.is_some());
    }

    #[test]
    fn an_interrupt_ends_it_before_the_first() {
        let lateness = measure(&AtomicBool::new(true));
        assert_eq!(lateness.count(Metric::TimerLag), 0);
    }

    #[test]
    fn what_is_due_does_not_depend_on_how_late_the_last_was() {
        assert_eq!(due(Mono(7), 3), Mono(3_000_007));
    }
}
