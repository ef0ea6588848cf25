//! The page of two sets of runs: the answer in a sentence, a row for each quantity, and which runs went in.

use maud::{Markup, html};
use run_record::diff::{Diff, DiffQuantity, DiffRun, Outcome, Spread};

use super::document::document;
use super::parts::{Cell, Head, section, table, text};
use crate::diff::{signed, value, within};
use crate::number;

/// The page of a comparison, as one self-contained document.
///
/// Shape: the answer, what differs by how much, what must be known to read it, the runs. Nothing is fetched.
pub fn diff_page(diff: &Diff) -> String {
    let body = html! {
        header { h1 { "Runs compared" } }
        (banner(diff))
        (section("quantities", "What was compared", &quantities(diff)))
        (section("runs", "The runs", &runs(diff)))
    };
    document("runs compared", &body)
}

fn banner(diff: &Diff) -> Markup {
    let (tone, word) = match diff.outcome {
        Outcome::Worse => ("bad", "✗ Worse"),
        Outcome::Better => ("good", "✓ Better"),
        Outcome::Refused => ("warn", "? Not compared"),
        Outcome::NotShown | Outcome::BelowFloor => ("good", "= No difference shown"),
    };
    html! {
        section class={ "banner " (tone) } aria-labelledby="outcome" {
            h2 id="outcome" { (word) }
            p { (text(&diff.sentence)) "." }
            @for note in &diff.notes { p class="note" { (text(note)) "." } }
            @if let Some(exit) = &diff.exit {
                p class="note" { "Exit code " (exit.code) ": " (text(&exit.reason)) }
            }
        }
    }
}

fn quantities(diff: &Diff) -> Markup {
    let heads = [
        Head::Words("median run of"),
        Head::Number("before"),
        Head::Number("after"),
        Head::Number("change"),
        Head::Number("95 % interval"),
        Head::Number("p"),
        Head::Words("answer"),
    ];
    let rows: Vec<Vec<Cell>> = diff.quantities.iter().map(row).collect();
    html! {
        (table(&heads, &rows))
        p class="note" {
            "The unit is the run: each value is the median over the runs of a side. The change is the median over all "
            "pairs of a run after and a run before; p is that of Mann and Whitney, adjusted after Holm."
        }
        @for quantity in &diff.quantities { p { (text(&quantity.sentence)) "." } }
    }
}

fn row(quantity: &DiffQuantity) -> Vec<Cell> {
    let median = |side: &Option<Spread>| {
        side.as_ref()
            .map_or_else(|| "-".to_owned(), |side| value(side.median, &quantity.unit))
    };
    let change = quantity.change.as_ref();
    let or_none = |text: Option<String>| Cell::own(&text.unwrap_or_else(|| "-".to_owned()));
    let answer = match quantity.outcome {
        Outcome::Worse => Cell::failed(html! { "✗ worse" }),
        Outcome::Better => Cell::own("✓ better"),
        Outcome::Refused => Cell::own("? not compared"),
        Outcome::NotShown => Cell::own("no difference shown"),
        Outcome::BelowFloor => Cell::own("below the floor"),
    };
    vec![
        Cell::of(text(&quantity.name)),
        Cell::own(&median(&quantity.base)),
        Cell::own(&median(&quantity.new)),
        or_none(change.map(|change| signed(change.typical, &change.unit))),
        or_none(change.map(within)),
        or_none(quantity.p.map(|p| format!("{p:.4}"))),
        answer,
    ]
}

fn runs(diff: &Diff) -> Markup {
    let heads = [
        Head::Words("side"),
        Head::Words("run"),
        Head::Words("of"),
        Head::Words("begun"),
        Head::Words("counted"),
    ];
    let side = |name: &'static str, runs: &[DiffRun]| -> Vec<Vec<Cell>> {
        let row = |run: &DiffRun| {
            let counted = match &run.left_out {
                None => Cell::own("yes"),
                Some(why) => Cell::of(html! { "no: " (text(why)) }),
            };
            vec![
                Cell::own(name),
                Cell::of(text(&run.name)),
                Cell::of(text(&run.url)),
                Cell::of(text(&run.started.utc)),
                counted,
            ]
        };
        runs.iter().map(row).collect()
    };
    let rows = [side("before", &diff.base), side("after", &diff.new)].concat();
    let turns = if diff.interleaved {
        "They took turns, so that what changes with time met both sides alike."
    } else {
        "They did not take turns: what else changed between the two sides is in the figures too."
    };
    html! {
        p { (number::count(rows.len() as u64)) " runs. " (turns) }
        (table(&heads, &rows))
    }
}
