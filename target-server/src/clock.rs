//! The one place of this crate that reads a clock, and the type its readings have.
//! Everything else takes time as a value, so that it can be tested on scripted time.

use std::fmt;
use std::ops::Add;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: nanoseconds since 1970-01-01 UTC, read from `CLOCK_REALTIME`.
///
/// One clock serves schedules, payloads and the truth log, because the kernel stamps arrivals with the same one:
/// on one host every difference of two such values is exact. A step of the clock moves the schedule with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub(crate) struct Nanos(
    /// Nanoseconds since the epoch.
    pub u64,
);

impl Nanos {
    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Nanos {
    type Output = Self;

    /// Saturates in the year 2554, where 64 bits of nanoseconds end.
    fn add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Keeps the processor until so much time has passed, as work would: what a server costs that does more for each
/// subscriber than this one.
pub(crate) fn spend(time: Duration) {
    if time.is_zero() {
        return;
    }
    let began = now();
    while now().since(began) < time {
        std::hint::spin_loop();
    }
}

/// Reads `CLOCK_REALTIME`.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads a clock"
)]
pub(crate) fn now() -> Nanos {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock before 1970 is not supported by the kernel's own stamps either");
    Nanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}
