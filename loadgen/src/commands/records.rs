//! `loadgen report` and `loadgen merge`: what was measured, read again. Nothing is measured here.

use super::ci::Told;
use super::store;
use super::voice::{print, refuse, say, style};
use crate::cli::{MergeArgs, ReportArgs};
use crate::exit::Exit;
use crate::plan::{Output, ReportFormat};
use anyhow::{Context, Result};
use reports::terminal;
use run_record::record::{Kind, ReadError, RunRecord};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

/// Why records cannot be used together.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("{0}: {1}")]
    Missing(PathBuf, #[source] io::Error),
    #[error("{0}: {1}")]
    Unreadable(PathBuf, #[source] ReadError),
    #[error("{0} is the record of a check; expected one of a run, as run --out writes it")]
    NoRun(PathBuf),
}

/// Shows the page of a run once more, or writes it for a browser, or writes its histograms.
///
/// Errors: a file that cannot be written (exit code 70).
pub fn report(args: &ReportArgs) -> Result<Exit> {
    let is_of_check_too = matches!(
        &args.out,
        Some((
            _,
            ReportFormat::Page
                | ReportFormat::Markdown
                | ReportFormat::Junit
                | ReportFormat::OpenMetrics
        ))
    );
    let record = match args.records.as_slice() {
        // What a check found has a page too, but is no part of a sum.
        [one] if is_of_check_too => read(one),
        several => merged(several),
    };
    let record = match record {
        Ok(record) => record,
        Err(error) => return Ok(refuse(&error, Exit::Usage)),
    };
    let Some((path, format)) = &args.out else {
        let page = terminal::end_table(&record, &[], &plain(io::stdout().is_terminal()));
        print(page.as_bytes())?;
        return Ok(Exit::AsExpected);
    };
    match Told::record(&record).bytes(*format, args.metric) {
        Ok(bytes) => written(path, &bytes),
        // The record is read; what it does not hold was not measured.
        Err(error) => Ok(refuse(&format!("{error:#}"), Exit::Inconclusive)),
    }
}

/// Makes one record of the shards of a run.
///
/// Errors: a file that cannot be written (exit code 70).
pub fn merge(args: &MergeArgs) -> Result<Exit> {
    match merged(&args.records) {
        Ok(record) => {
            let bytes = record
                .write()
                .context("the record cannot be put into JSON")?;
            written(&args.out, &bytes)
        }
        Err(error) => Ok(refuse(&error, Exit::Usage)),
    }
}

fn merged(paths: &[PathBuf]) -> Result<RunRecord, Unusable> {
    let mut all: Option<RunRecord> = None;
    for path in paths {
        let record = read_run(path)?;
        match &mut all {
            Some(all) => all.merge(&record),
            None => all = Some(record),
        }
    }
    let mut all = all.expect("clap asks for one at least");
    // Of shards more streams were followed together than by each alone.
    if paths.len() > 1 {
        all.verdict = Some(verdict::of_run(&all));
    }
    Ok(all)
}

pub(super) fn read_run(path: &Path) -> Result<RunRecord, Unusable> {
    let record = read(path)?;
    if record.kind != Kind::Run {
        return Err(Unusable::NoRun(path.to_owned()));
    }
    Ok(record)
}

fn read(path: &Path) -> Result<RunRecord, Unusable> {
    let bytes = std::fs::read(path).map_err(|error| Unusable::Missing(path.to_owned(), error))?;
    RunRecord::read(&bytes).map_err(|error| Unusable::Unreadable(path.to_owned(), error))
}

fn written(path: &Path, bytes: &[u8]) -> Result<Exit> {
    store::write(path, bytes)?;
    say(&path.display().to_string());
    Ok(Exit::AsExpected)
}

fn plain(is_terminal: bool) -> reports::style::Style {
    style(&Output::default(), is_terminal)
}
