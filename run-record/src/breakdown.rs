//! Results by remote address, or by the value of a response header: which of the servers behind one name is the bad one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::histograms::Histograms;

/// The most names that are kept apart.
pub const MOST_NAMES: usize = 64;

/// What was measured on the streams of one server.
///
/// Its times are `first_event`, `delivery` and `transit` with two significant digits, upper edges: a quantile is at most
/// 1 % too high.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Portion {
    /// Attempts that became a stream.
    pub connections: u64,
    /// Attempts that did not become one, as far as it is known whose they were: by header, those that were answered.
    pub failed: u64,
    /// Streams that the other side ended.
    pub ended: u64,
    /// Events received, duplicates included.
    pub events: u64,
    /// Events never received although later ones of the same stream were.
    pub lost: u64,
    /// What was timed.
    pub histograms: Histograms,
}

impl Default for Portion {
    fn default() -> Self {
        Self {
            connections: 0,
            failed: 0,
            ended: 0,
            events: 0,
            lost: 0,
            histograms: Histograms::coarse(),
        }
    }
}

impl Portion {
    /// Add what `other` measured.
    pub fn merge(&mut self, other: &Self) {
        // Destructured, so that a new part cannot be forgotten.
        let Self {
            connections,
            failed,
            ended,
            events,
            lost,
            histograms,
        } = self;
        for (count, more) in [
            (connections, other.connections),
            (failed, other.failed),
            (ended, other.ended),
            (events, other.events),
            (lost, other.lost),
        ] {
            *count = count.saturating_add(more);
        }
        histograms.merge(&other.histograms);
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        let counts = [
            self.connections,
            self.failed,
            self.ended,
            self.events,
            self.lost,
        ];
        counts == [0; 5] && self.histograms == Histograms::default()
    }

    /// Forget everything, keep the memory.
    pub fn clear(&mut self) {
        let mut histograms = std::mem::take(&mut self.histograms);
        histograms.clear();
        *self = Self {
            histograms,
            ..Self::default()
        };
    }
}

/// Portions by name, the first [`MOST_NAMES`] in the order of their text; all others together in `rest`. As the
/// choice depends on the names alone, shards merge in any order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Breakdown {
    /// By address, such as `192.0.2.1:443`, `[::1]:80` or `unix:/run/app.sock`, or by value of the header, which is
    /// empty for streams without it.
    by_name: BTreeMap<String, Portion>,
    /// All further ones together.
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Portion>,
}

impl Breakdown {
    /// Add to the portion of one name.
    pub fn observe(&mut self, name: &str, portion: &Portion) {
        match self.by_name.get_mut(name) {
            Some(known) => known.merge(portion),
            None => {
                self.by_name.insert(name.to_owned(), portion.clone());
            }
        }
        while self.by_name.len() > MOST_NAMES
            && let Some((_, surplus)) = self.by_name.pop_last()
        {
            self.observe_rest(&surplus);
        }
    }

    /// Add to what is not kept apart.
    pub fn observe_rest(&mut self, portion: &Portion) {
        self.rest.get_or_insert_default().merge(portion);
    }

    /// Add the portions of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (name, portion) in &other.by_name {
            self.observe(name, portion);
        }
        if let Some(rest) = &other.rest {
            self.observe_rest(rest);
        }
    }

    /// Whether there is nothing to compare: one name, or none.
    pub fn is_single(&self) -> bool {
        self.by_name.len() < 2 && self.rest.is_none()
    }

    /// Names and portions, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Portion)> + '_ {
        self.by_name
            .iter()
            .map(|(name, portion)| (name.as_str(), portion))
    }

    /// All that are not kept apart.
    pub fn rest(&self) -> Option<&Portion> {
        self.rest.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metric::Metric;
    use crate::time::Nanos;

    fn observed(names: &[u8]) -> Breakdown {
        let mut breakdown = Breakdown::default();
        for (index, name) in names.iter().enumerate() {
            let mut portion = Portion {
                events: index as u64 + 1,
                ..Portion::default()
            };
            let metric = [Metric::Transit, Metric::Delivery][index % 2];
            portion
                .histograms
                .record(metric, Nanos(1_000 * u64::from(*name)));
            breakdown.observe(&format!("192.0.2.{name}:443"), &portion);
        }
        breakdown
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn merge_is_commutative_and_associative_beyond_the_bound(
            a: Vec<u8>, b: Vec<u8>, c: Vec<u8>,
        ) {
            let (a, b, c) = (observed(&a), observed(&b), observed(&c));
            let merged = |one: &Breakdown, other: &Breakdown| {
                let mut sum = one.clone();
                sum.merge(other);
                sum
            };
            prop_assert_eq!(merged(&a, &b), merged(&b, &a));
            let left = merged(&merged(&a, &b), &c);
            prop_assert_eq!(&left, &merged(&a, &merged(&b, &c)));
            prop_assert!(left.by_name.len() <= MOST_NAMES);
            let json = serde_json::to_string(&left).unwrap();
            prop_assert_eq!(serde_json::from_str::<Breakdown>(&json).unwrap(), left);
        }
    }

    #[test]
    fn a_portion_is_as_empty_as_new_once_it_was_cleared() {
        let mut portion = Portion {
            lost: 1,
            ..Portion::default()
        };
        portion.histograms.record(Metric::Delivery, Nanos(5));
        assert!(!portion.is_empty());
        portion.clear();
        assert!(portion.is_empty());
    }
}
