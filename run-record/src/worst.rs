//! The ten worst streams, with what helps to find them in a server's log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{Nanos, Wall};

/// The most streams that are kept.
pub const MAX_WORST: usize = 10;

/// How bad a stream was: by its slowest delivery, or by its longest gap where no event had a due
/// time. A delivery outranks every gap.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Badness {
    /// Longest gap.
    #[serde(rename = "gap_us")]
    Gap(Nanos),
    /// Slowest delivery.
    #[serde(rename = "delivery_us")]
    Delivery(Nanos),
}

/// One of the worst streams, as it stood when it was worst.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct WorstStream {
    /// How bad it was.
    #[serde(flatten)]
    pub badness: Badness,
    /// Number of the subscriber, from 0.
    pub subscriber: u64,
    /// Number of the stream of that subscriber, from 0.
    pub stream: u32,
    /// When the slowest event arrived.
    pub at_us: Wall,
    /// Remote address.
    pub remote: String,
    /// Events received until then.
    pub events: u64,
    /// Headers that name the request, by the allow-list of `redact::request_ids`.
    pub request_ids: Vec<(String, String)>,
}

/// The worst streams, worst first, each subscriber and stream once.
///
/// An entry is taken or dropped as a whole; the order of entries alone decides, so shards and
/// snapshots merge in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<WorstStream>", into = "Vec<WorstStream>")]
#[schemars(with = "Vec<WorstStream>")]
pub struct Worst {
    streams: Vec<WorstStream>,
}

impl Worst {
    /// Whether a stream that bad might be kept: worth asking before an entry is made.
    #[inline]
    pub fn would_keep(&self, badness: Badness) -> bool {
        self.streams.len() < MAX_WORST
            || self
                .streams
                .last()
                .is_some_and(|least| badness >= least.badness)
    }

    /// Offer a stream; it is kept if it is among the worst.
    pub fn offer(&mut self, mut stream: WorstStream) {
        stream.at_us = stream.at_us.whole_micros();
        let same = |known: &WorstStream| {
            (known.subscriber, known.stream) == (stream.subscriber, stream.stream)
        };
        if let Some(known) = self.streams.iter_mut().find(|known| same(known)) {
            if stream > *known {
                *known = stream;
            }
        } else {
            self.streams.push(stream);
        }
        self.streams.sort_by(|one, other| other.cmp(one));
        self.streams.truncate(MAX_WORST);
    }

    /// Add the streams of `other`.
    pub fn merge(&mut self, other: &Self) {
        for stream in &other.streams {
            self.offer(stream.clone());
        }
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.streams.clear();
    }

    /// The worst streams, worst first.
    pub fn iter(&self) -> impl Iterator<Item = &WorstStream> + '_ {
        self.streams.iter()
    }
}

impl From<Vec<WorstStream>> for Worst {
    fn from(streams: Vec<WorstStream>) -> Self {
        let mut worst = Self::default();
        streams.into_iter().for_each(|stream| worst.offer(stream));
        worst
    }
}

impl From<Worst> for Vec<WorstStream> {
    fn from(worst: Worst) -> Self {
        worst.streams
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream((subscriber, micros, by_delivery): (u64, u64, bool)) -> WorstStream {
        let badness = if by_delivery {
            Badness::Delivery
        } else {
            Badness::Gap
        };
        WorstStream {
            badness: badness(Nanos::from_micros(micros)),
            subscriber,
            stream: 0,
            at_us: Wall::from_epoch_micros(micros),
            remote: "127.0.0.1:80".to_owned(),
            events: micros,
            request_ids: vec![("x-request-id".to_owned(), "7".to_owned())],
        }
    }

    fn offered(streams: &[(u64, u64, bool)]) -> Worst {
        let mut worst = Worst::default();
        streams.iter().for_each(|&each| worst.offer(stream(each)));
        worst
    }

    proptest! {
        #[test]
        fn no_order_and_no_sharding_changes_the_worst(
            a in prop::collection::vec((0_u64..20, 0_u64..50, any::<bool>()), 0..40),
            b in prop::collection::vec((0_u64..20, 0_u64..50, any::<bool>()), 0..40),
        ) {
            let mut merged = offered(&b);
            merged.merge(&offered(&a));
            let whole = offered(&[a.clone(), b].concat());
            prop_assert_eq!(&merged, &whole);
            prop_assert!(whole.streams.len() <= MAX_WORST);
            let json = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(serde_json::from_str::<Worst>(&json).unwrap(), whole);
        }

        #[test]
        fn what_would_not_be_kept_changes_nothing(
            a in prop::collection::vec((0_u64..20, 0_u64..50, any::<bool>()), 0..40),
            next in (0_u64..20, 0_u64..50, any::<bool>()),
        ) {
            let worst = offered(&a);
            if !worst.would_keep(stream(next).badness) {
                let mut after = worst.clone();
                after.offer(stream(next));
                prop_assert_eq!(after, worst);
            }
        }
    }

    #[test]
    fn the_worst_come_first_and_deliveries_before_gaps() {
        let worst = offered(&[(1, 10, true), (2, 99, false), (3, 30, true)]);
        let order: Vec<_> = worst.iter().map(|stream| stream.subscriber).collect();
        assert_eq!(order, [3, 1, 2]);
    }
}
