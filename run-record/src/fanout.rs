//! How evenly one published event reaches all its subscribers, from a bounded sample of events.
//!
//! Which events are sampled depends on their hash alone, so that all workers, processes and
//! machines sample the same ones without talking to each other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::histograms::{LONGEST, empty_histogram};
use crate::time::{Nanos, Wall};

/// The most events that are kept.
pub const MAX_SAMPLES: usize = 4_096;

/// One published event, as seen by all subscribers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The earliest arrival.
    pub first: Wall,
    /// The latest arrival.
    pub last: Wall,
    /// How many subscribers it reached.
    pub reach: u32,
}

impl Spread {
    fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.reach = self.reach.saturating_add(other.reach);
    }
}

/// A sample of published events: all those whose hash is at most a threshold.
///
/// The threshold is halved whenever more than [`MAX_SAMPLES`] would be kept. What remains is
/// therefore the same in whichever order arrivals and shards come. Arrivals are kept in whole
/// microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "StoredFanout", into = "StoredFanout")]
#[schemars(with = "StoredFanout")]
pub struct Fanout {
    threshold: u64,
    samples: HashMap<u64, Spread, BuildHasherDefault<Identity>>,
}

impl Default for Fanout {
    fn default() -> Self {
        Self {
            threshold: u64::MAX,
            samples: HashMap::default(),
        }
    }
}

impl Fanout {
    /// Count an arrival of event `sequence` of the published stream `stream` at one subscriber.
    ///
    /// `stream` is any number that all subscribers of the same publication share, in all
    /// processes (a hash of its name, not an index). A duplicate at the same subscriber must not
    /// be observed again. Allocates only while the table grows to its bound.
    #[inline]
    pub fn observe(&mut self, stream: u64, sequence: u64, arrival: Wall) {
        let hash = mix(stream, sequence);
        if hash <= self.threshold {
            let at = arrival.whole_micros();
            self.insert(
                hash,
                Spread {
                    first: at,
                    last: at,
                    reach: 1,
                },
            );
        }
    }

    /// Add the arrivals of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.threshold = self.threshold.min(other.threshold);
        let threshold = self.threshold;
        self.samples.retain(|&hash, _| hash <= threshold);
        for (&hash, spread) in &other.samples {
            if hash <= self.threshold {
                self.insert(hash, *spread);
            }
        }
    }

    /// Forget the samples; keep the memory and the threshold.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// How many events are in the sample.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether no event is in the sample.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The sampled events by their first arrival.
    pub fn by_time(&self) -> Vec<Spread> {
        let mut spreads: Vec<_> = self.samples.values().copied().collect();
        spreads.sort_unstable_by_key(|spread| (spread.first, spread.last, spread.reach));
        spreads
    }

    /// First to last client, for the sampled events that reached more than one.
    pub fn spread_histogram(&self) -> Histogram<u64> {
        let mut histogram = empty_histogram();
        for spread in self.samples.values().filter(|spread| spread.reach > 1) {
            let Nanos(between) = spread.last - spread.first;
            histogram.saturating_record(between.min(LONGEST.0));
        }
        histogram
    }

    /// The smallest and the largest number of subscribers that a sampled event reached.
    pub fn reach(&self) -> Option<(u32, u32)> {
        let reaches = || self.samples.values().map(|spread| spread.reach);
        Some((reaches().min()?, reaches().max()?))
    }

    fn insert(&mut self, hash: u64, spread: Spread) {
        match self.samples.entry(hash) {
            Entry::Occupied(mut known) => known.get_mut().merge(&spread),
            Entry::Vacant(vacant) => {
                vacant.insert(spread);
                self.keep_bound();
            }
        }
    }

    #[inline]
    fn keep_bound(&mut self) {
        while self.samples.len() > MAX_SAMPLES {
            self.threshold >>= 1;
            let threshold = self.threshold;
            self.samples.retain(|&hash, _| hash <= threshold);
        }
    }
}

/// Spreads stream and sequence evenly over 64 bits (the finaliser of splitmix64, twice).
#[inline]
fn mix(stream: u64, sequence: u64) -> u64 {
    finalise(finalise(stream).wrapping_add(sequence))
}

#[inline]
fn finalise(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Keys are hashes already. Below a threshold their high bits are all zero, and the table takes
/// its tags from the high bits: they are turned round.
#[derive(Clone, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number.rotate_right(32);
    }
}

