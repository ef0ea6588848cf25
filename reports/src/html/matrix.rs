//! The page of many setups: under the heading where people look for theirs, one row each, with the line to change.
//!
//! What was skipped is never shown as passed.

use maud::{Markup, html};
use run_record::matrix::{CrowdRecord, MatrixRecord, SetupRecord, ShapeRecord, SilenceRecord};
use run_record::verdict::{Cause, Charset, Verdict, Word};

use super::document::document;
use super::drip::small;
use super::parts::{Cell, Head, copyable, section, table, text};
use crate::number;

/// The page of a matrix, as one self-contained document.
///
/// Shape: how many stream and how many do not; then a table for each family, in the order of the record; what was not run;
/// what the columns mean. Nothing is fetched.
pub fn matrix_page(record: &MatrixRecord) -> String {
    let families = families(record);
    let body = html! {
        (header(record))
        (overview(record))
        (contents(&families))
        @for (number, family) in families.iter().enumerate() {
            (section(&place(number), family, &rows(record, family)))
        }
        (left_out(record))
        (words())
    };
    document("real servers side by side", &body)
}

fn header(record: &MatrixRecord) -> Markup {
    let machine = &record.environment;
    html! {
        header {
            h1 { "Real servers side by side" }
            p { (text(&record.started.utc)) " to " (text(&record.ended.utc)) }
            p {
                (text(&machine.tool)) " · " (text(&machine.os)) " · " (text(&machine.kernel)) " · "
                (machine.cores) " cores"
            }
        }
    }
}

/// Each word with the number of its setups, the best first.
fn overview(record: &MatrixRecord) -> Markup {
    let words = [
        Word::Live,
        Word::Batched,
        Word::Buffered,
        Word::Cut,
        Word::NoStream,
        Word::Inconclusive,
        Word::Invalid,
    ];
    let count = |word: Word| {
        let verdicts = record.setups.iter().filter_map(verdict);
        verdicts.filter(|verdict| verdict.word == word).count() as u64
    };
    let unexpected = record
        .setups
        .iter()
        .filter(|setup| setup.summary.as_expected == Some(false))
        .count() as u64;
    html! {
        dl class="tiles" {
            @for word in words {
                @if count(word) > 0 {
                    div class="tile" {
                        dt { (sign(word)) " " (word.label()) }
                        dd { strong { (number::count(count(word))) } small { (gloss(word)) } }
                    }
                }
            }
        }
        p class="note" {
            @if unexpected == 0 { "Every verdict is the one that was expected. " }
            @else { (number::count(unexpected)) " not as expected, marked ✗. " }
            "Exit code " (record.exit.code) ": " (text(&record.exit.reason))
        }
    }
}

/// Where each family stands on the page.
fn contents(families: &[String]) -> Markup {
    html! {
        @if families.len() > 1 {
            nav aria-label="families" {
                p {
                    @for (number, family) in families.iter().enumerate() {
                        @if number > 0 { " · " }
                        a href={ "#" (place(number)) } { (family) }
                    }
                }
            }
        }
    }
}

fn place(number: usize) -> String {
    format!("family-{number}")
}

/// In the order in which they occur; those with nothing that ran are left out.
fn families(record: &MatrixRecord) -> Vec<String> {
    let mut families: Vec<String> = Vec::new();
    for setup in record.setups.iter().filter(|setup| setup.record.is_some()) {
        let family = crate::sanitise::sanitise(&setup.summary.family);
        if !families.contains(&family) {
            families.push(family);
        }
    }
    families
}

fn rows(record: &MatrixRecord, family: &str) -> Markup {
    let mut heads = vec![
        Head::Words("setup"),
        Head::Words("verdict"),
        Head::Words("event by event"),
        Head::Words("the line to change"),
    ];
    let is_surveyed = |setup: &SetupRecord| {
        let summary = &setup.summary;
        !summary.shapes.is_empty() || !summary.crowds.is_empty() || summary.silence.is_some()
    };
    // A cell without a heading is not shown.
    if record.setups.iter().any(is_surveyed) {
        heads.push(Head::Words("measured"));
    }
    let is_here = |setup: &&SetupRecord| {
        setup.record.is_some() && crate::sanitise::sanitise(&setup.summary.family) == family
    };
    let rows: Vec<_> = record.setups.iter().filter(is_here).map(row).collect();
    table(&heads, &rows)
}

fn row(setup: &SetupRecord) -> Vec<Cell> {
    let word = match verdict(setup) {
        Some(verdict) => html! {
            strong { (sign(verdict.word)) " " (verdict.word.label()) }
            br; (text(&verdict.gloss))
        },
        None => html! { "-" },
    };
    let word = match setup.summary.as_expected {
        Some(false) => Cell::failed(html! {
            (word)
            @for fact in &setup.summary.differs { br; "✗ " (text(fact)) }
        }),
        _ => Cell::of(word),
    };
    let picture = setup.record.as_ref().map(|record| small(record, 0));
    vec![
        Cell::of(name(setup)),
        word,
        Cell::of(picture.unwrap_or_default()),
        Cell::of(cure(setup)),
        Cell::of(measured(setup)),
    ]
}

fn name(setup: &SetupRecord) -> Markup {
    let summary = &setup.summary;
    html! {
        strong { (text(&summary.setup)) }
        br; (text(&summary.about))
        @if !summary.versions.is_empty() {
            br;
            span class="note" {
                @for (index, version) in summary.versions.iter().enumerate() {
                    @if index > 0 { " · " }
                    (text(&version.program)) " " (text(version.version.as_deref().unwrap_or("?")))
                    @if !version.measured { " (expectation measured with another version)" }
                }
            }
        }
    }
}

