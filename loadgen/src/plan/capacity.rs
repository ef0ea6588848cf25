//! How the most subscribers that a server carries are searched for.
//! It must not know how many are tried next.

use std::time::Duration;

/// How each number of subscribers is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityPlan {
    /// Time for which it is held once all have had an event.
    pub hold: Duration,
    /// Each subscriber must have its first event within this time of its request.
    pub first_event: Duration,
    /// Time between two connections that are opened.
    pub gap: Duration,
    /// A process of the server on this machine.
    pub watch_pid: Option<u32>,
}

impl CapacityPlan {
    /// Time over which so many connections are opened.
    pub fn ramp_of(&self, subscribers: u32) -> Duration {
        self.gap.saturating_mul(subscribers)
    }
}
