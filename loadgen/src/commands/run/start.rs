//! Waiting for the instant at which several machines begin together.

use crate::clock;
use run_record::time::{Nanos, Wall};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Time from the end of waiting to the first connection: for workers and processes to be ready.
const LEAD: Nanos = Nanos::from_secs(2);
/// How soon an interrupt is noticed.
const STEP: Duration = Duration::from_millis(50);

/// Returns shortly before `at`, at once without it; whether nobody interrupted the waiting.
pub(super) fn wait(at: Option<Wall>, interrupt: &AtomicBool) -> bool {
    while at.is_some_and(|at| clock::wall() + LEAD < at) {
        if interrupt.load(Ordering::Relaxed) {
            return false;
        }
        thread::sleep(STEP);
    }
    true
}
