//! What was measured as github-action-benchmark reads it: a list of values of which smaller ones are better.
//!
//! Source: benchmark-action/github-action-benchmark, `customSmallerIsBetter`. Types only; what is listed is the business of
//! `reports`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole document.
pub type Benchmark = Vec<Entry>;

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// What it is; the same in every run, because values are compared by it.
    pub name: String,
    /// `ms`, or what is counted.
    pub unit: String,
    /// The value in its unit.
    pub value: f64,
    /// How far it may be off, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// What was measured, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<String>,
}
