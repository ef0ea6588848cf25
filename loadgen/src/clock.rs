//! The only file of loadgen that reads clocks; everything else is given the time as a value.

use nix::time::{ClockId, clock_gettime};
use run_record::time::{Mono, Nanos, Wall};
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

/// Both clocks at one moment, for whoever compares them over time: on a busy machine a thread is put aside between two
/// readings for many milliseconds, and the wall clock would seem to have stepped.
pub fn together() -> Now {
    closest(|| (wall(), mono(), wall()))
}

/// Of several readings the one whose two wall times are closest to each other; one that nothing came between ends it.
fn closest(mut read: impl FnMut() -> (Wall, Mono, Wall)) -> Now {
    const UNDISTURBED: Nanos = Nanos::from_micros(5);
    const READINGS: usize = 16;
    let mut apart = Nanos(u64::MAX);
    let mut best = Now {
        wall: Wall(0),
        mono: Mono(0),
    };
    for _ in 0..READINGS {
        let (wall, mono, after) = read();
        let distance = Nanos(after.0.abs_diff(wall.0));
        if distance < apart {
            apart = distance;
            best = Now { wall, mono };
        }
        if apart <= UNDISTURBED {
            break;
        }
    }
    best
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

    #[test]
    fn a_reading_that_was_interrupted_is_made_again() {
        const MS: u64 = 1_000_000;
        // Put aside for 16 ms between the clocks, then for 3 ms after them, then not.
        let mut readings = [
            (Wall(0), Mono(16 * MS), Wall(16 * MS)),
            (Wall(20 * MS), Mono(20 * MS), Wall(23 * MS)),
            (Wall(30 * MS), Mono(30 * MS), Wall(30 * MS)),
            (Wall(40 * MS), Mono(40 * MS), Wall(40 * MS)),
        ]
        .into_iter();
        let now = closest(|| readings.next().unwrap());
        assert_eq!((now.wall, now.mono), (Wall(30 * MS), Mono(30 * MS)));
        assert_eq!(
            readings.len(),
            1,
            "it stops at the first that nothing came between"
        );
        // Where all are disturbed, the least.
        let mut width = 20 * MS;
        let now = closest(|| {
            width -= MS;
            (Wall(width), Mono(width), Wall(2 * width))
        });
        assert_eq!(now.wall, Wall(4 * MS));
    }
}