/// Of the best cause that names a line; else what the check says in words; else what the setup's own file knows.
fn cure(setup: &SetupRecord) -> Markup {
    let Some(verdict) = verdict(setup).filter(|verdict| verdict.word != Word::Live) else {
        return html! { span class="note" { "nothing" } };
    };
    let remedy = |cause: &&Cause| {
        cause
            .remedy
            .as_ref()
            .is_some_and(|remedy| remedy.config.is_some())
    };
    let best = verdict.causes.iter().find(remedy);
    let known = setup.summary.known_cure.as_ref();
    match best.and_then(|cause| Some((cause, cause.remedy.as_ref()?))) {
        Some((cause, remedy)) => html! {
            @if let Some(config) = &remedy.config { (copyable(config)) }
            @if let Some(place) = &remedy.place { "in: " (text(place)) br; }
            span class="note" { (text(&cause.component)) " · " (text(&cause.code)) }
            @if let Some(known) = known { br; "or: " (text(known)) }
        },
        None => html! {
            @match known {
                Some(known) => (text(known)),
                None => span class="note" { "no line is known" },
            }
            @if let Some(cause) = verdict.causes.first() { br; span class="note" { (text(&cause.code)) } }
        },
    }
}

/// What else was measured, one line each.
fn measured(setup: &SetupRecord) -> Markup {
    let summary = &setup.summary;
    html! {
        @for shape in &summary.shapes { (line_of(shape)) br; }
        @if !summary.crowds.is_empty() { (served(&summary.crowds)) br; }
        @if let Some(compression) = &summary.compression {
            @match compression.is_safe() {
                Some(true) => { "streams with compression offered" @if let Some(coding) = &compression.coding { " (" (text(coding)) ")" } },
                Some(false) => "✗ compression holds it back",
                None => "held with compression and without",
            }
            br;
        }
        @if let Some(leaving) = &summary.leaving {
            @if leaving.noticed { "notices who leaves, within " (number::time(leaving.after_us)) }
            @else { "✗ does not notice who leaves (" (number::time(leaving.after_us)) " watched)" }
            br;
        }
        @if let Some(silence) = &summary.silence { (silent(silence)) br; }
    }
}

fn line_of(shape: &ShapeRecord) -> Markup {
    html! {
        (text(&shape.shape)) ": " (sign(shape.verdict)) " " (shape.verdict.label())
        @if let Some(most) = shape.transit_max_us { ", latest " (number::time(most)) }
    }
}

fn served(crowds: &[CrowdRecord]) -> Markup {
    html! {
        "served at once: "
        @for (index, crowd) in crowds.iter().enumerate() {
            @if index > 0 { ", " }
            (crowd.served) " of " (crowd.asked)
        }
    }
}

fn silent(silence: &SilenceRecord) -> Markup {
    html! {
        @match silence.cut_after_us {
            Some(after) => { "✂ cut after " (number::time(after)) " of silence" },
            None => { "not cut in " (number::time(silence.watched_us)) " of silence" },
        }
        @if !silence.event_arrived { "; the one event did not arrive" }
    }
}

fn left_out(record: &MatrixRecord) -> Markup {
    let why = |setup: &SetupRecord| {
        let summary = &setup.summary;
        let skipped = summary.skipped.as_ref().map(|why| ("skipped", why));
        skipped
            .or_else(|| summary.failed.as_ref().map(|why| ("failed", why)))
            .map(|(what, why)| {
                vec![
                    Cell::of(text(&summary.setup)),
                    Cell::own(what),
                    Cell::of(text(why.lines().next().unwrap_or_default())),
                ]
            })
    };
    let rows: Vec<_> = record.setups.iter().filter_map(why).collect();
    if rows.is_empty() {
        return Markup::default();
    }
    let heads = [
        Head::Words("setup"),
        Head::Words("what"),
        Head::Words("why"),
    ];
    section(
        "left-out",
        "Not run: neither passed nor failed a verdict",
        &table(&heads, &rows),
    )
}

fn words() -> Markup {
    let body = html! {
        p {
            "Each setup was started, asked for one stream as a browser would, and stopped. In the picture the upper ticks are events \
             as they were written, the lower ones as they arrived: upright lines are live, lines that meet in one point were held and \
             let go together."
        }
        p {
            "small: twenty events, 100 ms apart. large: two hundred of 1 KiB, 20 ms apart. lone: one event, then silence. \
             Served at once: of so many streams opened together, how many had their first event within 2 s."
        }
    };
    section("words", "How to read this", &body)
}

fn verdict(setup: &SetupRecord) -> Option<&Verdict> {
    setup.record.as_ref()?.verdict.as_ref()
}

fn sign(word: Word) -> String {
    // The variation selector keeps the scissors from being drawn as a coloured picture.
    let text_form = if word == Word::Cut { "\u{fe0e}" } else { "" };
    format!("{}{text_form}", word.symbol(Charset::Unicode))
}

fn gloss(word: Word) -> &'static str {
    match word {
        Word::Live => "each event as it was written",
        Word::Batched => "held and released in groups",
        Word::Buffered => "nothing until the end",
        Word::Cut => "ended before its time",
        Word::NoStream => "no event stream",
        Word::Inconclusive => "cannot tell",
        Word::Invalid => "this machine was the limit",
    }
}
