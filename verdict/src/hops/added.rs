//! How much later the same events came out of one hop than out of the one before it.
//!
//! Events are the same if both streams give them the same number and the server says that they are of the same stream.

use std::collections::HashMap;

use run_record::hops::Added;
use run_record::time::{Nanos, Wall};

use crate::observations::Probe;

/// Fewer events in common are a chance, not a stream in common.
const FEW: usize = 5;

/// The delay between two hops by the events that both brought; absent where fewer than five are the same.
pub(super) fn between(before: &Probe, here: &Probe) -> Option<Added> {
    if stream(before) != stream(here) {
        return None;
    }
    let known: HashMap<u64, (Option<Wall>, Wall)> = arrivals(before).collect();
    let mut later: Vec<u64> = arrivals(here)
        .filter_map(|(number, (emitted, arrival))| {
            let (sent, earlier) = known.get(&number)?;
            // The same number of another stream has another send time.
            (*sent == emitted).then(|| (arrival - *earlier).0)
        })
        .collect();
    if later.len() < FEW {
        return None;
    }
    later.sort_unstable();
    Some(Added {
        events: later.len() as u64,
        p50_us: Nanos(later[(later.len() - 1) / 2]),
        max_us: Nanos(later[later.len() - 1]),
    })
}

/// The name that a target-server gives its stream.
fn stream(probe: &Probe) -> Option<&str> {
    probe.head.as_ref()?.header("x-stream")
}

/// Number, send time and arrival of each event that has a number.
fn arrivals(probe: &Probe) -> impl Iterator<Item = (u64, (Option<Wall>, Wall))> {
    probe.events.iter().filter_map(|event| {
        let read = probe.reads.get(event.read)?;
        Some((event.seq?, (event.emitted, read.arrival.latest)))
    })
}
