//! How a run goes, as a line of JSON for programs that watch it.

use run_record::live::{Latency, Live, SCHEMA};

use crate::terminal::Progress;

/// What the live view shows, for programs.
pub fn live(progress: &Progress<'_>) -> Live {
    let latency = progress.latency.as_ref().map(|latency| Latency {
        metric: latency.metric.name().to_owned(),
        last_us: latency.last,
        p50_us: latency.p50,
        p99_us: latency.p99,
        p99_9_us: latency.p99_9,
        max_us: latency.max,
    });
    Live {
        schema: SCHEMA.to_owned(),
        elapsed_us: progress.elapsed,
        planned_us: progress.planned,
        subscribers: progress.subscribers,
        opening: progress.opening,
        streaming: progress.streaming,
        reconnecting: progress.reconnecting,
        failed: progress.failed,
        events_per_s: progress.events_per_s,
        bytes_per_s: progress.bytes_per_s,
        latency,
        verdict: progress.verdict,
        self_check: progress.machine.status,
    }
}
