//! How the server's clock stood to that of the machine that measured: what `delivery` and `transit` are worth.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Nanos;

/// What is known of the offset between the two clocks.
///
/// Ordered by how little it is: the greatest one of a run with several shards is that of the run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ClockRecord {
    /// How it is known.
    pub basis: Basis,
    /// `delivery` and `transit` can be off by this much, at any time of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_us: Option<Nanos>,
    /// At the start: how far the server's clock was ahead, in microseconds; below zero it was behind. Send times are
    /// corrected by it, and by how it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_us: Option<i64>,
    /// How fast it changed, in nanoseconds a second (1,000 are 1 ppm); absent if the run was too short to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_ppb: Option<i64>,
    /// How far the truth can be from `drift_ppb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_bound_ppb: Option<u64>,
    /// Exchanges of clock readings that it rests on.
    #[serde(default)]
    pub exchanges: u64,
    /// Where it is from, or why it is not known.
    pub text: String,
}

/// How an offset is known, the best way first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// One machine, one clock: the offset is zero.
    SameHost,
    /// By exchanges of clock readings.
    Measured,
    /// The user has said so (`--assume-synced`).
    Assumed,
    /// It is not: events have neither `delivery` nor `transit` by times of the server.
    Unknown,
}

impl ClockRecord {
    /// Nothing but the basis and its reason.
    pub fn new(basis: Basis, text: impl Into<String>) -> Self {
        Self {
            basis,
            bound_us: None,
            offset_us: None,
            drift_ppb: None,
            drift_bound_ppb: None,
            exchanges: 0,
            text: text.into(),
        }
    }

    /// Add what another shard knows: the lesser knowledge holds for both.
    pub fn merge(&mut self, other: &Self) {
        if other > self {
            self.clone_from(other);
        }
    }
}
