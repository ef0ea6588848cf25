//! An earlier record that a run or a check is compared with.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use run_record::baseline::Baseline;
use run_record::limits::Limit;
use run_record::record::RunRecord;

use super::UsageError;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Compared with an earlier one")]
pub(super) struct BaselineArgs {
    /// Its record, as --out wrote it: pages and reports show what is different
    ///
    /// Limits may be relative to it: --max delivery.p99=baseline+10%, --max lost=baseline, --min events=baseline-5%. One
    /// earlier run is no proof of a difference; `loadgen diff` tells one from chance.
    #[arg(long, value_name = "RUN.json")]
    baseline: Option<PathBuf>,

    /// Write a summary in Markdown if the verdict or the state of a limit has changed; else the file is not there
    #[arg(long, value_name = "FILE", requires = "baseline")]
    pub(super) md_on_change: Option<PathBuf>,
}

impl BaselineArgs {
    /// Reads the record that was named, and works the limits out that are relative to it.
    ///
    /// Errors: no record can be read there, or it lacks what a limit is relative to.
    pub(super) fn read(&self, limits: &mut [Limit]) -> Result<Option<Baseline>, UsageError> {
        let Some(path) = &self.baseline else {
            return match limits.iter().find(|limit| limit.is_relative()) {
                Some(limit) => Err(UsageError::NoBaseline(limit.text().to_owned())),
                None => Ok(None),
            };
        };
        let bytes = fs::read(path).map_err(|source| UsageError::BaselineUnread {
            path: path.clone(),
            source,
        })?;
        let record = RunRecord::read(&bytes).map_err(|source| UsageError::BaselineForm {
            path: path.clone(),
            source,
        })?;
        let total = record.total();
        for limit in limits {
            *limit = limit
                .against(&total)
                .map_err(|why| UsageError::BaselineLacks {
                    path: path.clone(),
                    limit: limit.text().to_owned(),
                    why,
                })?;
        }
        Ok(Some(record.as_baseline(path.display().to_string())))
    }
}
