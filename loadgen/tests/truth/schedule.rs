//! Criterion 9: an engine that opens its connections late says so.

use crate::gate::{alone, tell};
use crate::support::{plan, run_with, target};
use loadgen::engine::Instrument;
use loadgen::self_check::check;
use run_record::self_check::CheckStatus;
use std::time::Duration;

/// What the self-check says of the starts of 300 connections, by an engine that wastes this much time on each event.
fn starts(work_per_event: Duration) -> (f64, CheckStatus) {
    let server = target();
    let address = server.local_addr().expect("it listens");
    let plan = plan(address, "/prices?interval=20ms&count=30", 300);
    let slow = Instrument {
        work_per_event,
        ..Instrument::default()
    };
    let outcome = run_with(plan.clone(), slow);
    let checks = check(&outcome, &plan);
    let lag = checks
        .get("schedule_lag.p99")
        .expect("connections were opened");
    (lag.value, lag.status)
}

#[test]
fn criterion_9_an_engine_that_is_late_says_so() {
    let _alone = alone();
    // Above its limit of 10 ms it warns, and below it does not: noise may put an idle engine above.
    let (idle, idle_status) = starts(Duration::ZERO);
    assert_eq!(
        idle_status == CheckStatus::Ok,
        idle <= 10_000.0,
        "{idle} us"
    );
    let (late, late_status) = starts(Duration::from_millis(2));
    assert!(
        late > 10_000.0,
        "two workers of 150 streams were not late: {late} us"
    );
    assert_ne!(late_status, CheckStatus::Ok);
    tell(
        "9",
        "schedule_lag p99 of an engine that is idle, and of one that wastes 2 ms on each event",
        format!("{idle:.0} us, {late:.0} us with a warning"),
        "a warning above 10 ms",
    );
}
