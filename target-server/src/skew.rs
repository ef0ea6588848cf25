//! A wall clock that is wrong on purpose, as that of another host is: ahead or behind, and running away.
//! It changes what the server says of times, never when it acts; it must not read a clock.

use crate::clock::Nanos;

/// How wrong the clock is that this server shows: `Skew::default()` is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    /// How far it is ahead when the server starts, in nanoseconds; below zero it is behind.
    pub offset_ns: i64,
    /// How much faster it runs, in nanoseconds a second (1,000 are 1 ppm); below zero it is slower.
    pub drift_ppb: i64,
}

/// The clock that a server shows: the machine's, seen through a [`Skew`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown {
    skew: Skew,
    /// When it was set: from then on it runs away.
    since: Nanos,
}

impl Shown {
    /// A clock that is wrong by the offset of `skew` at `since`.
    pub(crate) fn new(skew: Skew, since: Nanos) -> Self {
        Self { skew, since }
    }

    /// What it shows when the machine's clock shows `at`.
    pub(crate) fn at(self, at: Nanos) -> Nanos {
        let running = i128::from(at.0) - i128::from(self.since.0);
        let drift = running * i128::from(self.skew.drift_ppb) / 1_000_000_000;
        let shown = i128::from(at.0) + i128::from(self.skew.offset_ns) + drift;
        Nanos(u64::try_from(shown.max(0)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_ahead_and_runs_away() {
        let start = Nanos(1_700_000_000_000_000_000);
        let skew = Skew {
            offset_ns: 37_000_000,
            drift_ppb: 50_000,
        };
        let shown = Shown::new(skew, start);
        assert_eq!(shown.at(start).0, start.0 + 37_000_000);
        let minute = Nanos(start.0 + 60_000_000_000);
        assert_eq!(shown.at(minute).0, minute.0 + 37_000_000 + 3_000_000);
        let before = Nanos(start.0 - 60_000_000_000);
        assert_eq!(shown.at(before).0, before.0 + 37_000_000 - 3_000_000);
        assert_eq!(Shown::default().at(minute), minute);
    }
}
