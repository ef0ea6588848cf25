//! `.hgrm`: the percentile table that HdrHistogram's plotter reads, four columns on each line.
//!
//! The plotter takes lines that do not begin with `#` and have exactly four columns; so the maximum, whose fourth
//! column is infinite, stands in a comment, as in the files of Java's `outputPercentileDistribution`.

use hdrhistogram::Histogram;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use std::fmt::Write;

/// Lines for each halving of the distance to 100 %, as Java's default.
const TICKS_PER_HALF_DISTANCE: f64 = 5.0;
const NANOS_PER_MILLI: f64 = 1e6;

/// The distribution of one metric in milliseconds; `None` if it has no sample.
pub fn percentile_table(record: &RunRecord, metric: Metric) -> Option<String> {
    let total = record.total();
    let histogram = total.histograms.get(metric)?;
    let millis = |nanos: f64| nanos / NANOS_PER_MILLI;
    let mut table = format!(
        "#[streamgauge: {}, in milliseconds: {}]\n{:>12} {:>14} {:>10} {:>14}\n\n",
        metric.name(),
        metric.definition(),
        "Value",
        "Percentile",
        "TotalCount",
        "1/(1-Percentile)"
    );
    // Writing to a string cannot fail.
    for row in rows(histogram) {
        let quantile = row.percentile / 100.0;
        let _ = writeln!(
            table,
            "{:>12.6} {quantile:>14.12} {:>10} {:>14.2}",
            millis(row.value as f64),
            row.count,
            1.0 / (1.0 - quantile),
        );
    }
    let _ = writeln!(
        table,
        "#[Mean = {:.6}, StdDeviation = {:.6}]",
        millis(histogram.mean()),
        millis(histogram.stdev())
    );
    let _ = writeln!(
        table,
        "#[Max = {:.6}, Total count = {}]",
        millis(histogram.max() as f64),
        histogram.len()
    );
    Some(table)
}

struct Row {
    value: u64,
    percentile: f64,
    count: u64,
}

/// The rows of Java's `PercentileIterator` below 100 %. The library's own iterator counts in quantiles from 0 to 1, the
/// rounding of which puts some rows one sample higher.
fn rows(histogram: &Histogram<u64>) -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut count, mut percentile) = (0, 0.0);
    for bucket in histogram.iter_recorded() {
        count += bucket.count_at_value();
        let reached = 100.0 * count as f64 / histogram.len() as f64;
        while reached >= percentile && percentile < 100.0 {
            rows.push(Row {
                value: histogram.highest_equivalent(bucket.value_iterated_to()),
                percentile,
                count,
            });
            let halvings = (100.0 / (100.0 - percentile)).log2().floor() + 1.0;
            percentile += 100.0 / (TICKS_PER_HALF_DISTANCE * halvings.exp2());
            if count == histogram.len() {
                return rows;
            }
        }
    }
    rows
}
