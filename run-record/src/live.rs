//! How a run goes, while it goes on: one line of JSON each second (`run --live-json`). Types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::self_check::CheckStatus;
use crate::time::Nanos;
use crate::verdict::Word;

/// Name and version of each line.
pub const SCHEMA: &str = "streamgauge.live/1";

/// One line. Rates and latencies are of the last seconds, counts are since the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Live {
    /// Name and major version of the format: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// Time since the start.
    pub elapsed_us: Nanos,
    /// How long the run is to be, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_us: Option<Nanos>,
    /// Subscribers that were asked for.
    pub subscribers: u64,
    /// Connecting, or waiting for the response head.
    pub opening: u64,
    /// With an open stream.
    pub streaming: u64,
    /// Waiting to connect again.
    pub reconnecting: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Events in the last whole second, or slice of the timeline.
    pub events_per_s: u64,
    /// Bytes per second of the whole run.
    pub bytes_per_s: u64,
    /// How late events were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// The verdict so far, looked for every five seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Word>,
    /// The worst check of this machine so far.
    pub self_check: CheckStatus,
}

/// How late events were of late; quantiles that the samples cannot carry are absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// `delivery`, else `transit`, else `gap`.
    pub metric: String,
    /// Of how long a time until now.
    pub last_us: Nanos,
    /// Median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<Nanos>,
    /// 99 of 100 are at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<Nanos>,
    /// 999 of 1,000 are at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_9_us: Option<Nanos>,
    /// The latest.
    pub max_us: Nanos,
}
