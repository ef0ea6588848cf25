//! What is counted, for `/metrics` and the list of streams. Each thread counts for itself.

use std::time::Duration;

use serde::Serialize;

use crate::truth::End;

/// What one worker counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkerCounters {
    /// Subscribers connected now.
    pub subscribers: u64,
    /// Subscribers ever admitted.
    pub admitted: u64,
    /// Events written.
    pub events: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Bytes that wait for slow subscribers now.
    pub backlog_bytes: u64,
    /// Ended responses by reason, in the order of `End::ALL`.
    pub ended: [u64; End::ALL.len()],
}

impl WorkerCounters {
    /// Adds another worker's counters.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.subscribers += other.subscribers;
        self.admitted += other.admitted;
        self.events += other.events;
        self.bytes += other.bytes;
        self.backlog_bytes += other.backlog_bytes;
        for (mine, theirs) in self.ended.iter_mut().zip(other.ended) {
            *mine += theirs;
        }
    }

    /// Counts the end of a response.
    pub(crate) fn count_end(&mut self, end: End) {
        let position = End::ALL
            .iter()
            .position(|&other| other == end)
            .expect("ALL lists every reason");
        self.ended[position] += 1;
    }
}

/// What the pacer counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct PacerCounters {
    /// Events emitted by all sources, ever.
    pub events: u64,
    /// The sum of emitted - due over all of them.
    pub lateness: Duration,
    /// The largest emitted - due.
    pub max_lateness: Duration,
    /// All sources that are known, by number.
    pub sources: Vec<SourceSummary>,
}

/// One line of the list of streams.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SourceSummary {
    /// Its name, `t1`.
    pub stream: String,
    /// `prices`, `chat` or `topic`.
    pub kind: &'static str,
    /// The topic's name, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Whether others with the same parameters share it.
    pub shared: bool,
    /// Events emitted.
    pub events: u64,
    /// Subscribers connected now.
    pub subscribers: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_adds_every_field() {
        let mut one = WorkerCounters {
            subscribers: 1,
            admitted: 2,
            events: 3,
            bytes: 4,
            backlog_bytes: 5,
            ended: [0; End::ALL.len()],
        };
        one.count_end(End::Slow);
        let mut sum = one.clone();
        sum.merge(&one);
        let all = [
            sum.subscribers,
            sum.admitted,
            sum.events,
            sum.bytes,
            sum.backlog_bytes,
        ];
        assert_eq!(all, [2, 4, 6, 8, 10]);
        assert_eq!(sum.ended, [0, 0, 0, 0, 2, 0]);
    }
}
