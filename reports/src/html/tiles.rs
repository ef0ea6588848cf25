//! The five figures that say how well it went, each with its definition.

use maud::{Markup, html};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::{Kind, RunRecord};
use run_record::time::Nanos;

use crate::number;

/// What stands for the way of the events, the best that was measured.
const LATENESS: [Metric; 3] = [Metric::Delivery, Metric::Transit, Metric::Gap];

pub(super) fn tiles(record: &RunRecord, total: &Group) -> Markup {
    let is_measured = |metric: &Metric| total.histograms.count(*metric) > 0;
    let late = LATENESS.into_iter().find(is_measured);
    html! {
        dl class="tiles" {
            (first_event(record, total))
            (times(total, late.unwrap_or(Metric::Delivery)))
            (events(record, total))
            (stalls(record, total))
            (connections(record, total))
        }
    }
}

fn tile(name: &str, value: &str, rest: &str, definition: &str) -> Markup {
    html! {
        div class="tile" {
            dt { (name) }
            dd { strong { (value) } small { (rest) } small { (definition) } }
        }
    }
}

/// A check has few requests: that of a browser counts.
fn first_event(record: &RunRecord, total: &Group) -> Markup {
    let asked = record.probes.first().and_then(|probe| probe.first_event_us);
    match asked {
        Some(first) if record.kind != Kind::Run => tile(
            Metric::FirstEvent.name(),
            &number::time(first),
            "as a browser asks",
            Metric::FirstEvent.definition(),
        ),
        _ => times(total, Metric::FirstEvent),
    }
}

fn times(total: &Group, metric: Metric) -> Markup {
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
    tile(metric.name(), &value, &rest, metric.definition())
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
    tile("events", &received, &rest, definition)
}

fn stalls(record: &RunRecord, total: &Group) -> Markup {
    let stalls = &total.counters.stalls;
    let definition = Metric::Stall.definition();
    if record.kind != Kind::Run || stalls.judged_streams == 0 {
        return tile("stalls", "-", "not counted in so few gaps", definition);
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
        "answered with a stream",
    )
}
