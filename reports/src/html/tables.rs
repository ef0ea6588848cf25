//! The figures of a record: tiles, limits, metrics, errors, worst streams, self-check and words.

use maud::{Markup, html};
use run_record::limits::{Amount, LimitStatus, Side};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::{Kind, RunRecord};
use run_record::self_check::{Bound, CheckStatus};
use run_record::time::Nanos;
use run_record::worst::Badness;

use super::text;
use crate::number;

/// The five figures that say how well it went.
pub(super) fn tiles(record: &RunRecord, total: &Group) -> Markup {
    let counters = &total.counters;
    let late = [Metric::Delivery, Metric::Transit, Metric::Gap];
    let late = late
        .into_iter()
        .find(|metric| total.histograms.count(*metric) > 0);
    let late = late.unwrap_or(Metric::Delivery);
    html! {
        dl class="tiles" {
            (time_tile(total, Metric::FirstEvent))
            (time_tile(total, late))
            (tile("events", &number::count(counters.events.received), &missing(total)))
            // A check holds no crowd and judges its few streams by themselves.
            @if record.kind == Kind::Run {
                (tile("stalled streams", &number::count(counters.stalls.stalled_streams), &format!("of {} judged", number::count(counters.stalls.judged_streams))))
                (tile("connected", &number::count(counters.subscribers.connected), &format!("of {}; {} attempts failed", number::count(record.plan.connections), number::count(counters.connections.failed))))
            }
        }
    }
}

/// What the sequence says about events that did not come.
fn missing(total: &Group) -> String {
    let events = &total.counters.events;
    if events.sequenced == 0 {
        return "received".to_owned();
    }
    let missing = events.lost.saturating_add(events.missed_between_streams);
    format!("received; {} missing", number::count(missing))
}

fn time_tile(total: &Group, metric: Metric) -> Markup {
    let max = total.histograms.max(metric);
    let Some(half) = total.histograms.quantile(metric, Quantile::P50) else {
        return tile(metric.name(), &shown(max), "max; too few for p50");
    };
    let rest = format!(
        "p50; p99 {}, max {}",
        quantile(total, metric, Quantile::P99),
        shown(max)
    );
    tile(metric.name(), &number::time(half), &rest)
}

fn tile(name: &str, value: &str, rest: &str) -> Markup {
    html! { div class="tile" { dt { (name) } dd { strong { (value) } small { (rest) } } } }
}

/// Each limit with what was measured and the room that is left, the missed ones first.
pub(super) fn limits(record: &RunRecord) -> Markup {
    let mut limits: Vec<_> = record.limits.iter().collect();
    limits.sort_by_key(|limit| limit.status);
    let shown = |value: Option<Amount>| value.map_or_else(|| "-".to_owned(), number::amount);
    let rows = html! {
        @for limit in limits {
            tr {
                td { (text(&limit.expression)) }
                td class="n" { (shown(limit.measured)) }
                td class="n" { @if limit.side == Side::Max { "max " } @else { "min " } (shown(limit.limit)) }
                td class="n" { (shown(limit.margin)) }
                @match limit.status {
                    LimitStatus::Met => td { "✓ met" },
                    LimitStatus::Missed => td class="missed" { "✗ missed" },
                    LimitStatus::NotMeasured => td { "? not measured" @if let Some(why) = &limit.why { ": " (text(why)) } },
                }
            }
        }
    };
    let heads = [
        ("limit", ""),
        ("measured", "n"),
        ("allowed", "n"),
        ("margin", "n"),
        ("outcome", ""),
    ];
    table("limits", "Limits", &heads, record.limits.is_empty(), &rows)
}

/// Every time that was measured.
pub(super) fn metrics(total: &Group) -> Markup {
    let rows = html! {
        @for metric in measured(total) {
            tr {
                td { (metric.name()) }
                td class="n" { (number::count(total.histograms.count(metric))) }
                @for part in [Quantile::P50, Quantile::P90, Quantile::P99, Quantile::P99_9] {
                    td class="n" { (quantile(total, metric, part)) }
                }
                td class="n" { (shown(total.histograms.max(metric))) }
            }
        }
    };
    let heads = [
        ("time", ""),
        ("samples", "n"),
        ("p50", "n"),
        ("p90", "n"),
        ("p99", "n"),
        ("p99.9", "n"),
        ("max", "n"),
    ];
    let is_empty = measured(total).next().is_none();
    table("times", "All times", &heads, is_empty, &rows)
}

