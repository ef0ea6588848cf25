//! How many subscribers a server carries: what was tried, from few to many, with the end of what it carried.

use maud::{Markup, html};
use run_record::capacity::{Capacity, Step};
use run_record::record::RunRecord;

use super::figure::{Figure, Mark};
use super::parts::{Head, section, text};
use super::svg::{BELOW, LEFT, Path, RIGHT, Scale, axis_below, axis_left, coordinate};
use crate::number;
use crate::sanitise::sanitise;

const TOP: f64 = 24.0;
const BOTTOM: f64 = 184.0;
/// Half the size of the sign of a step that was not carried.
const CROSS: f64 = 4.0;
const HEADS: &[Head] = &[
    Head::Number("subscribers"),
    Head::Words("carried"),
    Head::Number("had an event"),
    Head::Number("delivery p99"),
    Head::Number("its memory"),
    Head::Words("why not"),
];

/// The curve of a search; nothing where none was made.
pub(super) fn picture(record: &RunRecord) -> Markup {
    let Some(capacity) = &record.capacity else {
        return Markup::default();
    };
    let mut steps: Vec<&Step> = capacity.steps.iter().collect();
    steps.sort_by_key(|step| step.subscribers);
    let title = format!(
        "{} subscribers carried",
        number::count(capacity.carried.into())
    );
    let most = steps.last().map_or(1, |step| step.subscribers).max(2);
    let x = Scale::log((1.0, f64::from(most)), (LEFT, RIGHT));
    let figure = Figure {
        id: "capacity-curve",
        label: &title,
        height: BOTTOM + BELOW,
        drawing: drawn(capacity, &steps, x),
        caption: html! {
            "Each step is a number of subscribers that was held once; those with a cross were not carried. The upright line is the most that were. "
            (text(&capacity.reason)) "."
        },
        heads: HEADS,
        marks: steps.iter().map(|step| mark(step, x)).collect(),
    };
    section("capacity", &title, &figure.render("capacity"))
}

/// How late events were, where that is known; otherwise how many subscribers had any.
fn level(step: &Step, is_time: bool) -> Option<f64> {
    if is_time {
        step.delivery_p99_us.map(|p99| p99.0.max(1_000) as f64)
    } else {
        Some(step.streaming.max(1) as f64)
    }
}

fn drawn(capacity: &Capacity, steps: &[&Step], x: Scale) -> Markup {
    let is_time = steps.iter().any(|step| step.delivery_p99_us.is_some());
    let points: Vec<(&Step, f64)> = steps
        .iter()
        .filter_map(|step| Some((*step, level(step, is_time)?)))
        .collect();
    let low = points.iter().map(|point| point.1).fold(f64::MAX, f64::min);
    let high = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let low = low.min(high);
    let y = Scale::log((low, high.max(low * 2.0)), (BOTTOM, TOP));
    let shown = |value: f64| {
        if is_time {
            number::micros(value / 1e3)
        } else {
            number::count(value as u64)
        }
    };
    let ticks = y.ticks(5).into_iter().map(|value| (value, shown(value)));
    let below = x.ticks(6).into_iter();
    let below: Vec<_> = below
        .map(|value| (value, number::count(value as u64)))
        .collect();
    let at = |(step, level): &(&Step, f64)| (x.at(f64::from(step.subscribers)), y.at(*level));
    let curve = Path::through(points.iter().filter(|point| point.0.carried).map(at));
    let mut crosses = Path::default();
    for (left, top) in points.iter().filter(|point| !point.0.carried).map(at) {
        crosses.line((left - CROSS, top - CROSS), (left + CROSS, top + CROSS));
        crosses.line((left - CROSS, top + CROSS), (left + CROSS, top - CROSS));
    }
    let knee = x.at(f64::from(capacity.carried));
    let mut upright = Path::default();
    upright.line((knee, TOP), (knee, BOTTOM));
    html! {
        (axis_left(y, &ticks.collect::<Vec<_>>()))
        path class="frame" d=(upright.as_str()) {}
        path class="a" d=(curve.as_str()) {}
        path class="cross" d=(crosses.as_str()) {}
        text x=(coordinate(LEFT)) y=(coordinate(TOP - 10.0)) {
            @if is_time { "99 of 100 events came within" } @else { "subscribers that had an event" }
        }
        (axis_below(x, BOTTOM, &below, "subscribers"))
    }
}

fn mark(step: &Step, x: Scale) -> Mark {
    let dash = || "-".to_owned();
    Mark {
        x: x.at(f64::from(step.subscribers)),
        cells: vec![
            number::count(step.subscribers.into()),
            if step.carried { "yes" } else { "no" }.to_owned(),
            number::count(step.streaming),
            step.delivery_p99_us.map_or_else(dash, number::time),
            step.server
                .map_or_else(dash, |server| number::bytes(server.memory_bytes)),
            step.why.as_deref().map_or_else(dash, sanitise),
        ],
    }
}
