//! A quantile, and how many samples it takes before it may be told.
//!
//! Exact decimal arithmetic: 99.9 is not representable as a binary fraction, and a rounding error
//! would change how many samples are enough.

use std::fmt;
use std::str::FromStr;

use hdrhistogram::Histogram;

use crate::time::Nanos;

/// Parts of the whole in which a quantile is kept: p99.9999999 is the highest that can be named.
const PARTS: u64 = 1_000_000_000;

/// How many samples must lie beyond a quantile before it is told (DESIGN section 5).
const SAMPLES_BEYOND: u64 = 10;

/// A quantile above 0 and below 1, such as p99.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantile {
    parts: u64,
}

impl Quantile {
    /// The median.
    pub const P50: Self = Self { parts: 500_000_000 };
    /// 90 of 100 samples are at most this.
    pub const P90: Self = Self { parts: 900_000_000 };
    /// 99 of 100 samples are at most this.
    pub const P99: Self = Self { parts: 990_000_000 };
    /// 999 of 1,000 samples are at most this.
    pub const P99_9: Self = Self { parts: 999_000_000 };
    /// 9,999 of 10,000 samples are at most this.
    pub const P99_99: Self = Self { parts: 999_900_000 };

    /// The smallest number of samples with which the quantile may be told: 10/(1-q).
    pub const fn needed_samples(self) -> u64 {
        (SAMPLES_BEYOND * PARTS).div_ceil(PARTS - self.parts)
    }

    /// The fraction between 0 and 1.
    pub fn fraction(self) -> f64 {
        self.parts as f64 / PARTS as f64
    }

    /// The value of the quantile, at most 0.1 % too high; `None` with too few samples.
    pub fn of(self, histogram: &Histogram<u64>) -> Option<Nanos> {
        (histogram.len() >= self.needed_samples())
            .then(|| Nanos(histogram.value_at_quantile(self.fraction())))
    }
}

/// A text that names no quantile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a quantile: expected p and a number above 0 and below 100, such as p99.9")]
pub struct NotAQuantile(pub String);

impl FromStr for Quantile {
    type Err = NotAQuantile;

    fn from_str(text: &str) -> Result<Self, NotAQuantile> {
        parse(text).ok_or_else(|| NotAQuantile(text.to_owned()))
    }
}

/// `p`, one or two digits, and at most seven digits after a point.
fn parse(text: &str) -> Option<Quantile> {
    let number = text.strip_prefix('p')?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 2 || decimals.len() > 7 || number.ends_with('.') {
        return None;
    }
    if !digits(whole) || !digits(decimals) {
        return None;
    }
    let parts: u64 = format!("{whole}{decimals:0<7}").parse().ok()?;
    (parts > 0).then_some(Quantile { parts })
}

impl fmt::Display for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.parts / 10_000_000, self.parts % 10_000_000);
        if decimals == 0 {
            return write!(f, "p{whole}");
        }
        let decimals = format!("{decimals:07}");
        write!(f, "p{whole}.{}", decimals.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_needed_samples_are_exact() {
        let needed = |text: &str| text.parse::<Quantile>().unwrap().needed_samples();
        assert_eq!(needed("p50"), 20);
        assert_eq!(needed("p90"), 100);
        assert_eq!(needed("p99"), 1_000);
        assert_eq!(needed("p99.9"), 10_000);
        assert_eq!(needed("p99.99"), 100_000);
        assert_eq!(needed("p33.3"), 15);
    }

    #[test]
    fn what_is_no_quantile_is_refused() {
        for text in [
            "p0",
            "p100",
            "p",
            "99",
            "p-1",
            "p9e1",
            "p99.",
            "p.5",
            "p99.00000001",
            "p+5",
        ] {
            assert!(text.parse::<Quantile>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn a_quantile_is_told_from_the_needed_samples_on() {
        let mut histogram = crate::histograms::empty_histogram();
        histogram.record_n(1_000, 999).unwrap();
        assert_eq!(Quantile::P99.of(&histogram), None);
        histogram.record(1_000).unwrap();
        assert_eq!(Quantile::P99.of(&histogram), Some(Nanos(1_000)));
    }

    proptest! {
        #[test]
        fn text_and_quantile_are_one(parts in 1_u64..PARTS) {
            let quantile = Quantile { parts };
            prop_assert_eq!(quantile.to_string().parse(), Ok(quantile));
        }
    }
}
