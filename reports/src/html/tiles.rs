//! The five figures that say how well it went, each with its definition.

use maud::{Markup, html};
use run_record::counters::Counters;
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::{Kind, RunRecord};
use run_record::time::Nanos;

use super::parts::text;
use crate::baseline::{change, changes, difference, of_metric};
use crate::number;

/// What stands for the way of the events, the best that was measured.
const LATENESS: [Metric; 3] = [Metric::Delivery, Metric::Transit, Metric::Gap];

pub(super) fn tiles(record: &RunRecord, total: &Group) -> Markup {
    let is_measured = |metric: &Metric| total.histograms.count(*metric) > 0;
    let late = LATENESS.into_iter().find(is_measured);
    html! {
        dl class="tiles" {
            (first_event(record, total))
            (times(record, total, late.unwrap_or(Metric::Delivery)))
            (events(record, total))
            (stalls(record, total))
            (connections(record, total))
        }
        (compared(record))
    }
}

/// What of the outcome is not as it was.
fn compared(record: &RunRecord) -> Markup {
    let Some(baseline) = &record.baseline else {
        return html! {};
    };
    let changes = changes(record);
    html! {
        p class="note" {
            "Compared with " (text(&baseline.file)) " of " (text(&baseline.started)) ": "
            @if changes.is_empty() { "verdict and limits as before" }
            @for (index, change) in changes.iter().enumerate() {
                @if index > 0 { "; " }
                (text(change))
            }
            ". One run is no proof of a difference: " code { "loadgen diff" } " tells one from chance."
        }
    }
}

fn tile(name: &str, value: &str, rest: &str, before: &str, definition: &str) -> Markup {
    html! {
        div class="tile" {
            dt { (name) }
            dd {
                strong { (value) }
                small { (rest) }
                @if !before.is_empty() { small { "baseline: " (before) } }
                small { (definition) }
            }
        }
    }
}

/// What the baseline counted, and how far this is from it; nothing without one.
fn counted(record: &RunRecord, now: u64, count: fn(&Counters) -> u64, what: &str) -> String {
    let Some(baseline) = &record.baseline else {
        return String::new();
    };
    let then = count(&baseline.total.counters);
    format!("{} {what} ({})", number::count(then), difference(now, then))
}

/// A check has few requests: that of a browser counts.
fn first_event(record: &RunRecord, total: &Group) -> Markup {
    let asked = record.probes.first().and_then(|probe| probe.first_event_us);
    match asked {
        Some(first) if record.kind != Kind::Run => tile(
            Metric::FirstEvent.name(),
            &number::time(first),
            "as a browser asks",
            &asked_before(record, first),
            Metric::FirstEvent.definition(),
        ),
        _ => times(record, total, Metric::FirstEvent),
    }
}

fn asked_before(record: &RunRecord, now: Nanos) -> String {
    let baseline = record.baseline.as_ref();
    let then = baseline.and_then(|it| it.asked_first_event_us);
    then.map_or_else(String::new, |then| {
        let change = change(now.0 as f64, then.0 as f64);
        format!("{} ({change})", number::time(then))
    })
}

fn times(record: &RunRecord, total: &Group, metric: Metric) -> Markup {
    let shown = |time: Option<Nanos>| time.map_or_else(|| "-".to_owned(), number::time);
    let quantile = |quantile| total.histograms.quantile(metric, quantile);
    let max = total.histograms.max(metric);
    let (value, rest) = match (quantile(Quantile::P50), max) {
        (_, None) => ("-".to_owned(), "not measured".to_owned()),
        (None, max) => (shown(max), "max; too few for a median".to_owned()),
        (half, max) => {
            let tail = quantile(Quantile::P99).map(number::time);
            let tail = tail.map_or_else(String::new, |tail| format!("p99 {tail}, "));
            (shown(half), format!("p50; {tail}max {}", shown(max)))
        }
    };
    let baseline = record.baseline.as_ref();
    let before = baseline.map_or_else(Vec::new, |it| of_metric(it, total, metric));
    let before: Vec<_> = before
        .iter()
        .map(|it| {
            let name = it.name.rsplit_once('.').map_or("", |(_, name)| name);
            format!("{name} {} ({})", number::time(it.then), it.change())
        })
        .collect();
    tile(
        metric.name(),
        &value,
        &rest,
        &before.join(", "),
        metric.definition(),
    )
}

/// What the sequence says about events that did not come.
fn events(record: &RunRecord, total: &Group) -> Markup {
    let events = &total.counters.events;
    let received = number::count(events.received);
    let (rest, definition) = if record.kind != Kind::Run {
        (
            "received".to_owned(),
            "in all requests together; what was lost or came twice is told below",
        )
    } else if events.sequenced == 0 {
        (
            "received".to_owned(),
            "how many were expected is not known: they have no numbers",
        )
    } else {
        let missing = events.lost.saturating_add(events.missed_between_streams);
        let once = events.received.saturating_sub(events.duplicated);
        let expected = once.saturating_add(missing);
        let rest = format!(
            "of {} expected, {}",
            number::count(expected),
            number::share(once, expected)
        );
        (rest, "expected by their numbers, from first to last seen")
    };
    let before = counted(record, events.received, |it| it.events.received, "received");
    tile("events", &received, &rest, &before, definition)
}

fn stalls(record: &RunRecord, total: &Group) -> Markup {
    let stalls = &total.counters.stalls;
    let definition = Metric::Stall.definition();
    if record.kind != Kind::Run || stalls.judged_streams == 0 {
        return tile("stalls", "-", "not counted in so few gaps", "", definition);
    }
    let longest = total.histograms.max(Metric::Stall);
    let longest = longest.map_or_else(String::new, |time| {
        format!(", the longest {}", number::time(time))
    });
    let judged = number::count(stalls.judged_streams);
    tile(
        "stalled streams",
        &number::count(stalls.stalled_streams),
        &format!("of {judged}{longest}"),
        &counted(
            record,
            stalls.stalled_streams,
            |it| it.stalls.stalled_streams,
            "stalled",
        ),
        definition,
    )
}

fn connections(record: &RunRecord, total: &Group) -> Markup {
    let counters = &total.counters;
    let failed = counters.connections.failed;
    let opened = if record.kind == Kind::Run {
        counters.subscribers.connected
    } else {
        counters.connections.opened
    };
    tile(
        "connections",
        &number::count(opened),
        &format!(
            "of {}; {} attempts failed",
            number::count(record.plan.connections),
            number::count(failed)
        ),
        &counted(record, failed, |it| it.connections.failed, "failed"),
        "answered with a stream",
    )
}
