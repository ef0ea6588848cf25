//! What was demanded, what was measured, and the room between them; what failed stands first.

use maud::{Markup, html};
use run_record::limits::{Amount, LimitResult, LimitStatus, Side};
use run_record::record::RunRecord;

use super::parts::{Cell, Head, empty, section, table, text};
use crate::baseline::relative;
use crate::number;
use crate::sanitise::sanitise;

const TITLE: &str = "Limits";

pub(super) fn limits(record: &RunRecord) -> Markup {
    let mut limits: Vec<&LimitResult> = record.limits.iter().collect();
    limits.sort_by_key(|limit| limit.status);
    let mut rows: Vec<_> = limits.into_iter().map(row).collect();
    let is_as_demanded = record.exit.as_ref().is_some_and(|exit| exit.code == 0);
    if let Some(demanded) = demanded(record, is_as_demanded) {
        rows.insert(if is_as_demanded { rows.len() } else { 0 }, demanded);
    }
    if rows.is_empty() {
        let why = "No limit was given, so nothing could be missed: --max delivery.p99=100ms or --max lost=0 sets one.";
        return empty("limits", TITLE, why);
    }
    let heads = [
        Head::Words("demanded"),
        Head::Number("measured"),
        Head::Number("limit"),
        Head::Number("margin"),
        Head::Words("met"),
    ];
    section("limits", TITLE, &table(&heads, &rows))
}

fn row(limit: &LimitResult) -> Vec<Cell> {
    let shown = |value: Option<Amount>| value.map_or_else(|| "-".to_owned(), number::amount);
    let side = match limit.side {
        Side::Max => "max ",
        Side::Min => "min ",
    };
    // The value of the expression stands in a column of its own.
    let name = limit.expression.split('=').next().unwrap_or_default();
    let met = match limit.status {
        LimitStatus::Met => Cell::own("✓ yes"),
        LimitStatus::Missed => Cell::failed(html! { "✗ no" }),
        LimitStatus::NotMeasured => Cell::of(html! {
            "? not measured"
            @if let Some(why) = &limit.why { ": " (text(why)) }
        }),
    };
    vec![
        Cell::of(text(name)),
        Cell::own(&shown(limit.measured)),
        Cell::of(html! {
            (side) (shown(limit.limit))
            @if let Some(given) = relative(limit) { " (" (text(given)) ")" }
        }),
        Cell::own(&signed(limit.margin)),
        met,
    ]
}

/// Room that is left has a sign too, so that it is not taken for a distance.
fn signed(margin: Option<Amount>) -> String {
    match margin {
        None => "-".to_owned(),
        Some(amount) if amount.value() > 0.0 => format!("+{}", number::amount(amount)),
        Some(amount) => number::amount(amount),
    }
}

/// The verdict that was demanded is a limit like the others.
fn demanded(record: &RunRecord, is_met: bool) -> Option<Vec<Cell>> {
    let demanded = record.plan.expect.as_deref()?;
    let verdict = record.verdict.as_ref()?;
    let is_word = verdict.word.label().eq_ignore_ascii_case(demanded) || demanded == "any";
    let met = match (is_met, is_word) {
        (true, _) => Cell::own("✓ yes"),
        (false, true) => Cell::own("? not sure enough"),
        (false, false) => Cell::failed(html! { "✗ no" }),
    };
    Some(vec![
        Cell::own("verdict"),
        Cell::own(verdict.word.label()),
        Cell::own(&sanitise(demanded).to_uppercase()),
        Cell::own("-"),
        met,
    ])
}
