//! The requests of a check: what was asked, what was answered, in which groups it came.

use maud::{Markup, html};
use run_record::probe::ProbeRecord;
use run_record::record::RunRecord;
use run_record::time::Nanos;

use super::drip;
use super::parts::{Cell, Head, section, table, text};
use crate::number;

/// Headers that decide whether a stream can live, and what is well.
const TELLING: [(&str, &str); 6] = [
    (
        "content-type",
        "text/event-stream is what EventSource demands",
    ),
    (
        "content-length",
        "a stream has none: its length is not known when the head is sent",
    ),
    (
        "content-encoding",
        "a coding must be flushed after each event",
    ),
    (
        "transfer-encoding",
        "chunked says nothing about when chunks are sent",
    ),
    (
        "cache-control",
        "no-store keeps caches away, no-transform compressors",
    ),
    (
        "x-accel-buffering",
        "no tells nginx to hand on what it reads",
    ),
];

/// Each request with what came of it.
pub(super) fn requests(record: &RunRecord) -> Markup {
    if record.probes.is_empty() {
        return Markup::default();
    }
    let heads = [
        Head::Number("request"),
        Head::Words("to find out"),
        Head::Words("answer"),
        Head::Number("first event"),
        Head::Number("events"),
        Head::Number("watched"),
        Head::Words("end"),
        Head::Words("arrivals"),
    ];
    let rows: Vec<_> = record
        .probes
        .iter()
        .map(|probe| row(record, probe))
        .collect();
    section("requests", "Requests", &table(&heads, &rows))
}

fn row(record: &RunRecord, probe: &ProbeRecord) -> Vec<Cell> {
    let time = |time: Option<Nanos>| Cell::own(&time.map_or_else(|| "-".to_owned(), number::time));
    let answer = match (&probe.failure, probe.status) {
        (Some(failure), _) => Cell::failed(text(failure)),
        (None, Some(status)) => Cell::of(html! {
            (status)
            @if let Some(version) = &probe.version { " " (text(version)) }
        }),
        (None, None) => Cell::own("-"),
    };
    vec![
        Cell::own(&probe.number.to_string()),
        Cell::of(html! {
            (text(&probe.why))
            @if let Some(asked) = &probe.asked { " (" (text(asked)) ")" }
        }),
        answer,
        time(probe.first_event_us),
        Cell::own(&number::count(probe.events)),
        time(probe.duration_us),
        Cell::of(text(probe.end.as_deref().unwrap_or("-"))),
        Cell::of(drip::small(
            record,
            u64::from(probe.number).saturating_sub(1),
        )),
    ]
}

/// The headers of the first answer that tell of streaming, present or missing, and those that were kept beside them.
pub(super) fn headers(record: &RunRecord) -> Markup {
    let answered = |probe: &&ProbeRecord| probe.status.is_some();
    let Some(probe) = record.probes.iter().find(answered) else {
        return Markup::default();
    };
    let find = |name: &str| {
        let mut headers = probe.headers.iter();
        headers.find(|(it, _)| it.eq_ignore_ascii_case(name))
    };
    let telling = TELLING.iter().map(|(name, meaning)| {
        let value = match find(name) {
            Some((_, value)) => text(value),
            None => html! { span class="note" { "missing" } },
        };
        vec![Cell::own(name), Cell::of(value), Cell::own(meaning)]
    });
    let is_telling = |name: &str| {
        TELLING
            .iter()
            .any(|(telling, _)| name.eq_ignore_ascii_case(telling))
    };
    let others = probe.headers.iter().filter(|(name, _)| !is_telling(name));
    let others = others
        .map(|(name, value)| vec![Cell::of(text(name)), Cell::of(text(value)), Cell::own("")]);
    let rows: Vec<_> = telling.chain(others).collect();
    let heads = [
        Head::Words("header"),
        Head::Words("value"),
        Head::Words("what it says about streaming"),
    ];
    let title = format!("Response headers of request {}", probe.number);
    section("headers", &title, &table(&heads, &rows))
}
