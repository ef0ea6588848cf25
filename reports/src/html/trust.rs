//! Whether the numbers can be trusted: what the generator measured about itself.

use maud::{Markup, html};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use run_record::self_check::{Bound, Check, CheckStatus};

use super::parts::{Cell, Head, empty, section, table, text};
use crate::number;

/// Times of the generator itself.
const OWN: [Metric; 4] = [
    Metric::GeneratorLag,
    Metric::ScheduleLag,
    Metric::TimerLag,
    Metric::IntervalWidth,
];

pub(super) fn trust(record: &RunRecord, total: &Group) -> Markup {
    let checks = record.self_check.by_status();
    if checks.is_empty() {
        return empty(
            "trust",
            "Can these numbers be trusted?",
            "This record holds no self-check, so nothing is known of the machine that made it.",
        );
    }
    let title = match record.self_check.status() {
        CheckStatus::Ok => "These numbers can be trusted: this machine kept up",
        CheckStatus::Warn => "This machine was late at times; the arrivals are right all the same",
        CheckStatus::Invalid => "These numbers cannot be trusted: this machine was the limit",
    };
    let rows: Vec<_> = checks
        .iter()
        .map(|(name, check)| row(name, check))
        .collect();
    let heads = [
        Head::Words("this machine"),
        Head::Number("measured"),
        Head::Number("limit"),
        Head::Words("outcome"),
    ];
    let body = html! {
        (table(&heads, &rows))
        (lateness(total))
        (hiccups(record))
        (clock(record))
    };
    section("trust", title, &body)
}

fn row(name: &str, check: &Check) -> Vec<Cell> {
    vec![
        Cell::of(text(name)),
        Cell::of(value(check)),
        Cell::of(limit(check)),
        match check.status {
            CheckStatus::Ok => Cell::own("✓ ok"),
            CheckStatus::Warn => Cell::own("▲ warning"),
            CheckStatus::Invalid => Cell::failed(html! { "! invalid" }),
        },
    ]
}

/// What was measured, with its unit.
pub(super) fn value(check: &Check) -> Markup {
    amount(check.value, &check.unit)
}

/// What is allowed, with its side.
pub(super) fn limit(check: &Check) -> Markup {
    let side = match check.bound {
        Bound::AtMost => "max ",
        Bound::AtLeast => "min ",
    };
    html! { (side) (amount(check.limit, &check.unit)) }
}

fn amount(value: f64, unit: &str) -> Markup {
    text(&match unit {
        "us" => number::micros(value),
        "%" => number::percent(value),
        unit => format!("{} {unit}", number::significant(value))
            .trim_end()
            .to_owned(),
    })
}

/// The whole distribution: a quantile alone could hide what it leaves out.
fn lateness(total: &Group) -> Markup {
    let rows: Vec<_> = OWN
        .into_iter()
        .filter_map(|metric| {
            let samples = total.histograms.get(metric)?;
            let at = |part: f64| {
                let nanos = samples.value_at_quantile(part);
                Cell::own(&number::time(run_record::time::Nanos(nanos)))
            };
            let name = Cell::of(html! { (metric.name()) ": " (metric.definition()) });
            Some(vec![name, at(0.5), at(0.9), at(0.99), at(0.999), at(1.0)])
        })
        .collect();
    if rows.is_empty() {
        return Markup::default();
    }
    let heads = [
        Head::Words("how late this tool was"),
        Head::Number("p50"),
        Head::Number("p90"),
        Head::Number("p99"),
        Head::Number("p99.9"),
        Head::Number("max"),
    ];
    table(&heads, &rows)
}

fn hiccups(record: &RunRecord) -> Markup {
    let hiccups = &record.measured.hiccups;
    let Some(longest) = hiccups.longest().first() else {
        return Markup::default();
    };
    html! {
        p {
            "This tool did not run " (number::count(hiccups.count())) " times when it should have, the longest time for "
            (number::time(longest.lasted_us)) " from " (number::time(longest.from_us - record.started.epoch_us))
            " on. What arrived meanwhile is not charged to the server."
        }
    }
}

/// What the send times are worth.
fn clock(record: &RunRecord) -> Markup {
    let Some(clock) = &record.clock else {
        return Markup::default();
    };
    html! {
        p {
            "Clock of the server: " (text(&clock.text))
            @if let Some(bound) = clock.bound_us { "; delivery and transit can be off by " (number::time(bound)) }
            "."
        }
    }
}
