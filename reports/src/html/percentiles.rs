//! How bad the tail is: time against 1/(1-percentile), both logarithmic.

use hdrhistogram::Histogram;
use maud::{Markup, html};
use run_record::limits::Amount;
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use run_record::time::Nanos;

use super::figure::{Figure, Mark};
use super::parts::{Head, empty, section};
use super::svg::{BELOW, LEFT, Path, Scale, axis_below, axis_left, coordinate};
use crate::number;
use crate::sanitise::sanitise;

/// What is drawn, each in its own dash.
const SERIES: [(Metric, &str); 4] = [
    (Metric::Delivery, "a"),
    (Metric::Transit, "b"),
    (Metric::FirstEvent, "c"),
    (Metric::Gap, "d"),
];
const TITLE: &str = "How slow the slowest are";
/// Points of a curve.
const POINTS: u32 = 100;
/// The percentiles of the table.
const PARTS: [f64; 11] = [
    0.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99, 99.999, 99.9999,
];
/// Curves end before the names at their right.
const END: f64 = 566.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 250.0;
/// Least distance of two labels at the right end.
const LABEL: f64 = 24.0;

/// One curve.
struct Series<'a> {
    metric: Metric,
    class: &'static str,
    samples: &'a Histogram<u64>,
    /// Those of the baseline.
    before: Option<&'a Histogram<u64>>,
}

/// A limit that is a time: its text, cleaned, and its value in nanoseconds.
struct Line {
    name: String,
    nanos: f64,
}

/// The curves of those metrics that were measured, with the limits on them.
pub(super) fn picture(record: &RunRecord, total: &Group) -> Markup {
    let series: Vec<_> = SERIES
        .into_iter()
        .filter_map(|(metric, class)| {
            let samples = total.histograms.get(metric)?;
            let baseline = record.baseline.as_ref();
            Some(Series {
                metric,
                class,
                samples,
                before: baseline.and_then(|it| it.total.histograms.get(metric)),
            })
        })
        .collect();
    let Some(first) = series.first() else {
        let why = "No time was measured, because no event arrived: there is no curve to draw.";
        return empty("percentiles", TITLE, why);
    };
    let most = all(&series).map(Histogram::len).max();
    let x = Scale::new((0.0, nines(most.unwrap_or(1)).max(1.0)), (LEFT, END));
    let mut heads = vec![Head::Number("percentile")];
    heads.extend(series.iter().map(|one| Head::Number(one.metric.name())));
    heads.push(Head::Number("samples above"));
    let figure = Figure {
        id: "percentiles-curves",
        label: &title(first),
        height: BOTTOM + BELOW,
        drawing: drawn(&series, &limits(record, &series), x),
        caption: html! {
            "The time that a share of the samples did not exceed. Further right is rarer: 99 is one in a hundred, 99.9 one in a thousand. A curve ends where its samples do; a limit is a line across."
            @if record.baseline.is_some() { " A thin dotted curve is the baseline, in the colour of the same metric." }
        },
        heads: &heads,
        marks: marks(&series, x),
    };
    section("percentiles", &title(first), &figure.render("percentiles"))
}

/// The finding: how much slower the slowest is than the usual.
fn title(series: &Series<'_>) -> String {
    let at = |part| number::time(Nanos(series.samples.value_at_quantile(part)));
    format!(
        "{TITLE}: {} {} at the median, {} at most",
        series.metric.name(),
        at(0.5),
        at(1.0)
    )
}

fn nines(samples: u64) -> f64 {
    (samples.max(1) as f64).log10()
}

