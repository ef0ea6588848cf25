//! The figures of a check in one line.

use run_record::histograms::Histograms;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::RunRecord;

use super::super::line::Line;
use super::picture;
use crate::number;

/// When the first event came, and how late events were where that is known.
pub(super) fn facts(record: &RunRecord) -> Vec<Line> {
    let total = record.total();
    let drawn = picture::drawn(record).and_then(|drawn| drawn.probe);
    let first = drawn.and_then(|probe| probe.first_event_us);
    let first = first.map(|time| format!("first_event {}", number::time(time)));
    let known = [Metric::Transit, Metric::Delivery];
    let latency = known
        .into_iter()
        .find_map(|metric| latency(&total.histograms, metric));
    let timed = total.counters.events.without_clock;
    let refused = (timed > 0).then(|| "transit unknown: the server has another clock".to_owned());
    let latency = latency.or(refused);
    first.into_iter().chain(latency).map(Line::new).collect()
}

/// `transit p50 1.1 ms, max 4.2 ms (p99 needs 1,000 events)`; `None` without a sample.
fn latency(histograms: &Histograms, metric: Metric) -> Option<String> {
    let max = number::time(histograms.max(metric)?);
    let mut parts = Vec::new();
    let mut needed = String::new();
    for quantile in [Quantile::P50, Quantile::P99] {
        if let Some(value) = histograms.quantile(metric, quantile) {
            parts.push(format!("{quantile} {}", number::time(value)));
        } else if needed.is_empty() {
            let samples = number::count(quantile.needed_samples());
            needed = format!(" ({quantile} needs {samples} events)");
        }
    }
    parts.push(format!("max {max}"));
    Some(format!("{} {}{needed}", metric.name(), parts.join(", ")))
}
