//! Every event of every stream, kept without bound: what tests compare with the truth, event by event.

use super::Class;
use run_record::time::{Interval, Wall};

/// What was tapped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tap {
    /// The events, in the order in which each worker booked them.
    pub events: Vec<Tapped>,
    /// Subscriber, stream and request id of each stream.
    pub streams: Vec<(u32, u32, String)>,
}

/// One event as a test sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tapped {
    /// Number of the subscriber.
    pub subscriber: u32,
    /// Number of its stream, from 0.
    pub stream: u32,
    /// Number of the event in its sequence.
    pub seq: Option<u64>,
    /// When it arrived.
    pub arrival: Interval,
    /// How exactly that is known.
    pub class: Class,
    /// When it was read.
    pub read: Wall,
}

impl Tap {
    /// Adds what another worker has tapped.
    pub fn append(&mut self, mut other: Tap) {
        self.events.append(&mut other.events);
        self.streams.append(&mut other.streams);
    }
}
