//! How many subscribers a server carries: what `loadgen capacity` found, step by step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::end::Exit;
use crate::limits::LimitResult;
use crate::self_check::CheckStatus;
use crate::time::Nanos;
use crate::watched::Watched;

/// Name and version of the document.
pub const SCHEMA: &str = "streamgauge.capacity/1";

/// What was found.
///
/// A step is *carried* when every one of its subscribers had its first event within `first_event_us`, every stream stayed
/// open until the end of the step, and every limit was met. A server that takes a connection and lets it wait for a response
/// head does not carry it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Capacity {
    /// Name and major version of the format: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// URL, redacted.
    pub url: String,
    /// The limits, as given.
    pub limits: Vec<String>,
    /// Each subscriber must have its first event within this time of its request.
    pub first_event_us: Nanos,
    /// The most subscribers that were to be tried.
    pub up_to: u32,
    /// The most subscribers that were carried; 0 if not even one was.
    pub carried: u32,
    /// The fewest that were not, if the end was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke_at: Option<u32>,
    /// What did not allow more.
    pub limited_by: LimitedBy,
    /// The same in a sentence, with figures.
    pub reason: String,
    /// Resident memory of the server for each further subscriber, in KiB; where its process was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kib_per_subscriber: Option<f64>,
    /// Processor time of the server for each event that it sent to a subscriber; where its process was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_per_event_us: Option<Nanos>,
    /// What was tried, in this order.
    pub steps: Vec<Step>,
    /// What the command exits with.
    pub exit: Exit,
}

/// What did not allow more subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitedBy {
    /// The server.
    Server,
    /// The way to it: segments were lost, or connections not answered at all.
    Network,
    /// This machine: the result says nothing about the server but that it carried what it carried.
    Machine,
    /// Nothing: all that was to be tried was carried.
    Nothing,
    /// It cannot be told.
    Unknown,
}

/// One number of subscribers, held once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Subscribers.
    pub subscribers: u32,
    /// Whether they were carried.
    pub carried: bool,
    /// Why they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Who did not allow it; absent where they were carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_by: Option<LimitedBy>,
    /// How long it took.
    pub lasted_us: Nanos,
    /// Subscribers that had an event by the end, and an open stream.
    pub streaming: u64,
    /// Whose request is out, and who had no event.
    pub waiting: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Streams that the server ended.
    pub ended: u64,
    /// Events received.
    pub events: u64,
    /// 99 of 100 events were delivered within this; absent with too few of them, or without due times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_p99_us: Option<Nanos>,
    /// The limits with what was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitResult>,
    /// The worst of this machine's checks.
    pub self_check: CheckStatus,
    /// The server at the end of the step, its processor time that of the step; where its process was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Watched>,
}
