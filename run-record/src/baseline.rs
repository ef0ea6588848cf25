//! An earlier run or check beside the present one: what pages compare with, so that they can be made from the record alone.
//!
//! One earlier run is no proof of a difference; `diff` is for that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits::LimitResult;
use crate::measured::Group;
use crate::metric::Metric;
use crate::time::Nanos;
use crate::verdict::Word;

/// The times that pages compare.
const TIMES: [Metric; 4] = [
    Metric::Delivery,
    Metric::Transit,
    Metric::FirstEvent,
    Metric::Gap,
];

/// What is kept of an earlier record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// The file it was read from, as named by the user.
    pub file: String,
    /// When it started: RFC 3339 in UTC, to the second.
    pub started: String,
    /// What was measured, redacted.
    pub url: String,
    /// Its verdict, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Word>,
    /// Time to the first event of the first request of a check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_first_event_us: Option<Nanos>,
    /// What became of its limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitResult>,
    /// Its counters, and the times that pages compare.
    pub total: Group,
}

impl Baseline {
    /// Of what was measured in all, the counters and the times that pages compare.
    pub(crate) fn kept(whole: &Group) -> Group {
        let mut total = Group {
            counters: whole.counters,
            ..Group::default()
        };
        for metric in TIMES {
            if let Some(samples) = whole.histograms.get(metric) {
                total.histograms.insert(metric, samples.clone(), None);
            }
        }
        total
    }

    /// The later one, where shards of a run were compared with different ones; commutative and associative.
    pub(crate) fn merge(&mut self, other: &Self) {
        let order = |it: &Self| (it.started.clone(), it.file.clone(), it.url.clone());
        if order(other) > order(self) {
            self.clone_from(other);
        }
    }
}
