//! What a CI system is told beside the page: the summary of the job and annotations where GitHub Actions runs, and files
//! that were asked for (`--report`, `--junit`). It must not decide how a command ends.

use super::store;
use super::voice::say;
use crate::exit::Exit;
use crate::plan::{Output, ReportFormat};
use anyhow::{Context, Result};
use reports::annotations::annotations;
use reports::demands::Suite;
use reports::{benchmark, histograms, html, junit, markdown, openmetrics, timeseries};
use run_record::metric::Metric;
use run_record::record::RunRecord;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// By these a CI system is known. Copies of this program do not get them: they are told by the first one.
pub(super) const VARIABLES: [&str; 2] = ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"];

/// What came of a command, as reports need it.
pub(super) struct Told<'a> {
    /// What was demanded.
    pub(super) suites: Vec<Suite>,
    /// The summary.
    pub(super) markdown: String,
    /// Makes the page for a browser, if there is one.
    pub(super) page: Option<Box<dyn Fn() -> String + 'a>>,
    /// What histograms are made of, if there are any.
    pub(super) record: Option<&'a RunRecord>,
}

impl<'a> Told<'a> {
    /// What a run or a check is told by.
    pub(super) fn record(record: &'a RunRecord) -> Self {
        Self {
            suites: vec![reports::demands::of_record(record)],
            markdown: markdown::of_record(record),
            page: Some(Box::new(|| html::page(record))),
            record: Some(record),
        }
    }

    /// The bytes of a report in a format.
    ///
    /// Errors: the format does not fit what was done.
    pub(super) fn bytes(&self, format: ReportFormat, metric: Metric) -> Result<Vec<u8>> {
        let of_run = || {
            self.record
                .context("it is made of one run, and this is none")
        };
        Ok(match format {
            ReportFormat::Page => {
                let page = self.page.as_ref().context("there is no page of this")?;
                page().into_bytes()
            }
            ReportFormat::Markdown => self.markdown.clone().into_bytes(),
            ReportFormat::Junit => junit::junit(&self.suites)?.into_bytes(),
            ReportFormat::IntervalLog => {
                histograms::interval_log(of_run()?).context("a histogram cannot be encoded")?
            }
            ReportFormat::PercentileTable => histograms::percentile_table(of_run()?, metric)
                .with_context(|| format!("{} was not measured", metric.name()))?
                .into_bytes(),
            ReportFormat::OpenMetrics => openmetrics::openmetrics(of_run()?).into_bytes(),
            ReportFormat::Timeseries => timeseries::timeseries(of_run()?).into_bytes(),
            ReportFormat::Benchmark => serde_json::to_vec_pretty(&benchmark::benchmark(of_run()?))
                .context("the values cannot be put into JSON")?,
        })
    }
}

/// Writes the files that were asked for, and tells the CI system, if there is one.
///
/// Returns the names of the files, and [`Exit::Internal`] where one could not be written: the answer stands all the same.
pub(super) fn publish(told: &Told<'_>, output: &Output) -> (Vec<String>, Exit) {
    let mut exit = Exit::AsExpected;
    let mut files = Vec::new();
    for (path, format) in &output.reports {
        let written = told
            .bytes(*format, Metric::Delivery)
            .and_then(|bytes| store::write(path, &bytes));
        match written {
            Ok(()) => files.push(path.display().to_string()),
            Err(error) => {
                say(&format!("error: {}: {error:#}", path.display()));
                exit = Exit::Internal;
            }
        }
    }
    if let Some(path) = &output.on_change {
        match on_change(told, path) {
            Ok(true) => files.push(path.display().to_string()),
            Ok(false) => {}
            Err(error) => {
                say(&format!("error: {}: {error:#}", path.display()));
                exit = Exit::Internal;
            }
        }
    }
    if let Some(path) = variable("GITHUB_STEP_SUMMARY").map(PathBuf::from) {
        // A summary that cannot be written says nothing of the server, and must not fail the job.
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(told.markdown.as_bytes()));
        if let Err(error) = written {
            say(&format!(
                "note: no job summary: {}: {error}",
                path.display()
            ));
        }
    }
    if is_github() {
        annotations(&told.suites)
            .iter()
            .for_each(|line| super::voice::command(line));
    }
    (files, exit)
}

/// The file is there if and only if something has changed: a job asks for no more than that. Whether it is there.
fn on_change(told: &Told<'_>, path: &Path) -> Result<bool> {
    if let Some(summary) = told.record.and_then(markdown::on_change) {
        store::write(path, summary.as_bytes())?;
        return Ok(true);
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(false),
    }
}

/// Whether what is printed is read by the runner of GitHub Actions.
pub(super) fn is_github() -> bool {
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
