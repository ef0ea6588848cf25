//! What was asked for. Whoever fills it in redacts first: see `redact`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Nanos;

/// A run as asked for.
///
/// A shard states its own share of `connections` and `rate_per_s`: they add up when shards are
/// merged. All else is the same in all shards of a run; where it is not, the larger one is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "Plan")]
pub struct PlanRecord {
    /// URL, redacted by `redact::url`.
    pub url: String,
    /// Request method.
    pub method: String,
    /// Names of the request headers that were given, without their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_headers: Vec<String>,
    /// Length of the request body in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body_bytes: Option<u64>,
    /// Rows of the table of users, where each subscriber had values of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<u64>,
    /// Subscribers.
    pub connections: u64,
    /// Connections to open per second, where a rate was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<u64>,
    /// Time over which the connections are opened, where a ramp was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp_us: Option<Nanos>,
    /// How their starts lie in it, where not evenly: `poisson, seed 1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<String>,
    /// How long to measure, the ramp included; absent where the target decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<Nanos>,
    /// Where the events name their send time, as `--sent-at` spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
    /// What loss, duplicates and order are told by, in a few words: `target-server's sequence
    /// numbers`, `the id of the events`, `/seq of the data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence_by: Option<String>,
    /// The verdict demanded, as `--expect` spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// The command line, redacted by `redact::command_line`.
    pub command_line: Vec<String>,
}

impl PlanRecord {
    /// Add the share of another shard.
    pub fn merge(&mut self, other: &Self) {
        // Destructured, so that a new field cannot be forgotten.
        let Self {
            url,
            method,
            request_headers,
            request_body_bytes,
            users,
            connections,
            rate_per_s,
            ramp_us,
            arrivals,
            duration_us,
            sent_at,
            sequence_by,
            expect,
            command_line,
        } = self;
        *connections = connections.saturating_add(other.connections);
        if let Some(more) = other.rate_per_s {
            *rate_per_s = Some(rate_per_s.unwrap_or(0).saturating_add(more));
        }
        keep_larger(url, &other.url);
        keep_larger(method, &other.method);
        keep_larger(request_headers, &other.request_headers);
        keep_larger(request_body_bytes, &other.request_body_bytes);
        keep_larger(users, &other.users);
        keep_larger(ramp_us, &other.ramp_us);
        keep_larger(arrivals, &other.arrivals);
        keep_larger(duration_us, &other.duration_us);
        keep_larger(sent_at, &other.sent_at);
        keep_larger(sequence_by, &other.sequence_by);
        keep_larger(expect, &other.expect);
        keep_larger(command_line, &other.command_line);
    }
}

fn keep_larger<T: Ord + Clone>(mine: &mut T, theirs: &T) {
    if theirs > mine {
        mine.clone_from(theirs);
    }
}
