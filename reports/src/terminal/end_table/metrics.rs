//! The table of measured times.

use hdrhistogram::Histogram;
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::RunRecord;
use run_record::time::Nanos;

use super::super::line::Line;
use super::clock;
use crate::number;
use crate::style::{Style, Tone, pad_left, pad_right};

/// The metrics of the page; all others stand in the record.
const SHOWN: [Metric; 13] = [
    Metric::Connect,
    Metric::Tls,
    Metric::Headers,
    Metric::FirstByte,
    Metric::FirstEvent,
    Metric::FirstEventDue,
    Metric::Gap,
    Metric::Delivery,
    Metric::Transit,
    Metric::FanoutSpread,
    Metric::Reconnect,
    Metric::StreamDuration,
    Metric::GeneratorLag,
];

const QUANTILES: [Quantile; 4] = [Quantile::P50, Quantile::P90, Quantile::P99, Quantile::P99_9];

/// Columns of the names, indentation included.
const NAMES: usize = 18;

/// One row for each metric with samples, two where its edges can be told apart, and one more where two clocks blur it.
pub(super) fn table(record: &RunRecord, total: &Group, style: &Style) -> Vec<Line> {
    let mut rows = Vec::new();
    for metric in SHOWN {
        let (Some(upper), Some(lower)) =
            (total.histograms.get(metric), total.histograms.lower(metric))
        else {
            continue;
        };
        let bound = clock::bound(record, metric);
        let (at_most, at_least) = (cells(upper, bound), cells(lower, bound));
        let differ = at_most != at_least;
        rows.push((metric.name().to_owned(), at_most));
        if differ {
            rows.push(("  at least".to_owned(), at_least));
        }
        if let Some(bound) = bound {
            let give_or_take = style.symbol("±", "+-");
            let blank = std::array::from_fn(|_| Some(String::new()));
            rows.push((format!("  {give_or_take}{}", number::time(bound)), blank));
        }
    }
    if rows.is_empty() {
        return Vec::new();
    }
    let has_gaps = rows.iter().any(|(_, cells)| cells.contains(&None));
    let column = ((style.width - NAMES) / 5).min(11);
    let mut lines = vec![heading(column)];
    lines.extend(rows.iter().map(|(name, cells)| row(name, cells, column)));
    if has_gaps {
        let needed = "p50 from 20 samples on, p90 100, p99 1,000, p99.9 10,000";
        lines.push(Line::new("  ").toned(Tone::Faint, format!("-  too few samples: {needed}")));
    }
    lines
}

type Cells = [Option<String>; 5];

/// The values; those that are smaller than what they can be off by say nothing but that.
fn cells(histogram: &Histogram<u64>, bound: Option<Nanos>) -> Cells {
    let time = |value| match bound.filter(|bound| value < *bound) {
        Some(bound) => format!("< {}", number::time(bound)),
        None => number::time(value),
    };
    let quantiles = QUANTILES.map(|quantile| quantile.of(histogram).map(time));
    let [p50, p90, p99, p99_9] = quantiles;
    [p50, p90, p99, p99_9, Some(time(Nanos(histogram.max())))]
}

fn heading(column: usize) -> Line {
    let names = QUANTILES
        .iter()
        .map(Quantile::to_string)
        .chain(["max".to_owned()]);
    let names: String = names.map(|name| pad_left(&name, column)).collect();
    Line::new(" ".repeat(NAMES)).toned(Tone::Faint, names)
}

fn row(name: &str, cells: &Cells, column: usize) -> Line {
    let numbers: String = cells
        .iter()
        .map(|cell| pad_left(cell.as_deref().unwrap_or("-"), column))
        .collect();
    let text = format!("  {}{numbers}", pad_right(name, NAMES - 2));
    Line::new(text.trim_end())
}