/// The errors by kind, the most frequent first.
pub(super) fn errors(record: &RunRecord) -> Markup {
    let since = |at| number::time(at - record.started.epoch_us);
    let rows = html! {
        @for (kind, group) in record.measured.errors.by_count() {
            tr {
                td { (kind) }
                td class="n" { (number::count(group.count)) }
                td class="n" { (since(group.first_us)) }
                td class="n" { (since(group.last_us)) }
                td { (text(&group.sample)) }
            }
        }
    };
    let heads = [
        ("error", ""),
        ("count", "n"),
        ("first at", "n"),
        ("last at", "n"),
        ("sample", ""),
    ];
    let is_empty = record.measured.errors.is_empty();
    table("errors", "Errors", &heads, is_empty, &rows)
}

/// The streams to look for in the server's own logs.
pub(super) fn worst(record: &RunRecord) -> Markup {
    let rows = html! {
        @for stream in record.measured.worst.iter() {
            tr {
                td {
                    @match stream.badness {
                        Badness::Delivery(time) => { "delivery " (number::time(time)) },
                        Badness::Gap(time) => { "gap " (number::time(time)) },
                    }
                }
                td class="n" { (number::time(stream.at_us - record.started.epoch_us)) }
                td class="n" { (stream.subscriber) " / " (stream.stream) }
                td { (text(&stream.remote)) }
                td { @for (name, value) in &stream.request_ids { (text(name)) ": " (text(value)) " " } }
            }
        }
    };
    let heads = [
        ("worst", ""),
        ("at", "n"),
        ("subscriber / stream", "n"),
        ("remote", ""),
        ("request ids", ""),
    ];
    let is_empty = record.measured.worst.iter().next().is_none();
    table("worst", "Worst streams", &heads, is_empty, &rows)
}

/// Whether the numbers can be trusted.
pub(super) fn self_check(record: &RunRecord) -> Markup {
    let value = |value: f64, unit: &str| match unit {
        "us" => number::micros(value),
        "%" => number::percent(value),
        unit => format!("{} {unit}", number::significant(value))
            .trim_end()
            .to_owned(),
    };
    let rows = html! {
        @for (name, check) in record.self_check.by_status() {
            tr {
                td { (text(name)) }
                td class="n" { (text(&value(check.value, &check.unit))) }
                td class="n" { @if check.bound == Bound::AtMost { "max " } @else { "min " } (text(&value(check.limit, &check.unit))) }
                @match check.status {
                    CheckStatus::Ok => td { "✓ ok" },
                    CheckStatus::Warn => td { "▲ warning" },
                    CheckStatus::Invalid => td class="missed" { "! invalid" },
                }
            }
        }
    };
    let heads = [
        ("this machine", ""),
        ("measured", "n"),
        ("allowed", "n"),
        ("outcome", ""),
    ];
    let is_empty = record.self_check.is_empty();
    table(
        "self",
        "Can these numbers be trusted?",
        &heads,
        is_empty,
        &rows,
    )
}

/// What the names of the times mean.
pub(super) fn glossary(total: &Group) -> Markup {
    html! {
        section aria-labelledby="words" {
            h2 id="words" { "Words" }
            dl class="glossary" {
                @for metric in measured(total) { dt { (metric.name()) } dd { (metric.definition()) } }
            }
            p class="note" { "p99: 99 of 100 values are at most this. A dash: too few samples to say it." }
        }
    }
}

/// The head of a column: its name, and the class of its cells.
type Head = (&'static str, &'static str);

/// A section with a table; without rows it is left out.
fn table(id: &str, title: &str, heads: &[Head], is_empty: bool, rows: &Markup) -> Markup {
    html! {
        @if !is_empty {
            section aria-labelledby=(id) {
                h2 id=(id) { (title) }
                div class="scroll" tabindex="0" role="group" aria-labelledby=(id) {
                    table {
                        thead { tr { @for (head, class) in heads { th scope="col" class=(class) { (head) } } } }
                        tbody { (rows) }
                    }
                }
            }
        }
    }
}

fn measured(total: &Group) -> impl Iterator<Item = Metric> {
    Metric::ALL
        .into_iter()
        .filter(|metric| total.histograms.count(*metric) > 0)
}

fn quantile(total: &Group, metric: Metric, part: Quantile) -> String {
    shown(total.histograms.quantile(metric, part))
}

fn shown(time: Option<Nanos>) -> String {
    time.map_or_else(|| "-".to_owned(), number::time)
}
