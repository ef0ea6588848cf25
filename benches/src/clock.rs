//! The only file of this crate that reads clocks: those that count CPU time.

use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// CPU time that a process has used in all its threads, user and system, in nanoseconds of resolution.
///
/// Errors: no such process.
pub fn cpu_time(process: Pid) -> nix::Result<Duration> {
    Ok(clock_gettime(clock_getcpuclockid(process)?)?.into())
}
