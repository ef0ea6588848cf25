//! `loadgen report` and `loadgen merge`: their arguments.
//! It must not read a record.

use clap::{Args, value_parser};
use std::path::PathBuf;

use super::after_help;
use super::files::format_of;
use crate::plan::ReportFormat;
use run_record::metric::Metric;

/// The options of `loadgen report`, as typed.
#[derive(Debug, Args)]
#[command(after_help = after_help(REPORT_EXAMPLE))]
pub struct ReportArgs {
    /// Records that --out of run wrote; several are merged. A page is also made of one record of a check
    #[arg(required = true, value_name = "RUN.json")]
    pub records: Vec<PathBuf>,

    /// Write this file; its ending says what: .html, .md, .xml, .prom, .csv, .hgrm or .hlog
    ///
    /// .html is a page that a browser shows without a network; .md is a summary in Markdown, .xml is JUnit; .prom is an
    /// OpenMetrics text, .csv the timeline of a run; .hlog is the log that HdrHistogram's own tools read, with every metric; .hgrm is the percentile
    /// table of one metric, which its plotter draws.
    #[arg(short, long, value_name = "FILE", value_parser = format_of)]
    pub out: Option<(PathBuf, ReportFormat)>,

    /// Which metric a .hgrm holds
    #[arg(long, value_name = "NAME", default_value = "delivery", value_parser = metric)]
    pub metric: Metric,
}

/// The options of `loadgen merge`, as typed.
#[derive(Debug, Args)]
#[command(after_help = after_help(MERGE_EXAMPLE))]
pub struct MergeArgs {
    /// Records of the shards of one run
    #[arg(required = true, num_args = 2.., value_name = "SHARD.json")]
    pub records: Vec<PathBuf>,

    /// Write the record of them all to this file
    #[arg(short, long, value_name = "RUN.json", value_parser = value_parser!(PathBuf))]
    pub out: PathBuf,
}

const REPORT_EXAMPLE: &str = "  loadgen report run.json
      the page that the run ended with, once more
  loadgen report run.json -o report.html
      the same for a browser, with pictures: one file to mail or attach
  loadgen report run.json -o delivery.hgrm --metric delivery
      its percentiles, for HdrHistogram's plotter";

const MERGE_EXAMPLE: &str = "  loadgen merge first.json second.json -o run.json
      two halves of a run as one record";

fn metric(name: &str) -> Result<Metric, String> {
    name.parse().map_err(|_| {
        let names: Vec<&str> = Metric::ALL.into_iter().map(Metric::name).collect();
        format!("expected one of {}", names.join(", "))
    })
}
