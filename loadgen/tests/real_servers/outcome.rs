//! What one `loadgen run` left behind: its exit code, its words and its record.

use std::fs;
use std::process::{Command, Output};

use run_record::counters::Counters;
use run_record::record::RunRecord;

/// A finished run.
pub(crate) struct Outcome {
    output: Output,
    record: Option<RunRecord>,
}

/// What a run should have received.
pub(crate) struct Counts {
    pub(crate) subscribers: u64,
    pub(crate) events_each: u64,
}

/// Runs `loadgen run` until all streams have ended, a minute at most, and keeps its record.
///
/// Every setup numbers its events by id and says in the data when it emitted them.
pub(crate) fn run(url: &str, arguments: &[&str]) -> Outcome {
    let directory = tempfile::tempdir().expect("a directory for temporary files");
    let file = directory.path().join("run.json");
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([
            "run",
            url,
            "--for",
            "60s",
            "--seq",
            "id",
            "--sent-at",
            "json:/emitted:ns",
        ])
        .args(arguments)
        .arg("--out")
        .arg(&file)
        .output()
        .expect("loadgen was built for this test");
    let record = fs::read(&file).ok();
    let record =
        record.map(|bytes| RunRecord::read(&bytes).expect("loadgen writes records it can read"));
    Outcome { output, record }
}

impl Outcome {
    /// Every subscriber got every event once and in order, and then was told that there are no more.
    pub(crate) fn assert_counts(&self, wanted: Counts) {
        // On a machine that other tests keep busy times may be INVALID (5). What came is counted all the same.
        let code = self.output.status.code();
        assert!(matches!(code, Some(0 | 5)), "{}", self.said());
        let counters = self.counters();
        let all = wanted.subscribers * wanted.events_each;
        let found = [
            ("started", counters.subscribers.started, wanted.subscribers),
            (
                "connected",
                counters.subscribers.connected,
                wanted.subscribers,
            ),
            (
                "given up after 204",
                counters.subscribers.given_up,
                wanted.subscribers,
            ),
            ("opened", counters.connections.opened, wanted.subscribers),
            (
                "reconnects",
                counters.connections.reconnects,
                wanted.subscribers,
            ),
            ("received", counters.events.received, all),
            ("sequenced", counters.events.sequenced, all),
            ("with a send time", counters.events.with_emitted, all),
            ("before they were sent", counters.events.before_sent, 0),
            ("lost", counters.events.lost, 0),
            (
                "missed between streams",
                counters.events.missed_between_streams,
                0,
            ),
            ("duplicated", counters.events.duplicated, 0),
            ("reordered", counters.events.reordered, 0),
            ("unfinished", counters.events.unfinished, 0),
            ("truncated", counters.ends.truncated, 0),
            ("reset", counters.ends.reset, 0),
            ("broken", counters.ends.broken, 0),
        ];
        let wrong: Vec<_> = found
            .iter()
            .filter(|(_, found, wanted)| found != wanted)
            .collect();
        assert!(
            wrong.is_empty(),
            "(what, found, wanted): {wrong:?}\n{}",
            self.said()
        );
    }

    /// No stream came about, and the words say why.
    pub(crate) fn assert_no_stream(&self, why: &str) {
        assert_eq!(self.output.status.code(), Some(3), "{}", self.said());
        assert!(
            self.said().contains(why),
            "{why:?} is not in it:\n{}",
            self.said()
        );
    }

    fn counters(&self) -> Counters {
        let record = self.record.as_ref();
        record
            .unwrap_or_else(|| panic!("no record\n{}", self.said()))
            .total()
            .counters
    }

    fn said(&self) -> String {
        let Output { stdout, stderr, .. } = &self.output;
        format!(
            "{}\n{}",
            String::from_utf8_lossy(stdout),
            String::from_utf8_lossy(stderr)
        )
    }
}
