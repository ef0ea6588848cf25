//! `.hlog`: the HdrHistogram interval log, one line for each metric under its name as tag.
//!
//! Format: HdrHistogram log 1.3, as Java's `HistogramLogWriter` writes it. A record keeps whole histograms for the run
//! and not for each second, so each metric has one interval that is as long as the run.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use run_record::metric::Metric;
use run_record::record::RunRecord;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

/// Java's processor divides by this unless told otherwise: nanoseconds become milliseconds.
const NANOS_PER_MILLI: f64 = 1e6;

/// The histograms of all metrics that have a sample, in nanoseconds.
///
/// A metric whose arrivals are known only as intervals has two lines: its name holds the latest instants, and
/// `NAME.earliest` the earliest.
///
/// Errors: a histogram that cannot be encoded, which no histogram of a record is.
pub fn interval_log(record: &RunRecord) -> io::Result<Vec<u8>> {
    let total = record.total();
    let started = UNIX_EPOCH + Duration::from_nanos(record.started.epoch_us.0);
    let length = record.ended.epoch_us - record.started.epoch_us;
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment(
            "[streamgauge: values are nanoseconds; the maximum of a line is in milliseconds]",
        )
        .with_base_time(started)
        .with_start_time(started)
        .with_max_value_divisor(NANOS_PER_MILLI)
        .begin_log_with(&mut bytes, &mut serializer)?;
    let mut write = |tag: &str, histogram: &Histogram<u64>| {
        log.write_histogram(
            histogram,
            Duration::ZERO,
            Duration::from_nanos(length.0),
            Tag::new(tag),
        )
        .map_err(|error| io::Error::other(format!("{error:?}")))
    };
    for metric in Metric::ALL {
        let Some(histogram) = total.histograms.get(metric) else {
            continue;
        };
        write(metric.name(), histogram)?;
        if let Some(lower) = total
            .histograms
            .lower(metric)
            .filter(|_| total.histograms.edges_differ(metric))
        {
            write(&format!("{}.earliest", metric.name()), lower)?;
        }
    }
    Ok(bytes)
}
