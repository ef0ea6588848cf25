//! A small histogram for one slice of the timeline: eight buckets in each octave.
//!
//! 12 % resolution is enough for a heat map, and a slice costs 2.5 KiB instead of 264.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quantile::Quantile;
use crate::time::Nanos;

/// Number of buckets: 1 ns to 1 h; longer times are counted in the last one.
pub const BUCKETS: usize = 320;

/// Counts by size of a time. Without a sample it takes no memory.
///
/// In a record: pairs of bucket number and count, in order, only buckets that are not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<(u16, u64)>", into = "Vec<(u16, u64)>")]
#[schemars(with = "Vec<(u16, u64)>")]
pub struct Octaves {
    counts: Option<Box<[u64; BUCKETS]>>,
}

impl Octaves {
    /// Record one time. Allocates only at the first.
    #[inline]
    pub fn record(&mut self, sample: Nanos) {
        let counts = self.counts.get_or_insert_with(|| Box::new([0; BUCKETS]));
        let count = &mut counts[bucket(sample)];
        *count = count.saturating_add(1);
    }

    /// Add the samples of `other`.
    pub fn merge(&mut self, other: &Self) {
        let Some(theirs) = &other.counts else { return };
        let counts = self.counts.get_or_insert_with(|| Box::new([0; BUCKETS]));
        for (count, their) in counts.iter_mut().zip(theirs.iter()) {
            *count = count.saturating_add(*their);
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.counts.is_none()
    }

    /// The buckets that are not empty, shortest first: lower bound (inclusive) and count.
    pub fn iter(&self) -> impl Iterator<Item = (Nanos, u64)> + '_ {
        self.occupied()
            .map(|(bucket, count)| (lower_bound(bucket), count))
    }

    /// A quantile: the end of the bucket that it lies in, at most 12.5 % too high; `None` with too few samples.
    pub fn quantile(&self, quantile: Quantile) -> Option<Nanos> {
        let all: u64 = self.occupied().map(|(_, count)| count).sum();
        let rank = (all as f64 * quantile.fraction()).ceil() as u64;
        let mut below = 0;
        let reached = self.occupied().find(|(_, count)| {
            below += count;
            below >= rank
        });
        let is_told = all >= quantile.needed_samples();
        reached
            .filter(|_| is_told)
            .map(|(bucket, _)| upper_bound(bucket))
    }

    /// The end of the last bucket that is not empty: the largest sample, at most 12.5 % too high.
    pub fn max(&self) -> Option<Nanos> {
        self.occupied()
            .last()
            .map(|(bucket, _)| upper_bound(bucket))
    }

    fn occupied(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let counts = self
            .counts
            .iter()
            .flat_map(|counts| counts.iter().copied().enumerate());
        counts.filter(|&(_, count)| count > 0)
    }
}

impl From<Vec<(u16, u64)>> for Octaves {
    /// A bucket that does not exist is taken for the last one.
    fn from(pairs: Vec<(u16, u64)>) -> Self {
        let mut octaves = Self::default();
        for (bucket, count) in pairs.into_iter().filter(|&(_, count)| count > 0) {
            let counts = octaves.counts.get_or_insert_with(|| Box::new([0; BUCKETS]));
            let slot = &mut counts[usize::from(bucket).min(BUCKETS - 1)];
            *slot = slot.saturating_add(count);
        }
        octaves
    }
}

impl From<Octaves> for Vec<(u16, u64)> {
    fn from(octaves: Octaves) -> Self {
        octaves
            .occupied()
            .map(|(bucket, count)| (bucket as u16, count))
            .collect()
    }
}

/// The bucket of a time: exact below 8 ns, then the three bits after the leading one.
#[inline]
fn bucket(sample: Nanos) -> usize {
    if sample.0 < 8 {
        return sample.0 as usize;
    }
    let exponent = sample.0.ilog2();
    let eighth = (sample.0 >> (exponent - 3)) & 7;
    ((exponent as usize - 2) * 8 + eighth as usize).min(BUCKETS - 1)
}

/// The shortest time that falls into a bucket.
fn lower_bound(bucket: usize) -> Nanos {
    if bucket < 8 {
        return Nanos(bucket as u64);
    }
    Nanos((8 + (bucket as u64 % 8)) << (bucket / 8 - 1))
}

/// The longest time that falls into a bucket.
fn upper_bound(bucket: usize) -> Nanos {
    Nanos(lower_bound(bucket + 1).0 - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Times of every size alike, from nanoseconds to centuries.
    fn nanos() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(number, bits)| number >> bits)
    }

    proptest! {
        #[test]
        fn a_time_lies_between_the_bounds_of_its_bucket(nanos in nanos()) {
            let bucket = bucket(Nanos(nanos));
            prop_assert!(lower_bound(bucket) <= Nanos(nanos));
            prop_assert!(bucket == BUCKETS - 1 || Nanos(nanos) < lower_bound(bucket + 1));
        }

        #[test]
        fn merged_equals_recorded_together(
            a in prop::collection::vec(nanos(), 0..50),
            b in prop::collection::vec(nanos(), 0..50),
        ) {
            let recorded = |samples: &[u64]| {
                let mut octaves = Octaves::default();
                samples.iter().for_each(|&sample| octaves.record(Nanos(sample)));
                octaves
            };
            let mut merged = recorded(&a);
            merged.merge(&recorded(&b));
            let whole = recorded(&[a, b].concat());
            prop_assert_eq!(&merged, &whole);
            let json = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(serde_json::from_str::<Octaves>(&json).unwrap(), whole);
        }
    }

    #[test]
    fn a_quantile_is_a_little_too_high_and_takes_its_samples() {
        let mut octaves = Octaves::default();
        (1..=99).for_each(|micros| octaves.record(Nanos::from_micros(micros)));
        assert_eq!(octaves.quantile(Quantile::P90), None);
        octaves.record(Nanos::from_micros(100));
        let [half, tail, most] = [
            octaves.quantile(Quantile::P50),
            octaves.quantile(Quantile::P90),
            octaves.max(),
        ]
        .map(|time| time.unwrap().as_micros_f64());
        assert!((50.0..50.0 * 1.125).contains(&half), "{half}");
        assert!((90.0..90.0 * 1.125).contains(&tail), "{tail}");
        assert!((100.0..100.0 * 1.125).contains(&most), "{most}");
        assert_eq!(Octaves::default().max(), None);
    }

    #[test]
    fn an_hour_has_a_bucket_of_its_own() {
        assert!(bucket(crate::histograms::LONGEST) < BUCKETS - 1);
    }
}
