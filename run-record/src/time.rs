//! The times of the instrument: durations and two clocks, as newtypes.
//!
//! In memory everything is nanoseconds; in a record everything is microseconds, in keys that end
//! in `_us`. This file must not know where a time was read: it reads no clock.

use std::borrow::Cow;
use std::ops::{Add, Sub};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NANOS_PER_MICRO: u64 = 1_000;

/// A duration in nanoseconds, never negative; arithmetic saturates.
///
/// In a record: microseconds with up to three decimals, exact up to 13 days (2^50 ns).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// That many whole microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(NANOS_PER_MICRO))
    }

    /// That many whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// That many whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// The same duration in microseconds, with the nanoseconds as decimals.
    pub fn as_micros_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_MICRO as f64
    }

    /// The same duration in seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl From<std::time::Duration> for Nanos {
    /// Saturates at 584 years.
    fn from(duration: std::time::Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Serialize for Nanos {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(NANOS_PER_MICRO) {
            serializer.serialize_u64(self.0 / NANOS_PER_MICRO)
        } else {
            serializer.serialize_f64(self.as_micros_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let micros = f64::deserialize(deserializer)?;
        if !(micros.is_finite() && micros >= 0.0) {
            return Err(D::Error::custom(
                "a duration must be zero or more microseconds",
            ));
        }
        // A float cast saturates, so a larger number becomes the largest duration.
        Ok(Self((micros * NANOS_PER_MICRO as f64).round() as u64))
    }
}

impl JsonSchema for Nanos {
    fn schema_name() -> Cow<'static, str> {
        "Microseconds".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "minimum": 0,
            "description": "A duration in microseconds, with up to three decimals."
        })
    }
}

/// An instant of CLOCK_REALTIME: nanoseconds since 1970-01-01T00:00:00Z.
///
/// Kernel receive stamps are of this clock, so arrivals are. It can step; `self_check` says when.
/// In a record: whole microseconds since the epoch (the nanoseconds would not fit the 53 bits
/// that JSON readers keep exact). What a record keeps is therefore cut to whole microseconds
/// when it is observed, so that a report from memory and one from the file are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub u64);

impl Wall {
    /// That many microseconds after the epoch.
    pub const fn from_epoch_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(NANOS_PER_MICRO))
    }

    /// Whole microseconds since the epoch.
    pub const fn epoch_micros(self) -> u64 {
        self.0 / NANOS_PER_MICRO
    }

    /// The same instant, cut to whole microseconds: what a record can hold.
    pub const fn whole_micros(self) -> Self {
        Self(self.0 - self.0 % NANOS_PER_MICRO)
    }

    /// Nanoseconds from `earlier` to `self`; negative where `self` is the earlier one. Saturates.
    pub const fn signed_since(self, earlier: Self) -> i64 {
        signed_difference(self.0, earlier.0)
    }
}

impl Sub for Wall {
    type Output = Nanos;
    /// Zero where `earlier` is the later one.
    fn sub(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Nanos> for Wall {
    type Output = Self;
    fn add(self, duration: Nanos) -> Self {
        Self(self.0.saturating_add(duration.0))
    }
}

impl Sub<Nanos> for Wall {
    type Output = Self;
    fn sub(self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration.0))
    }
}

impl Serialize for Wall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.epoch_micros())
    }
}

impl<'de> Deserialize<'de> for Wall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self::from_epoch_micros)
    }
}

impl JsonSchema for Wall {
    fn schema_name() -> Cow<'static, str> {
        "EpochMicroseconds".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "minimum": 0,
            "description": "An instant: whole microseconds since 1970-01-01T00:00:00Z."
        })
    }
}

/// An instant of CLOCK_MONOTONIC in nanoseconds; its zero means nothing.
///
/// Schedules and timers are of this clock. It never enters a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

impl Mono {
    /// Nanoseconds from `earlier` to `self`; negative where `self` is the earlier one. Saturates.
    pub const fn signed_since(self, earlier: Self) -> i64 {
        signed_difference(self.0, earlier.0)
    }
}

impl Sub for Mono {
    type Output = Nanos;
    /// Zero where `earlier` is the later one.
    fn sub(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Nanos> for Mono {
    type Output = Self;
    fn add(self, duration: Nanos) -> Self {
        Self(self.0.saturating_add(duration.0))
    }
}

impl Sub<Nanos> for Mono {
    type Output = Self;
    fn sub(self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration.0))
    }
}

