//! The machine and the tool that made a record, without a host name.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One machine with one version of the tool.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(default)]
pub struct Environment {
    /// Tool and version, such as `loadgen 0.1.0`.
    pub tool: String,
    /// Operating system, such as `Debian GNU/Linux 12`.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Processor architecture.
    pub arch: String,
    /// Cores that the tool may use.
    pub cores: u32,
    /// Memory of the machine in bytes.
    pub memory_bytes: u64,
}

/// The environments of all shards, each once.
pub type Environments = BTreeSet<Environment>;
