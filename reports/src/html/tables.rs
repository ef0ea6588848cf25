//! Exactly which time, error, stream and request: the tables of a page.

use maud::{Markup, html};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::RunRecord;
use run_record::time::{Nanos, Wall};
use run_record::worst::Badness;

use super::parts::{Cell, Head, empty, section, table, text};
use crate::glossary::TERMS;
use crate::number;

/// Every time that was measured.
pub(super) fn metrics(total: &Group) -> Markup {
    let heads = [
        Head::Words("time"),
        Head::Number("samples"),
        Head::Number("p50"),
        Head::Number("p90"),
        Head::Number("p99"),
        Head::Number("p99.9"),
        Head::Number("max"),
    ];
    let rows: Vec<_> = measured(total).map(|metric| times(total, metric)).collect();
    if rows.is_empty() {
        return empty("times", "All times", "Nothing was measured.");
    }
    let body = html! {
        (table(&heads, &rows))
        p class="note" { "A dash: too few samples to say it." }
    };
    section("times", "All times", &body)
}

fn times(total: &Group, metric: Metric) -> Vec<Cell> {
    let shown = |time: Option<Nanos>| time.map_or_else(|| "-".to_owned(), number::time);
    let mut cells = vec![
        Cell::own(metric.name()),
        Cell::own(&number::count(total.histograms.count(metric))),
    ];
    for part in [Quantile::P50, Quantile::P90, Quantile::P99, Quantile::P99_9] {
        cells.push(Cell::own(&shown(total.histograms.quantile(metric, part))));
    }
    cells.push(Cell::own(&shown(total.histograms.max(metric))));
    cells
}

/// The errors by kind, the most frequent first.
pub(super) fn errors(record: &RunRecord) -> Markup {
    let since = |at: Wall| Cell::own(&number::time(at - record.started.epoch_us));
    let row = |(kind, group): (
        run_record::errors::ErrorKind,
        &run_record::errors::ErrorGroup,
    )| {
        vec![
            Cell::own(&kind.to_string()),
            Cell::own(&number::count(group.count)),
            since(group.first_us),
            since(group.last_us),
            Cell::of(text(&group.sample)),
        ]
    };
    let errors = record.measured.errors.by_count();
    let rows: Vec<_> = errors.into_iter().map(row).collect();
    if rows.is_empty() {
        return empty("errors", "Errors", "No connection and no stream failed.");
    }
    let heads = [
        Head::Words("error"),
        Head::Number("count"),
        Head::Number("first at"),
        Head::Number("last at"),
        Head::Words("sample"),
    ];
    section("errors", "Errors", &table(&heads, &rows))
}

/// How the streams of a run ended.
pub(super) fn ends(total: &Group) -> Markup {
    let ends = &total.counters.ends;
    let connections = &total.counters.connections;
    let rows: Vec<_> = [
        ("by the last chunk or the announced length", ends.complete),
        ("by closing, where nothing else marks an end", ends.closed),
        (
            "by closing before the last chunk or the announced length",
            ends.truncated,
        ),
        ("by a reset", ends.reset),
        ("by bytes that break framing or coding", ends.broken),
        (
            "by this tool, at the end of the run",
            connections.closed_by_us,
        ),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(how, count)| vec![Cell::own(how), Cell::own(&number::count(count))])
    .collect();
    if rows.is_empty() {
        return Markup::default();
    }
    let heads = [Head::Words("how"), Head::Number("streams")];
    section("ends", "How streams ended", &table(&heads, &rows))
}

/// The streams to look for in the server's own logs.
pub(super) fn worst(record: &RunRecord) -> Markup {
    let row = |stream: &run_record::worst::WorstStream| {
        let (name, time) = match stream.badness {
            Badness::Delivery(time) => ("delivery", time),
            Badness::Gap(time) => ("gap", time),
        };
        vec![
            Cell::own(&format!("{name} {}", number::time(time))),
            Cell::own(&number::time(stream.at_us - record.started.epoch_us)),
            Cell::own(&format!("{} / {}", stream.subscriber, stream.stream)),
            Cell::own(&number::count(stream.events)),
            Cell::of(text(&stream.remote)),
            Cell::of(html! {
                @if stream.request_ids.is_empty() { "none was sent" }
                @for (name, value) in &stream.request_ids { (text(name)) ": " (text(value)) " " }
            }),
        ]
    };
    let rows: Vec<_> = record.measured.worst.iter().map(row).collect();
    if rows.is_empty() {
        return Markup::default();
    }
    let heads = [
        Head::Words("slowest"),
        Head::Number("at"),
        Head::Number("subscriber / stream"),
        Head::Number("events until then"),
        Head::Words("remote"),
        Head::Words("request id, to look for in the server's log"),
    ];
    let title = format!("The worst {} streams", number::count(rows.len() as u64));
    section("worst", &title, &table(&heads, &rows))
}

/// What the words mean; the metrics that were measured come behind the twelve terms.
pub(super) fn glossary(total: &Group) -> Markup {
    let is_new = |metric: &Metric| TERMS.iter().all(|(term, _)| *term != metric.name());
    let body = html! {
        dl class="glossary" {
            @for (term, meaning) in TERMS { dt { (term) } dd { (meaning) } }
            @for metric in measured(total).filter(is_new) { dt { (metric.name()) } dd { (metric.definition()) } }
        }
    };
    section("words", "Words", &body)
}

fn measured(total: &Group) -> impl Iterator<Item = Metric> {
    Metric::ALL
        .into_iter()
        .filter(|metric| total.histograms.count(*metric) > 0)
}
