//! Criterion 4: what came together is known within an interval, and no better.

use crate::gate::{Found, alone, hold, is_full};
use crate::witness::{Witnessed, run};
use loadgen::engine::Instrument;
use loadgen::session::recorder::Class;
use std::time::Duration;

/// How far a stamp may be from the true arrival to be called exact, and the tolerance of both edges (measuring 1.1).
const RESOLUTION: u64 = 100_000;

#[test]
fn criterion_4_coalesced_events_are_bounded_and_the_truth_lies_within() {
    let _alone = alone();
    let count = if is_full() { 10_000 } else { 2_000 };
    let stopped = Instrument {
        work_per_read: Duration::from_millis(20),
        ..Instrument::default()
    };
    hold("4", || {
        let run = run(&format!("/prices?interval=1ms&count={count}"), 1, stopped);
        // On loopback an event arrives within microseconds of its write: the write is the true arrival.
        let misled: Vec<&Witnessed> = run
            .events
            .iter()
            .filter(|event| event.arrival.abs_diff(event.written) > RESOLUTION)
            .collect();
        let within = misled
            .iter()
            .filter(|event| {
                event.earliest <= event.written + RESOLUTION && event.written <= event.arrival
            })
            .count();
        let flagged = misled
            .iter()
            .filter(|event| event.class != Class::Exact)
            .count();
        assert!(
            misled.len() * 2 > run.events.len(),
            "the reader was not stopped: {} of {} events coalesced",
            misled.len(),
            run.events.len()
        );
        let found = vec![
            Found::share(
                "stopped reader: intervals that hold the true arrival",
                within,
                misled.len(),
                100.0,
            ),
            Found::share(
                "stopped reader: coalesced events told as intervals",
                flagged,
                misled.len(),
                99.0,
            ),
        ];
        // Timers are late on purpose here; the criterion does not depend on a quiet machine.
        (true, found)
    });
}
