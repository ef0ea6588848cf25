//! The times in which the generator itself did not run: it was stopped, or its processor was taken away.
//!
//! They are the generator's, never the server's. This file must not know how a hiccup is found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{Interval, Nanos, Wall};

/// The most hiccups that are kept with their times; all are counted.
pub const MAX_HICCUPS: usize = 16;

/// A time in which a process of the generator did not run although it should have.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Hiccup {
    /// How long it was.
    pub lasted_us: Nanos,
    /// When it began.
    pub from_us: Wall,
}

impl Hiccup {
    /// The window of a hiccup, in whole microseconds as a record keeps it.
    pub fn of(window: Interval) -> Self {
        let from_us = window.earliest.whole_micros();
        Self {
            lasted_us: window.latest.whole_micros() - from_us,
            from_us,
        }
    }

    /// From its beginning to its end.
    pub fn window(&self) -> Interval {
        Interval::new(self.from_us, self.from_us + self.lasted_us)
    }
}

/// How often the generator did not run, and the longest of these times.
///
/// Each process counts its own, and merging keeps the longest of all: two processes that were stopped together have
/// two hiccups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Hiccups {
    /// All of them.
    count: u64,
    /// The longest, longest first, at most 16.
    longest: Vec<Hiccup>,
}

impl Hiccups {
    /// Count a hiccup; it is kept if it is among the longest.
    pub fn observe(&mut self, hiccup: Hiccup) {
        self.count = self.count.saturating_add(1);
        self.keep(&[hiccup]);
    }

    /// Add the hiccups of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.keep(&other.longest);
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.count = 0;
        self.longest.clear();
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest ones, longest first.
    pub fn longest(&self) -> &[Hiccup] {
        &self.longest
    }

    fn keep(&mut self, more: &[Hiccup]) {
        self.longest.extend_from_slice(more);
        self.longest
            .sort_unstable_by_key(|hiccup| std::cmp::Reverse(*hiccup));
        self.longest.truncate(MAX_HICCUPS);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn observed(hiccups: &[(u64, u64)]) -> Hiccups {
        let mut all = Hiccups::default();
        for &(from, lasted) in hiccups {
            let from = Wall::from_epoch_micros(from);
            all.observe(Hiccup::of(Interval::new(
                from,
                from + Nanos::from_micros(lasted),
            )));
        }
        all
    }

    fn merged(one: &Hiccups, other: &Hiccups) -> Hiccups {
        let mut sum = one.clone();
        sum.merge(other);
        sum
    }

    fn some() -> impl Strategy<Value = Vec<(u64, u64)>> {
        prop::collection::vec((0_u64..100, 0_u64..50), 0..40)
    }

    proptest! {
        #[test]
        fn no_order_and_no_sharding_changes_what_is_kept(a in some(), b in some(), c in some()) {
            let whole = observed(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (observed(&a), observed(&b), observed(&c));
            prop_assert_eq!(&merged(&merged(&a, &b), &c), &whole);
            prop_assert_eq!(&merged(&c, &merged(&b, &a)), &whole);
        }
    }

    #[test]
    fn the_longest_are_kept_and_all_are_counted() {
        let all: Vec<_> = (0..40).map(|number| (number * 1_000, number)).collect();
        let hiccups = observed(&all);
        assert_eq!(
            (hiccups.count(), hiccups.longest().len()),
            (40, MAX_HICCUPS)
        );
        assert_eq!(hiccups.longest()[0].lasted_us, Nanos::from_micros(39));
        let window = hiccups.longest()[0].window();
        assert_eq!(window.latest, Wall::from_epoch_micros(39_039));
    }
}
