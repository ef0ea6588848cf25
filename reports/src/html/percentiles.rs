//! How bad the tail is: time against 1/(1-percentile), both logarithmic.

use hdrhistogram::Histogram;
use maud::{Markup, html};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::time::Nanos;

use super::svg::{Path, Scale};
use crate::number;

/// What is drawn, each in its own dash.
const SERIES: [(Metric, &str); 4] = [
    (Metric::Delivery, "a"),
    (Metric::Transit, "b"),
    (Metric::FirstEvent, "c"),
    (Metric::Gap, "d"),
];
/// Points of a curve.
const POINTS: u32 = 100;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 600.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 250.0;
/// Least distance of two labels at the right end.
const LABEL: f64 = 15.0;

/// The curves of those metrics that were measured.
pub(super) fn picture(total: &Group) -> Markup {
    let series: Vec<_> = SERIES
        .into_iter()
        .filter_map(|(metric, class)| {
            let samples = total.histograms.get(metric)?;
            (!samples.is_empty()).then_some((metric, class, samples))
        })
        .collect();
    html! {
        section aria-labelledby="percentiles" {
            h2 id="percentiles" { "How slow the slowest are" }
            @if series.is_empty() {
                p { "No time was measured: no event arrived." }
            } @else {
                figure {
                    div class="scroll" tabindex="0" role="group" aria-labelledby="percentiles" { (curves(&series)) }
                    figcaption { "Time that a share of the samples did not exceed. Further right is rarer: 99 is one in a hundred, 99.9 one in a thousand. A curve ends where its samples do." }
                }
            }
        }
    }
}

fn curves(series: &[(Metric, &'static str, &Histogram<u64>)]) -> Markup {
    let most = series.iter().map(|(_, _, samples)| samples.len()).max();
    let nines = (most.unwrap_or(1) as f64).log10().max(1.0);
    let x = Scale::new((0.0, nines), (LEFT, RIGHT));
    let values = |value: fn(&Histogram<u64>) -> u64| {
        series
            .iter()
            .map(move |(_, _, samples)| (value(samples).max(1) as f64).log10())
    };
    let low = values(Histogram::min).fold(f64::INFINITY, f64::min).floor();
    let high = values(Histogram::max).fold(low + 1.0, f64::max).ceil();
    let y = Scale::new((low, high), (BOTTOM, TOP));
    let names: Vec<_> = series.iter().map(|(metric, _, _)| metric.name()).collect();
    let label = format!("Percentile curves of {}", names.join(", "));
    html! {
        svg viewBox="0 0 720 285" role="img" aria-label=(label) {
            @for power in low as i32..=high as i32 {
                path d=(Path::through([(LEFT, y.at(f64::from(power))), (RIGHT, y.at(f64::from(power)))]).as_str()) {}
                text x="54" y=(format!("{:.1}", y.at(f64::from(power)) + 4.0)) text-anchor="end" { (number::time(Nanos(10_u64.saturating_pow(power.unsigned_abs())))) }
            }
            @for nine in 0..=nines as u32 {
                text x=(format!("{:.1}", x.at(f64::from(nine)))) y="268" text-anchor="middle" { (percentile(nine)) }
            }
            text x="331" y="283" text-anchor="middle" { "percentile" }
            @for (_, class, samples) in series { path class=(class) d=(curve(samples, x, y).as_str()) {} }
            @for (name, class, at) in labels(series, y) {
                path class=(class) d=(Path::through([(606.0, at - 4.0), (626.0, at - 4.0)]).as_str()) {}
                text x="632" y=(format!("{at:.1}")) { (name) }
            }
        }
    }
}

/// Up to the last sample: beyond it there is nothing to draw.
fn curve(samples: &Histogram<u64>, x: Scale, y: Scale) -> Path {
    let end = (samples.len() as f64).log10();
    Path::through((0..=POINTS).map(|point| {
        let nines = end * f64::from(point) / f64::from(POINTS);
        let value = samples.value_at_quantile(1.0 - 10_f64.powf(-nines));
        (x.at(nines), y.at((value.max(1) as f64).log10()))
    }))
}

/// Names and dashes at the ends of the curves, pushed down where they would overlap.
fn labels(
    series: &[(Metric, &'static str, &Histogram<u64>)],
    y: Scale,
) -> Vec<(&'static str, &'static str, f64)> {
    let end = |samples: &Histogram<u64>| y.at((samples.max().max(1) as f64).log10()) + 4.0;
    let mut labels: Vec<_> = series
        .iter()
        .map(|(metric, class, samples)| (metric.name(), *class, end(samples)))
        .collect();
    labels.sort_by(|one, two| one.2.total_cmp(&two.2));
    for index in 1..labels.len() {
        labels[index].2 = labels[index].2.max(labels[index - 1].2 + LABEL);
    }
    labels
}

fn percentile(nines: u32) -> String {
    match nines {
        0 => "0".to_owned(),
        1 => "90".to_owned(),
        2 => "99".to_owned(),
        more => format!("99.{}", "9".repeat(more as usize - 2)),
    }
}
