//! A wall clock that is wrong on purpose, as that of another host is: ahead or behind, and running away.
//! It changes what the server says of times, never when it acts; it must not read a clock.

use std::str::FromStr;

use crate::clock::Nanos;
use crate::values;

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

/// A time or a drift on the command line that is none.
#[derive(Debug, thiserror::Error)]
#[error("expected {0}")]
pub struct BadSkew(&'static str);

/// A time with a sign, such as `37ms` or `-2s`.
#[derive(Clone, Copy, Debug)]
pub struct SkewTime(
    /// Nanoseconds.
    pub i64,
);

impl FromStr for SkewTime {
    type Err = BadSkew;

    fn from_str(text: &str) -> Result<Self, BadSkew> {
        let (sign, length) = signed(text);
        values::duration(length)
            .and_then(|length| i64::try_from(length.as_nanos()).ok())
            .map(|nanos| Self(sign * nanos))
            .ok_or(BadSkew(
                "a whole number and a unit (us, ms, s, m, h), such as 37ms or -2s",
            ))
    }
}

/// A drift with a sign, such as `50ppm`.
#[derive(Clone, Copy, Debug)]
pub struct SkewDrift(
    /// Nanoseconds a second.
    pub i64,
);

impl FromStr for SkewDrift {
    type Err = BadSkew;

    fn from_str(text: &str) -> Result<Self, BadSkew> {
        let (sign, rate) = signed(text);
        rate.strip_suffix("ppm")
            .and_then(|number| number.parse::<u32>().ok())
            .filter(|&ppm| ppm <= MOST_PPM)
            .map(|ppm| Self(sign * i64::from(ppm) * 1_000))
            .ok_or(BadSkew(
                "parts per million up to 1000ppm, such as 50ppm or -20ppm",
            ))
    }
}

/// Twice what the kernel slews a clock by at most.
const MOST_PPM: u32 = 1_000;

fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
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

    #[test]
    fn skews_are_read_with_their_sign_and_unit() {
        for (text, nanos) in [
            ("37ms", 37_000_000),
            ("-2s", -2_000_000_000),
            ("+5us", 5_000),
        ] {
            assert_eq!(text.parse::<SkewTime>().unwrap().0, nanos, "{text}");
        }
        for (text, ppb) in [("50ppm", 50_000), ("-20ppm", -20_000)] {
            assert_eq!(text.parse::<SkewDrift>().unwrap().0, ppb, "{text}");
        }
        for bad in ["37", "--2s", "ms", "9999999999999h", ""] {
            assert!(bad.parse::<SkewTime>().is_err(), "{bad}");
        }
        for bad in ["50", "1001ppm", "0.5ppm", "-ppm", ""] {
            assert!(bad.parse::<SkewDrift>().is_err(), "{bad}");
        }
    }
}
