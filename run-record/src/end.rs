//! How a run ended, and the exit code that says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a run ended; a later one outranks an earlier one when shards are merged.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All was done that was asked for.
    Completed,
    /// The target is there no more, or never was.
    TargetGone,
    /// Half of the last attempts were refused: stopped out of politeness.
    CircuitBreaker,
    /// It was not begun: what was asked for cannot work on this machine or is not allowed.
    Refused,
    /// By Ctrl-C or SIGTERM.
    Interrupted,
    /// By a fault of this tool, or by one that this version has no word for.
    #[serde(other)]
    Internal,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct End {
    /// Why.
    pub reason: EndReason,
    /// The same for people; empty where there is nothing to add.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl End {
    /// All was done that was asked for.
    pub fn completed() -> Self {
        Self {
            reason: EndReason::Completed,
            text: String::new(),
        }
    }

    /// Keep the graver of two ends.
    pub fn merge(&mut self, other: &Self) {
        if other > self {
            self.clone_from(other);
        }
    }
}

/// What the command exits with, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Exit {
    /// The exit code of DESIGN section 5.
    pub code: u8,
    /// Why, in one line.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_a_later_version_is_read() {
        let end: End = serde_json::from_str(r#"{"reason": "meteor"}"#).unwrap();
        assert_eq!(end.reason, EndReason::Internal);
    }
}
