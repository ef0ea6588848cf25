//! The only file of this crate that reads clocks.

use std::time::Duration;

use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// CPU time that a process has used in all its threads, user and system, in nanoseconds of resolution.
///
/// Errors: no such process.
pub fn cpu_time(process: Pid) -> nix::Result<Duration> {
    Ok(clock_gettime(clock_getcpuclockid(process)?)?.into())
}

/// A time that only differences mean anything of; it never goes back.
pub fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .expect("every Linux has this clock")
        .into()
}