/// The form in a record.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Fanout")]
struct StoredFanout {
    /// Events whose hash is at most this are in the sample; hexadecimal.
    threshold: Hex,
    /// By time of first arrival.
    samples: Vec<StoredSpread>,
}

/// One published event of the sample.
#[derive(Serialize, Deserialize, JsonSchema)]
struct StoredSpread {
    /// Hash of stream and sequence; hexadecimal.
    hash: Hex,
    /// Earliest arrival.
    first_us: Wall,
    /// Latest arrival.
    last_us: Wall,
    /// Subscribers reached.
    reach: u32,
}

/// A number of 64 bits as text, because readers of JSON keep only 53 of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
struct Hex(u64);

impl From<Hex> for String {
    fn from(Hex(number): Hex) -> Self {
        format!("{number:016x}")
    }
}

impl TryFrom<String> for Hex {
    type Error = std::num::ParseIntError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16).map(Self)
    }
}

impl From<Fanout> for StoredFanout {
    fn from(fanout: Fanout) -> Self {
        let mut samples: Vec<_> = fanout
            .samples
            .iter()
            .map(|(&hash, spread)| StoredSpread {
                hash: Hex(hash),
                first_us: spread.first,
                last_us: spread.last,
                reach: spread.reach,
            })
            .collect();
        samples.sort_unstable_by_key(|sample| (sample.first_us, sample.hash));
        Self {
            threshold: Hex(fanout.threshold),
            samples,
        }
    }
}

impl From<StoredFanout> for Fanout {
    fn from(stored: StoredFanout) -> Self {
        let mut fanout = Self {
            threshold: stored.threshold.0,
            ..Self::default()
        };
        for sample in stored.samples {
            if sample.hash.0 <= fanout.threshold {
                let (first, last) = (sample.first_us, sample.last_us);
                fanout.insert(
                    sample.hash.0,
                    Spread {
                        first,
                        last,
                        reach: sample.reach,
                    },
                );
            }
        }
        fanout
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn observed(arrivals: &[(u64, u64)]) -> Fanout {
        let mut fanout = Fanout::default();
        for &(sequence, micros) in arrivals {
            fanout.observe(7, sequence, Wall::from_epoch_micros(micros));
        }
        fanout
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn no_order_and_no_sharding_changes_the_sample(
            arrivals in prop::collection::vec((0_u64..20_000, 0_u64..1_000_000), 0..12_000),
            cut in 0_usize..12_000,
        ) {
            let whole = observed(&arrivals);
            let backwards: Vec<_> = arrivals.iter().rev().copied().collect();
            prop_assert_eq!(&observed(&backwards), &whole);

            let (one, other) = arrivals.split_at(cut.min(arrivals.len()));
            let mut merged = observed(one);
            merged.merge(&observed(other));
            prop_assert_eq!(&merged, &whole);
            let mut other_way = observed(other);
            other_way.merge(&observed(one));
            prop_assert_eq!(&other_way, &whole);
        }
    }

    #[test]
    fn each_event_is_spread_from_its_first_to_its_last_client() {
        let fanout = observed(&[(1, 100), (2, 500), (1, 130), (1, 90)]);
        let at = Wall::from_epoch_micros;
        assert_eq!(
            fanout.by_time(),
            [
                Spread {
                    first: at(90),
                    last: at(130),
                    reach: 3
                },
                Spread {
                    first: at(500),
                    last: at(500),
                    reach: 1
                },
            ]
        );
        assert_eq!(fanout.reach(), Some((1, 3)));
        let spread = fanout.spread_histogram();
        assert_eq!((spread.len(), spread.count_at(40_000)), (1, 1));
    }

    #[test]
    fn the_sample_is_bounded_and_complete_below_its_threshold() {
        let arrivals: Vec<_> = (0..100_000).map(|sequence| (sequence, sequence)).collect();
        let fanout = observed(&arrivals);
        assert!(fanout.len() <= MAX_SAMPLES && fanout.len() > MAX_SAMPLES / 3);
        let below = (0..100_000)
            .filter(|&sequence| mix(7, sequence) <= fanout.threshold)
            .count();
        assert_eq!(fanout.len(), below);
    }

    #[test]
    fn a_record_gives_back_the_sample() {
        let fanout = observed(&(0..9_000).map(|n| (n, n * 3)).collect::<Vec<_>>());
        let json = serde_json::to_string(&fanout).unwrap();
        assert_eq!(serde_json::from_str::<Fanout>(&json).unwrap(), fanout);
    }
}
