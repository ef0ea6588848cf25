//! A process of the server, as the kernel sees it; for a server on this machine whose process was named.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Nanos;

/// What a process and its descendants use, within a slice of time.
///
/// Memory that several of them share is counted for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Watched {
    /// Resident memory in bytes, at its largest.
    pub memory_bytes: u64,
    /// Processor time used meanwhile.
    pub cpu_us: Nanos,
    /// Open descriptors, at their most.
    pub descriptors: u64,
}

impl Watched {
    /// Add what another slice of the same process, or another shard's server, used.
    pub fn merge(&mut self, other: &Self) {
        self.memory_bytes = self.memory_bytes.max(other.memory_bytes);
        self.cpu_us = self.cpu_us + other.cpu_us;
        self.descriptors = self.descriptors.max(other.descriptors);
    }
}
