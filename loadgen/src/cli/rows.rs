//! What a run is written as row by row. It must not write anything.

use std::path::PathBuf;

use clap::Args;

use crate::plan::{Output, ReportFormat};

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct RowArgs {
    /// Write the timeline as CSV, whatever the name ends in: a row for each second
    #[arg(long, value_name = "FILE.csv")]
    timeseries: Option<PathBuf>,

    /// Write every event as CSV, compressed: its numbers, id, size and times
    ///
    /// Nobody waits for the file: where this machine cannot write as fast as events come, some are missing in it, and how
    /// many is said at the end. Times are nanoseconds since the epoch; the arrival is an interval. Not with --processes or
    /// --repeat.
    #[arg(long, value_name = "FILE.csv.gz")]
    raw: Option<PathBuf>,

    /// Print a line of JSON each second on stdout while the run goes on; all else goes to stderr
    #[arg(long, conflicts_with = "json")]
    live_json: bool,
}

impl RowArgs {
    /// The output with these files.
    pub(super) fn with(self, mut output: Output) -> Output {
        let timeseries = self.timeseries.map(|path| (path, ReportFormat::Timeseries));
        output.reports.extend(timeseries);
        output.raw = self.raw;
        output.live_json = self.live_json;
        output
    }
}
