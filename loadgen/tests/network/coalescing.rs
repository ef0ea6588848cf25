//! Criterion 4: what came together is known within an interval, and no better.
//!
//! The capture is the truth, and not the log of the server: a reader that is stopped acknowledges nothing, and with ten
//! segments on their way the server's kernel keeps what is written after them.

use crate::capture::Capture;
use crate::judging::{Figure, alone, is_full, judge_at_once};
use crate::support::{plan, target};
use crate::witness::{Event, TOLERANCE, Watched, log_of, watch_slow};
use loadgen::session::recorder::Class;
use std::time::Duration;

const STOP: Duration = Duration::from_millis(20);

fn run(count: u64) -> Watched {
    let server = target();
    let address = server.local_addr().unwrap();
    let capture = Capture::begin("lo", address);
    let plan = plan(address, &format!("/prices?interval=1ms&count={count}"), 1);
    watch_slow(plan, STOP, capture, || log_of(&server))
}

#[test]
#[ignore = "needs root and tcpdump: ./scripts/test installs it"]
fn criterion_4_coalesced_events_are_bounded_and_the_truth_lies_within() {
    let _alone = alone();
    let count = if is_full() { 10_000 } else { 2_000 };
    let watched = run(count);
    watched.assert_counts(count);
    let misled: Vec<&Event> = watched
        .events
        .iter()
        .filter(|event| event.apart() > TOLERANCE)
        .collect();
    let share = |part: usize| part as f64 / misled.len().max(1) as f64;
    let within = misled.iter().filter(|event| event.outside() <= TOLERANCE);
    let flagged = misled.iter().filter(|event| event.class != Class::Exact);
    let figures = [
        Figure::at_least(
            "stopped reader: events whose stamp is not their arrival",
            misled.len() as f64 / count as f64,
            0.5,
        ),
        Figure::at_least(
            "stopped reader: of these, the arrival lies in the interval",
            share(within.count()),
            1.0,
        ),
        Figure::at_least(
            "stopped reader: of these, told as intervals",
            share(flagged.count()),
            0.99,
        ),
    ];
    judge_at_once("4", &figures);
}
