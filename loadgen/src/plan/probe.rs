//! The plan of the two streams that run beside a load, in a process of their own.
//! It must not know what is made of what they see.

use super::{Load, Output, Plan, Share, TracePlan};
use crate::schedule::Arrivals;
use std::path::PathBuf;
use std::time::Duration;

/// One stream before the load and one after it: a server that serves its streams in turn has the load between them.
const STREAMS: u32 = 2;
/// Time from the last start of the load to the second of the probe.
const BEHIND: Duration = Duration::from_millis(500);
/// The run ends the probe; it ends by itself only where nobody does.
const LONGER: Duration = Duration::from_secs(10);

impl Plan {
    /// The same requests for the same time on two streams; nothing but the record, in `record`, comes of it.
    #[must_use]
    pub fn of_probe(self, record: PathBuf) -> Self {
        Self {
            load: Load {
                connections: STREAMS,
                share: Share::WHOLE,
                processes: 1,
                // Starts lie evenly in the ramp, from its begin on: the second of two in its middle.
                ramp: self
                    .load
                    .ramp
                    .saturating_add(BEHIND)
                    .saturating_mul(STREAMS),
                arrivals: Arrivals::Constant,
                hold: self.load.hold.saturating_add(LONGER),
                workers: 1,
                ..self.load
            },
            limits: Vec::new(),
            trace: TracePlan {
                streams: 0,
                ..self.trace
            },
            output: Output {
                record: Some(record),
                reports: Vec::new(),
                raw: None,
                on_change: None,
                json: false,
                live_json: false,
                progress: false,
                ..self.output
            },
            ..self
        }
    }
}