fn limits(record: &RunRecord, series: &[Series<'_>]) -> Vec<Line> {
    let is_drawn = |expression: &str| {
        let name = expression.split(['.', '=']).next().unwrap_or_default();
        series.iter().any(|one| one.metric.name() == name)
    };
    let line = |limit: &run_record::limits::LimitResult| match limit.limit {
        Some(Amount::Us(micros)) if is_drawn(&limit.expression) => Some(Line {
            name: sanitise(&limit.expression),
            nanos: micros * 1e3,
        }),
        _ => None,
    };
    record.limits.iter().filter_map(line).collect()
}

fn drawn(series: &[Series<'_>], limits: &[Line], x: Scale) -> Markup {
    let lowest = all(series).map(Histogram::min).min();
    let highest = all(series).map(Histogram::max).max();
    let lines = || limits.iter().map(|limit| limit.nanos);
    let low = lines().fold(lowest.unwrap_or(1) as f64, f64::min).max(1.0);
    let high = lines()
        .fold(highest.unwrap_or(1) as f64, f64::max)
        .max(low * 2.0);
    let y = Scale::log((low * 0.9, high * 1.1), (BOTTOM, TOP));
    let across: Vec<_> = y
        .ticks(5)
        .into_iter()
        .map(|nanos| (nanos, number::micros(nanos / 1e3)))
        .collect();
    let below: Vec<_> = (0..=x.ticks(20).len() as u32)
        .map(|nine| (f64::from(nine), percentile(nine)))
        .filter(|(nine, _)| x.at(*nine) < END - 1.0 || *nine == 0.0)
        .collect();
    html! {
        (axis_left(y, &across))
        (axis_below(x, BOTTOM, &below, "percentile"))
        @for limit in limits {
            path class="limit" d=(Path::through([(LEFT, y.at(limit.nanos)), (END, y.at(limit.nanos))]).as_str()) {}
            text class="limit-name" x=(coordinate(LEFT + 6.0)) y=(coordinate(y.at(limit.nanos) - 5.0)) { "limit " (limit.name) }
        }
        @for (one, before) in series.iter().filter_map(|one| Some((one, one.before?))) {
            path class={ (one.class) " before" } d=(curve(before, x, y).as_str()) {}
        }
        @for one in series { path class=(one.class) d=(curve(one.samples, x, y).as_str()) {} }
        @for (name, class, at) in labels(series, y) {
            path class=(class) d=(Path::through([(END + 6.0, at - 4.0), (END + 28.0, at - 4.0)]).as_str()) {}
            text class="name" x=(coordinate(END + 34.0)) y=(coordinate(at)) { (name) }
        }
    }
}

/// The samples of both runs.
fn all<'a>(series: &'a [Series<'a>]) -> impl Iterator<Item = &'a Histogram<u64>> {
    series
        .iter()
        .flat_map(|one| [Some(one.samples), one.before])
        .flatten()
}

/// Up to the last sample: beyond it there is nothing to draw.
fn curve(samples: &Histogram<u64>, x: Scale, y: Scale) -> Path {
    let end = nines(samples.len());
    Path::through((0..=POINTS).map(|point| {
        let nines = end * f64::from(point) / f64::from(POINTS);
        let value = samples.value_at_quantile(1.0 - 10_f64.powf(-nines));
        (x.at(nines), y.at(value as f64))
    }))
}

/// Names and dashes at the ends of the curves, moved apart where they would overlap.
fn labels(series: &[Series<'_>], y: Scale) -> Vec<(&'static str, &'static str, f64)> {
    let mut labels: Vec<_> = series
        .iter()
        .map(|one| {
            let end = y.at(one.samples.max() as f64) + 4.0;
            (one.metric.name(), one.class, end)
        })
        .collect();
    labels.sort_by(|one, two| one.2.total_cmp(&two.2));
    for index in 1..labels.len() {
        labels[index].2 = labels[index].2.max(labels[index - 1].2 + LABEL);
    }
    let over = labels.last().map_or(0.0, |last| (last.2 - BOTTOM).max(0.0));
    labels.iter_mut().for_each(|label| label.2 -= over);
    labels
}

fn marks(series: &[Series<'_>], x: Scale) -> Vec<Mark> {
    let most = series
        .iter()
        .map(|one| one.samples.len())
        .max()
        .unwrap_or(1);
    let is_known = |part: &f64| most as f64 * (100.0 - part) >= 99.999;
    let rows = PARTS.into_iter().filter(is_known).chain([100.0]);
    rows.map(|part| {
        let mut cells = vec![if part == 100.0 {
            "max".to_owned()
        } else {
            format!("p{part}")
        }];
        for one in series {
            let enough = part == 100.0 || one.samples.len() as f64 * (100.0 - part) >= 99.999;
            let value = Nanos(one.samples.value_at_quantile(part / 100.0));
            cells.push(if enough {
                number::time(value)
            } else {
                "-".to_owned()
            });
        }
        let above = series.first().map_or(0, |one| one.samples.len());
        cells.push(number::count(
            (above as f64 * (1.0 - part / 100.0)).round() as u64
        ));
        let nines = if part == 100.0 {
            nines(most)
        } else {
            -(1.0 - part / 100.0).log10()
        };
        Mark {
            x: x.at(nines),
            cells,
        }
    })
    .collect()
}

fn percentile(nines: u32) -> String {
    match nines {
        0 => "0".to_owned(),
        1 => "90".to_owned(),
        2 => "99".to_owned(),
        more => format!("99.{}", "9".repeat(more as usize - 2)),
    }
}
