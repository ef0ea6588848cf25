//! The only file of loadgen that reads clocks; everything else is given the time as a value.

use nix::time::{ClockId, clock_gettime};
use run_record::time::{Mono, Wall};
use std::time::Duration;

/// Both clocks, read one directly after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// `CLOCK_REALTIME`: the clock of kernel stamps and payloads; it may step.
    pub wall: Wall,
    /// `CLOCK_MONOTONIC`: the clock of schedules and timers.
    pub mono: Mono,
}

/// Reads both clocks.
pub fn now() -> Now {
    Now {
        wall: wall(),
        mono: mono(),
    }
}

/// `CLOCK_REALTIME` in nanoseconds since the epoch.
pub fn wall() -> Wall {
    Wall(read(ClockId::CLOCK_REALTIME))
}

/// `CLOCK_MONOTONIC` in nanoseconds since some fixed point.
pub fn mono() -> Mono {
    Mono(read(ClockId::CLOCK_MONOTONIC))
}

/// What the wall clock said when the monotonic one began; absent where the two cannot be.
pub fn boot() -> Option<Wall> {
    let now = now();
    now.wall.0.checked_sub(now.mono.0).map(Wall)
}

/// Wastes processor time, as a slow generator would: for the tests of what that does to the numbers.
pub fn spin(length: Duration) {
    let end = mono() + length.into();
    while mono() < end {
        std::hint::spin_loop();
    }
}

/// CPU time that this thread has used, in nanoseconds.
pub fn thread_cpu_ns() -> u64 {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time that this process has used, in nanoseconds.
pub fn process_cpu_ns() -> u64 {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// The kernel refuses a clock only if it does not know it, and it knows these four; before 1970 counts as 1970.
fn read(clock: ClockId) -> u64 {
    let Ok(time) = clock_gettime(clock) else {
        return 0;
    };
    let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::try_from(time.tv_nsec()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_the_systems() {
        let before = wall();
        #[expect(clippy::disallowed_methods, reason = "the second witness of this test")]
        let system = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        let after = wall();
        let system = Wall(u64::try_from(system.as_nanos()).unwrap());
        assert!(before <= system && system <= after);
        assert!(mono() <= mono());
    }
}
