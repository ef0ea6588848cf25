//! Whether the numbers can be trusted: what the generator measured about itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a check says about the run.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// Within its limit.
    Ok,
    /// Beyond its limit, and the numbers hold all the same.
    Warn,
    /// Beyond its limit, with damage that cannot be corrected: the run is INVALID.
    Invalid,
}

/// On which side of its limit a value should be.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// A larger value is worse.
    AtMost,
    /// A smaller value is worse.
    AtLeast,
}

/// One value that the generator measured about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// The measured value, always finite.
    pub value: f64,
    /// The limit it is held against, always finite.
    pub limit: f64,
    /// On which side of the limit it should be.
    pub bound: Bound,
    /// Unit of both: `us`, `%`, `B`, or empty for a count.
    pub unit: String,
    /// What that means for the run.
    pub status: CheckStatus,
}

impl Check {
    /// A value against the largest that is well; `beyond` is the status of a larger one.
    pub fn at_most(value: f64, limit: f64, unit: &str, beyond: CheckStatus) -> Self {
        Self::new(value, limit, Bound::AtMost, unit, beyond)
    }

    /// A value against the smallest that is well; `beyond` is the status of a smaller one.
    pub fn at_least(value: f64, limit: f64, unit: &str, beyond: CheckStatus) -> Self {
        Self::new(value, limit, Bound::AtLeast, unit, beyond)
    }

    fn new(value: f64, limit: f64, bound: Bound, unit: &str, beyond: CheckStatus) -> Self {
        let kept = match bound {
            Bound::AtMost => value <= limit,
            Bound::AtLeast => value >= limit,
        };
        let status = if kept { CheckStatus::Ok } else { beyond };
        // JSON has no number for infinity or for what is no number.
        let finite = |number: f64| if number.is_finite() { number } else { f64::MAX };
        Self {
            value: finite(value),
            limit: finite(limit),
            bound,
            unit: unit.to_owned(),
            status,
        }
    }

    /// Sorts the better one first.
    fn by_badness(&self, other: &Self) -> std::cmp::Ordering {
        let values = match self.bound {
            Bound::AtMost => self.value.total_cmp(&other.value),
            Bound::AtLeast => other.value.total_cmp(&self.value),
        };
        // All fields, so that equal means the same: the merge must not depend on the order.
        self.status
            .cmp(&other.status)
            .then(self.bound.cmp(&other.bound))
            .then(values)
            .then(self.limit.total_cmp(&other.limit))
            .then(self.unit.cmp(&other.unit))
    }
}

/// The checks of a run by name, such as `schedule_lag.p99`, `cpu`, `stamp_coverage`.
///
/// Merging keeps the worse of two checks of the same name: a run is as fit as its worst shard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SelfCheck {
    checks: BTreeMap<String, Check>,
}

impl SelfCheck {
    /// Add a check; the worse one of the same name is kept.
    pub fn observe(&mut self, name: &str, check: Check) {
        match self.checks.get_mut(name) {
            Some(known) if known.by_badness(&check).is_lt() => *known = check,
            Some(_) => {}
            None => {
                self.checks.insert(name.to_owned(), check);
            }
        }
    }

    /// Add the checks of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (name, check) in &other.checks {
            self.observe(name, check.clone());
        }
    }

    /// The worst status; `Ok` without a check.
    pub fn status(&self) -> CheckStatus {
        self.checks
            .values()
            .map(|check| check.status)
            .max()
            .unwrap_or(CheckStatus::Ok)
    }

    /// Whether nothing was checked.
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// Name and check, the worst status first, then by name.
    pub fn by_status(&self) -> Vec<(&str, &Check)> {
        let mut checks: Vec<_> = self
            .checks
            .iter()
            .map(|(name, check)| (name.as_str(), check))
            .collect();
        checks.sort_by_key(|(_, check)| std::cmp::Reverse(check.status));
        checks
    }

    /// A check by its name.
    pub fn get(&self, name: &str) -> Option<&Check> {
        self.checks.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_check_is_kept_in_either_order() {
        let coverage = |value| Check::at_least(value, 99.0, "%", CheckStatus::Invalid);
        for values in [[99.9, 98.0], [98.0, 99.9]] {
            let mut checks = SelfCheck::default();
            values
                .into_iter()
                .for_each(|value| checks.observe("stamp_coverage", coverage(value)));
            assert_eq!(checks.get("stamp_coverage"), Some(&coverage(98.0)));
            assert_eq!(checks.status(), CheckStatus::Invalid);
        }
    }

    #[test]
    fn what_is_no_number_is_beyond_every_limit() {
        let check = Check::at_most(f64::NAN, 10.0, "us", CheckStatus::Warn);
        assert_eq!((check.status, check.value), (CheckStatus::Warn, f64::MAX));
    }
}
