//! The part of `loadgen run` that says how often: the same run several times, or two targets in turns.
//! It must not know what a run is.

use std::path::{Path, PathBuf};

use clap::{Args, value_parser};
use url::Url;

use super::UsageError;
use super::values;
use crate::plan::Output;

/// Fewer runs a side can show no difference, however large (see `loadgen diff`).
const LEAST_RUNS: u16 = 4;
/// What is better.
const USUAL_RUNS: u16 = 10;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Repetition")]
pub(super) struct SeriesArgs {
    /// Run N times; --out run.json writes run-01.json and so on
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=999))]
    repeat: Option<u16>,

    /// In turns with runs of this address, which the others are compared with
    ///
    /// Ten of each unless --repeat says. --out run.json writes run-baseline-01.json and so on beside them. The page,
    /// --json and the exit code are those of `loadgen diff`; a limit missed by the other side counts too.
    #[arg(long, value_name = "URL", value_parser = values::http_url)]
    baseline_url: Option<Url>,

    /// This process is one of the runs, and its record goes here
    #[arg(long, value_name = "FILE", hide = true)]
    series_record: Option<PathBuf>,

    /// It is one of the baseline
    #[arg(long, hide = true)]
    series_baseline: bool,
}

/// Several runs, each a process of its own.
#[derive(Debug)]
pub struct Series {
    /// Runs of each side, at least 1; with a baseline at least 4.
    pub repeat: u16,
    /// Whether runs of a baseline take turns with the others.
    pub has_baseline: bool,
    /// What is shown and written of them all.
    pub output: Output,
}

impl SeriesArgs {
    /// Runs of each side, and whether there are two; `None` where this is a single run.
    ///
    /// Errors: a baseline with fewer runs than could be compared.
    pub(super) fn asked(&self) -> Result<Option<(u16, bool)>, UsageError> {
        if self.series_record.is_some() {
            return Ok(None);
        }
        let has_baseline = self.baseline_url.is_some();
        match self.repeat {
            Some(repeat) if has_baseline && repeat < LEAST_RUNS => {
                Err(UsageError::FewRepeats(repeat))
            }
            Some(repeat) => Ok(Some((repeat, has_baseline))),
            None => Ok(has_baseline.then_some((USUAL_RUNS, true))),
        }
    }

    /// The address that this process measures.
    pub(super) fn url(&self, asked: Url) -> Url {
        match (&self.baseline_url, self.series_baseline) {
            (Some(baseline), true) => baseline.clone(),
            _ => asked,
        }
    }

    /// Nothing but the record comes of one run of a series.
    pub(super) fn output(&self, asked: Output) -> Output {
        match &self.series_record {
            Some(record) => Output {
                record: Some(record.clone()),
                reports: Vec::new(),
                raw: None,
                on_change: None,
                json: false,
                live_json: false,
                progress: false,
                ..asked
            },
            None => asked,
        }
    }
}

impl Series {
    /// The file of a run, from 1: `run-01.json` or `run-baseline-01.json` for `run.json`.
    pub fn file(&self, out: &Path, is_baseline: bool, number: u16) -> PathBuf {
        let digits = self.repeat.to_string().len().max(2);
        let side = if is_baseline { "-baseline" } else { "" };
        let mut name = out.file_stem().unwrap_or_default().to_owned();
        name.push(format!("{side}-{number:0digits$}"));
        if let Some(ending) = out.extension() {
            name.push(".");
            name.push(ending);
        }
        out.with_file_name(name)
    }

    /// The words that make another process one of the runs; to stand before those that were typed.
    pub fn words(record: PathBuf, is_baseline: bool) -> Vec<std::ffi::OsString> {
        let mut words = vec!["--series-record".into(), record.into()];
        words.extend(is_baseline.then(|| "--series-baseline".into()));
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(repeat: u16) -> Series {
        Series {
            repeat,
            has_baseline: true,
            output: Output::default(),
        }
    }

    #[test]
    fn files_are_named_so_that_a_shell_sorts_them() {
        let file = |repeat, out: &str, is_baseline, number| {
            let file = series(repeat).file(Path::new(out), is_baseline, number);
            file.to_str().unwrap().to_owned()
        };
        assert_eq!(file(10, "out/run.json", false, 3), "out/run-03.json");
        assert_eq!(
            file(10, "out/run.json", true, 10),
            "out/run-baseline-10.json"
        );
        assert_eq!(file(100, "a.b.json", false, 7), "a.b-007.json");
        assert_eq!(file(4, "record", true, 1), "record-baseline-01");
    }
}
