//! The wall clock of the machine is stepped in the middle of a run. Payloads, the truth log and the kernel's stamps are
//! all of that clock: one-way times of such a run mean nothing, and it has to say so.

use crate::gate::{alone, tell};
use crate::load::Load;
use crate::support::target;
use loadgen::clock;
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_settime};
use run_record::self_check::CheckStatus;
use run_record::time::{Nanos, Wall};
use std::thread::sleep;
use std::time::Duration;

const STEP: Nanos = Nanos::from_millis(50);
/// A clock that is kept by NTP moves by microseconds in the seconds of a run.
const APART: f64 = 1_000.0;

/// A clock that is put back when this ends.
struct Stepped;

impl Stepped {
    fn forward() -> Stepped {
        set(clock::wall() + STEP);
        Stepped
    }
}

impl Drop for Stepped {
    fn drop(&mut self) {
        set(clock::wall() - STEP);
    }
}

fn set(Wall(nanos): Wall) {
    let time = TimeSpec::from(Duration::from_nanos(nanos));
    clock_settime(ClockId::CLOCK_REALTIME, time)
        .expect("this test steps the clock of the machine: it needs root with CAP_SYS_TIME");
}

#[test]
#[ignore = "needs root with CAP_SYS_TIME, and steps the clock of the machine by 50 ms for a second"]
fn a_step_of_the_clock_voids_the_run() {
    let _alone = alone();
    let server = target();
    let address = server.local_addr().expect("it listens");
    let load = Load::start(
        &format!("http://{address}/prices?interval=50ms&count=80"),
        10,
    );
    sleep(Duration::from_secs(2));
    let stepped = Stepped::forward();
    sleep(Duration::from_secs(1));
    drop(stepped);
    let ended = load.ended();
    let step = ended
        .record
        .self_check
        .get("clock_step")
        .expect("it is checked");
    let apart = (step.value - STEP.as_micros_f64()).abs();
    tell(
        "clock",
        "stepped by 50 ms: step told, apart from the truth",
        format!("{apart:.1} us"),
        format!("<= {APART} us"),
    );
    assert!(apart <= APART, "{step:?}");
    assert_eq!(
        (ended.code, step.status),
        (5, CheckStatus::Invalid),
        "{}",
        ended.page
    );
    assert!(ended.page.contains("clock_step"), "{}", ended.page);
}
