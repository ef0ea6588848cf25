//! Two streams in a process of their own beside the load: what the load says came late must have come late there too.
//!
//! Idea: mutilate's unloaded probe connection (measuring section 4). It must not know how the engine works.

use crate::child::Child;
use crate::commands::ci;
use anyhow::{Context, Result};
use run_record::histograms::Histograms;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use run_record::self_check::{Check, CheckStatus};
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// The option by which this program is told that it is the probe, and where its record goes.
pub(super) const OPTION: &str = "--unloaded-probe-record";

/// Times that differ by less differ by the ways of two processes through one machine.
const TOLERANCE_US: f64 = 1_000.0;
/// Events of the probe from which on its tail says something.
const ENOUGH: u64 = 20;

/// The probe while it runs; stopped when dropped.
pub(super) struct UnloadedProbe {
    process: Child,
    directory: TempDir,
}

impl UnloadedProbe {
    /// Starts this program again, with the same words and [`OPTION`].
    ///
    /// Errors: no temporary file, or the program cannot be started.
    pub(super) fn start() -> Result<Self> {
        let directory = tempfile::tempdir().context("no temporary directory for the probe")?;
        let log = File::create_new(directory.path().join("log"))?;
        let mut command = Command::new(env::current_exe()?);
        let words = env::args_os().skip(1);
        command
            .args(words.chain([OsString::from(OPTION)]))
            .arg(record_in(&directory));
        for name in ci::VARIABLES {
            command.env_remove(name);
        }
        let process = Child::start(command, log).context("the probe cannot be started")?;
        Ok(Self { process, directory })
    }

    /// Ends it. What it has measured; `None` where it has measured nothing.
    pub(super) fn end(mut self) -> Option<RunRecord> {
        self.process.stop();
        let bytes = fs::read(record_in(&self.directory)).ok()?;
        RunRecord::read(&bytes).ok()
    }
}

fn record_in(directory: &TempDir) -> PathBuf {
    directory.path().join("record.json")
}

/// Compares what the load and the probe say of the same server, and adds it to the checks of the load.
///
/// Returns why there is nothing to compare, if so.
pub(super) fn compare(load: &mut RunRecord, probe: Option<&RunRecord>) -> Option<&'static str> {
    let Some(probe) = probe else {
        return Some("the process beside the load measured nothing: nothing to compare");
    };
    let late = later(&load.total().histograms, &probe.total().histograms);
    let Some(late) = late else {
        return Some("too few events with a send time beside the load: nothing to compare");
    };
    // A server may serve two of its streams in another way than thousands, and only its operator can tell: no damage.
    let check = Check::at_most(late, TOLERANCE_US, "us", CheckStatus::Warn);
    load.self_check.observe("later_than_probe", check);
    None
}

/// By how much the median of the load lies behind nearly all that the probe saw, in microseconds: zero in a run
/// whose own process was not in the way.
fn later(load: &Histograms, probe: &Histograms) -> Option<f64> {
    let metrics = [Metric::Delivery, Metric::Transit];
    let metric = metrics
        .into_iter()
        .find(|metric| load.count(*metric) > 0 && probe.count(*metric) >= ENOUGH)?;
    let (load, probe) = (load.get(metric)?, probe.get(metric)?);
    let (median, tail) = (load.value_at_quantile(0.5), probe.value_at_quantile(0.99));
    Some(median.saturating_sub(tail) as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::time::Nanos;

    const MS: u64 = 1_000_000;

    fn transits(count: u64, from_ms: u64, to_ms: u64) -> Histograms {
        let mut histograms = Histograms::default();
        for number in 0..count {
            let sample = from_ms * MS + (to_ms - from_ms) * MS * number / count;
            histograms.record(Metric::Transit, Nanos(sample));
        }
        histograms
    }

    #[test]
    fn a_load_between_the_streams_of_the_probe_is_not_late() {
        assert_eq!(
            later(&transits(1_000, 1, 30), &transits(100, 1, 30)),
            Some(0.0)
        );
    }

    #[test]
    fn a_load_whose_median_lies_behind_the_probe_is_late_by_that() {
        let late = later(&transits(1_000, 40, 60), &transits(100, 1, 30)).expect("enough events");
        assert!((19_000.0..=21_000.0).contains(&late), "{late}");
    }

    #[test]
    fn few_events_or_another_metric_are_nothing_to_compare_with() {
        assert_eq!(later(&transits(1_000, 40, 60), &transits(19, 1, 2)), None);
        let mut delivery = Histograms::default();
        (0..100).for_each(|_| delivery.record(Metric::Delivery, Nanos(MS)));
        assert_eq!(later(&transits(1_000, 40, 60), &delivery), None);
    }
}