/// When something arrived, as far as it is known: not before `earliest`, not after `latest`.
///
/// Always `earliest <= latest` when made by [`Interval::new`]. An exact arrival has both equal.
/// Source: measuring, "the four times": the lower edge is the last clock reading before the call
/// that found the socket empty, the upper edge the kernel's receive stamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// The last instant at which it had certainly not arrived.
    pub earliest: Wall,
    /// The first instant at which it had certainly arrived.
    pub latest: Wall,
}

impl Interval {
    /// The interval between two edges, in whichever order they come.
    pub fn new(one: Wall, other: Wall) -> Self {
        Self {
            earliest: one.min(other),
            latest: one.max(other),
        }
    }

    /// An arrival known exactly.
    pub const fn exact(at: Wall) -> Self {
        Self {
            earliest: at,
            latest: at,
        }
    }

    /// Whether both edges are the same instant.
    pub fn is_exact(self) -> bool {
        self.earliest == self.latest
    }

    /// How uncertain the arrival is.
    pub fn width(self) -> Nanos {
        self.latest - self.earliest
    }

    /// The shortest and the longest time that can lie between `earlier` and `self`.
    ///
    /// Overlapping intervals give zero as the shortest: their order is not known.
    pub fn since(self, earlier: Self) -> (Nanos, Nanos) {
        (
            self.earliest - earlier.latest,
            self.latest - earlier.earliest,
        )
    }

    /// Both edges cut to whole microseconds: what a record can hold.
    pub const fn whole_micros(self) -> Self {
        Self {
            earliest: self.earliest.whole_micros(),
            latest: self.latest.whole_micros(),
        }
    }
}

const fn signed_difference(later: u64, earlier: u64) -> i64 {
    if later >= earlier {
        let ahead = later - earlier;
        if ahead > i64::MAX as u64 {
            i64::MAX
        } else {
            ahead as i64
        }
    } else {
        let behind = earlier - later;
        if behind > i64::MAX as u64 {
            i64::MIN
        } else {
            -(behind as i64)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_duration_survives_the_record_up_to_13_days(nanos in 0_u64..(1 << 50)) {
            let json = serde_json::to_string(&Nanos(nanos)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Nanos>(&json).unwrap(), Nanos(nanos));
        }

        #[test]
        fn an_instant_is_kept_to_the_whole_microsecond(nanos: u64) {
            let json = serde_json::to_string(&Wall(nanos)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Wall>(&json).unwrap(), Wall(nanos).whole_micros());
        }

        #[test]
        fn signed_and_unsigned_differences_agree(a: u64, b: u64) {
            let signed = Wall(a).signed_since(Wall(b));
            prop_assert_eq!(signed.unsigned_abs().min(i64::MAX as u64),
                            (Wall(a) - Wall(b)).0.max((Wall(b) - Wall(a)).0).min(i64::MAX as u64));
            prop_assert_eq!(signed < 0, a < b);
        }

        #[test]
        fn the_distance_of_two_intervals_brackets_every_pair_inside(
            a in 0_u64..1_000, b in 0_u64..1_000, c in 1_000_u64..2_000, d in 1_000_u64..2_000,
        ) {
            let (first, second) = (Interval::new(Wall(a), Wall(b)), Interval::new(Wall(c), Wall(d)));
            let (shortest, longest) = second.since(first);
            for (from, to) in [(a, c), (a, d), (b, c), (b, d)] {
                let between = Nanos(to - from);
                prop_assert!(shortest <= between && between <= longest);
            }
        }
    }

    #[test]
    fn a_negative_or_endless_duration_is_refused() {
        assert!(serde_json::from_str::<Nanos>("-1").is_err());
        assert!(serde_json::from_str::<Nanos>("null").is_err());
        assert_eq!(
            serde_json::from_str::<Nanos>("1e300").unwrap(),
            Nanos(u64::MAX)
        );
    }

    #[test]
    fn microseconds_stand_in_the_record() {
        assert_eq!(
            serde_json::to_string(&Nanos(1_234_567)).unwrap(),
            "1234.567"
        );
        assert_eq!(serde_json::to_string(&Nanos(5_000)).unwrap(), "5");
        assert_eq!(
            serde_json::to_string(&Wall(1_700_000_000_123_456_789)).unwrap(),
            "1700000000123456"
        );
    }
}
