//! What was measured as github-action-benchmark reads it, smaller being better.

use run_record::benchmark::{Benchmark, Entry};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::RunRecord;
use run_record::time::Nanos;

use crate::number;
use crate::sanitise::sanitise;

/// Times that are listed wherever they were measured.
const TIMES: [Metric; 4] = [
    Metric::FirstEvent,
    Metric::Delivery,
    Metric::Transit,
    Metric::FanoutSpread,
];
const QUANTILES: [Quantile; 3] = [Quantile::P50, Quantile::P99, Quantile::P99_9];

/// The times of events and what went wrong; quantiles with too few samples and what was not measured are absent.
///
/// `gap` is listed only where there is neither `delivery` nor `transit`: by itself a shorter gap is not a better one.
pub fn benchmark(record: &RunRecord) -> Benchmark {
    let total = record.total();
    let mut entries = Vec::new();
    let is_measured = |metric: &Metric| total.histograms.count(*metric) > 0;
    let has_way = [Metric::Delivery, Metric::Transit].iter().any(is_measured);
    let gap = (!has_way).then_some(Metric::Gap);
    for metric in TIMES.into_iter().chain(gap) {
        entries.extend(
            QUANTILES
                .into_iter()
                .filter_map(|q| time(&total, metric, q)),
        );
        entries.extend(largest(&total, metric));
    }
    let counters = &total.counters;
    if counters.events.sequenced > 0 {
        entries.push(count("lost", "events", counters.events.lost));
        entries.push(count("duplicated", "events", counters.events.duplicated));
    }
    if counters.stalls.judged_streams > 0 {
        entries.push(count(
            "stalls",
            "stalls",
            total.histograms.count(Metric::Stall),
        ));
    }
    entries.push(count("failed", "attempts", counters.connections.failed));
    let extra = extra(record);
    entries
        .iter_mut()
        .for_each(|entry| entry.extra = Some(extra.clone()));
    entries
}

fn time(total: &Group, metric: Metric, quantile: Quantile) -> Option<Entry> {
    let value = total.histograms.quantile(metric, quantile)?;
    let lower = quantile.of(total.histograms.lower(metric)?)?;
    Some(Entry {
        name: format!("{}.{quantile}", metric.name()),
        unit: "ms".to_owned(),
        value: millis(value),
        // The arrivals are intervals: the value is that of their ends.
        range: (lower != value).then(|| format!("-{}", millis(value - lower))),
        extra: None,
    })
}

fn largest(total: &Group, metric: Metric) -> Option<Entry> {
    Some(Entry {
        name: format!("{}.max", metric.name()),
        unit: "ms".to_owned(),
        value: millis(total.histograms.max(metric)?),
        range: None,
        extra: None,
    })
}

fn count(name: &str, unit: &str, count: u64) -> Entry {
    Entry {
        name: name.to_owned(),
        unit: unit.to_owned(),
        value: count as f64,
        range: None,
        extra: None,
    }
}

/// To the microsecond: a histogram tells no more.
fn millis(time: Nanos) -> f64 {
    (time.0 as f64 / 1e3).round() / 1e3
}

fn extra(record: &RunRecord) -> String {
    let ran = record.ended.epoch_us - record.started.epoch_us;
    let verdict = record.verdict.as_ref();
    let word = verdict.map_or_else(String::new, |it| format!("{}, ", it.word.label()));
    format!(
        "{word}{} connections, {}, {}",
        number::count(record.plan.connections),
        number::time(ran),
        sanitise(&record.plan.url)
    )
}
