//! A number with its unit: what a limit allows, what was measured, what lies between.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number with its unit; the unit is the key in a record. Margins may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// A time in microseconds.
    Us(f64),
    /// A number of things.
    Count(i64),
    /// A number of bytes.
    Bytes(i64),
    /// A share of 100.
    Percent(f64),
}

impl Amount {
    /// The number without its unit, for comparison with another of the same unit.
    pub fn value(self) -> f64 {
        match self {
            Self::Us(number) | Self::Percent(number) => number,
            Self::Count(number) | Self::Bytes(number) => number as f64,
        }
    }

    /// `self` minus `other`, in the unit of `self`.
    pub(super) fn minus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Count(mine), Self::Count(theirs)) => Self::Count(mine.saturating_sub(theirs)),
            (Self::Bytes(mine), Self::Bytes(theirs)) => Self::Bytes(mine.saturating_sub(theirs)),
            (Self::Count(_), _) => Self::Count((self.value() - other.value()) as i64),
            (Self::Bytes(_), _) => Self::Bytes((self.value() - other.value()) as i64),
            (Self::Us(mine), _) => Self::Us(rounded(mine - other.value(), 1e3)),
            (Self::Percent(mine), _) => Self::Percent(rounded(mine - other.value(), 1e6)),
        }
    }

    pub(super) fn count(number: u64) -> Self {
        Self::Count(i64::try_from(number).unwrap_or(i64::MAX))
    }

    pub(super) fn bytes(number: u64) -> Self {
        Self::Bytes(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// Without the last digits, which are of the subtraction and not of what was measured, and which a reader of JSON may
/// read as others.
fn rounded(difference: f64, parts: f64) -> f64 {
    (difference * parts).round() / parts
}

/// Why a value is none that the metric can be held against.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    /// A time without a unit could be anything.
    #[error("{0:?} needs a unit: us, ms or s, as in 100ms")]
    NoTimeUnit(String),
    /// The value is no time.
    #[error("{0:?} is no time: expected a number with us, ms or s, as in 100ms")]
    NotATime(String),
    /// The value is no count.
    #[error("{0:?} is not a whole number without a unit")]
    NotACount(String),
    /// The value is no number of bytes.
    #[error("{0:?} is no number of bytes: expected a whole number with B, as in 4096B")]
    NotBytes(String),
    /// What stands behind `baseline` is no distance from it.
    #[error(
        "{0:?} is no distance from a baseline: expected baseline, or baseline with + or - and a percentage or a value, \
         as in baseline+10%"
    )]
    NotAChange(String),
    /// The value is no share.
    #[error("{0:?} is no share: expected a number from 0 to 100 with %, as in 99.9%")]
    NotAShare(String),
}

pub(super) fn parse_time(text: &str) -> Result<Amount, BadAmount> {
    // The longer units first: "ms" ends in "s" too.
    for (unit, micros) in [("us", 1.0), ("µs", 1.0), ("ms", 1e3), ("s", 1e6)] {
        if let Some(number) = text.strip_suffix(unit) {
            let number = decimal(number).ok_or_else(|| BadAmount::NotATime(text.to_owned()))?;
            return Ok(Amount::Us(number * micros));
        }
    }
    Err(match decimal(text) {
        Some(_) => BadAmount::NoTimeUnit(text.to_owned()),
        None => BadAmount::NotATime(text.to_owned()),
    })
}

pub(super) fn parse_count(text: &str) -> Result<Amount, BadAmount> {
    whole(text)
        .map(Amount::Count)
        .ok_or_else(|| BadAmount::NotACount(text.to_owned()))
}

pub(super) fn parse_bytes(text: &str) -> Result<Amount, BadAmount> {
    let number = text.strip_suffix('B').and_then(whole);
    number
        .map(Amount::Bytes)
        .ok_or_else(|| BadAmount::NotBytes(text.to_owned()))
}

pub(super) fn parse_share(text: &str) -> Result<Amount, BadAmount> {
    let number = text
        .strip_suffix('%')
        .and_then(decimal)
        .filter(|&share| share <= 100.0);
    number
        .map(Amount::Percent)
        .ok_or_else(|| BadAmount::NotAShare(text.to_owned()))
}

/// Digits only: `parse` alone would take a sign.
fn whole(text: &str) -> Option<i64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// Digits and at most one point: `parse` alone would take `inf`, `1e9` and a sign.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_understood() {
        assert_eq!(parse_time("100ms"), Ok(Amount::Us(100_000.0)));
        assert_eq!(parse_time("1.5s"), Ok(Amount::Us(1_500_000.0)));
        assert_eq!(parse_time("7us"), parse_time("7µs"));
        assert_eq!(parse_count("5000"), Ok(Amount::Count(5_000)));
        assert_eq!(parse_bytes("4096B"), Ok(Amount::Bytes(4_096)));
        assert_eq!(parse_share("99.99%"), Ok(Amount::Percent(99.99)));
    }

    #[test]
    fn no_sign_exponent_or_word_is_a_number() {
        for text in ["", "-1", "+1", "1e3", "inf", "NaN", ".", "1.2.3", " 1"] {
            assert!(parse_time(&format!("{text}ms")).is_err(), "{text:?}");
            assert!(parse_count(text).is_err(), "{text:?}");
            assert!(parse_share(&format!("{text}%")).is_err(), "{text:?}");
        }
        assert!(parse_share("101%").is_err());
        assert_eq!(
            parse_time("100"),
            Err(BadAmount::NoTimeUnit("100".to_owned()))
        );
    }
}
