//! Which reports are written beside the record: shared by the subcommands that have some.
//! It must not write anything.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::plan::{Output, ReportFormat};

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct FileArgs {
    /// Write a report; its ending says which: .html, .md, .xml, .prom, .csv, .hgrm or .hlog
    ///
    /// .html is a page for a browser, .md a summary in Markdown, .xml is JUnit, .prom is OpenMetrics, .csv the timeline,
    /// .hgrm and .hlog are histograms as HdrHistogram's tools read them. May be given several times.
    #[arg(long, value_name = "FILE", value_parser = format_of)]
    report: Vec<(PathBuf, ReportFormat)>,

    /// Write JUnit XML, whatever the name ends in: a case for the verdict and for each limit
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write the values for github-action-benchmark, customSmallerIsBetter
    #[arg(long, value_name = "FILE")]
    bench_json: Option<PathBuf>,
}

impl FileArgs {
    /// The output with these files.
    pub(super) fn with(self, output: Output) -> Output {
        let junit = self.junit.map(|path| (path, ReportFormat::Junit));
        let benchmark = self.bench_json.map(|path| (path, ReportFormat::Benchmark));
        let more = junit.into_iter().chain(benchmark);
        Output {
            reports: self.report.into_iter().chain(more).collect(),
            ..output
        }
    }
}

/// A file and what its ending says.
pub(super) fn format_of(name: &str) -> Result<(PathBuf, ReportFormat), String> {
    let path = PathBuf::from(name);
    let ending = Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str());
    let format = match ending {
        Some("html") => ReportFormat::Page,
        Some("md") => ReportFormat::Markdown,
        Some("xml") => ReportFormat::Junit,
        Some("hlog") => ReportFormat::IntervalLog,
        Some("hgrm") => ReportFormat::PercentileTable,
        Some("prom") => ReportFormat::OpenMetrics,
        Some("csv") => ReportFormat::Timeseries,
        _ => {
            let expected =
                "expected a name that ends in .html, .md, .xml, .prom, .csv, .hgrm or .hlog";
            return Err(expected.to_owned());
        }
    };
    Ok((path, format))
}
