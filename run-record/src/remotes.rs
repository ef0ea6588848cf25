//! Results by remote address: which of the servers behind one name is the bad one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counters::Counters;

/// The most addresses that are kept apart.
pub const MAX_REMOTES: usize = 64;

/// Counters by remote address, the first [`MAX_REMOTES`] in the order of their text; all others
/// together in `rest`. As the choice depends on the addresses alone, shards merge in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Remotes {
    /// By address, such as `192.0.2.1:443`, `[::1]:80` or `unix:/run/app.sock`.
    by_address: BTreeMap<String, Counters>,
    /// All further addresses together.
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Counters>,
}

impl Remotes {
    /// Add the counts of one address.
    pub fn observe(&mut self, address: &str, counters: &Counters) {
        match self.by_address.get_mut(address) {
            Some(known) => known.merge(counters),
            None => {
                self.by_address.insert(address.to_owned(), *counters);
            }
        }
        while self.by_address.len() > MAX_REMOTES
            && let Some((_, surplus)) = self.by_address.pop_last()
        {
            self.rest.get_or_insert_default().merge(&surplus);
        }
    }

    /// Add the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (address, counters) in &other.by_address {
            self.observe(address, counters);
        }
        if let Some(rest) = &other.rest {
            self.rest.get_or_insert_default().merge(rest);
        }
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Address and counters, in the order of the addresses.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Counters)> + '_ {
        self.by_address
            .iter()
            .map(|(address, counters)| (address.as_str(), counters))
    }

    /// The counters of all addresses that are not kept apart.
    pub fn rest(&self) -> Option<&Counters> {
        self.rest.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn observed(addresses: &[u8]) -> Remotes {
        let mut remotes = Remotes::default();
        for (index, address) in addresses.iter().enumerate() {
            let mut counters = Counters::default();
            counters.events.received = index as u64 + 1;
            remotes.observe(&format!("192.0.2.{address}:443"), &counters);
        }
        remotes
    }

    proptest! {
        #[test]
        fn merge_is_commutative_and_associative_beyond_the_bound(
            a: Vec<u8>, b: Vec<u8>, c: Vec<u8>,
        ) {
            let (a, b, c) = (observed(&a), observed(&b), observed(&c));
            let merged = |one: &Remotes, other: &Remotes| {
                let mut sum = one.clone();
                sum.merge(other);
                sum
            };
            prop_assert_eq!(merged(&a, &b), merged(&b, &a));
            let left = merged(&merged(&a, &b), &c);
            prop_assert_eq!(&left, &merged(&a, &merged(&b, &c)));
            prop_assert!(left.by_address.len() <= MAX_REMOTES);
        }
    }
}
