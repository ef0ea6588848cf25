//! Which events arrived together: when, how many, how many bytes.

use maud::{Markup, html};
use run_record::measured::Group;
use run_record::record::RunRecord;
use run_record::time::Nanos;

use super::connection::{Connection, Drop, chosen};
use crate::html::parts::{Cell, Head, section, table};
use crate::number;

/// Rows of the table.
const MOST: usize = 30;

/// The groups of the first connection, where events came in groups.
pub(in crate::html) fn groups(record: &RunRecord, total: &Group) -> Markup {
    let connections = chosen(record, total);
    let Some(connection) = connections.first() else {
        return Markup::default();
    };
    let groups = connection.groups();
    // Now and then two come together on any stream.
    if groups.len() * 2 > connection.events.len() {
        return Markup::default();
    }
    let mut before: Option<Nanos> = None;
    let rows: Vec<_> = groups
        .iter()
        .take(MOST)
        .map(|group| row(group, &mut before))
        .collect();
    let heads = [
        Head::Number("at"),
        Head::Number("after the one before"),
        Head::Number("events"),
        Head::Number("bytes"),
        Head::Number("its first event waited"),
    ];
    let body = html! {
        (table(&heads, &rows))
        p class="note" {
            (constant(connection))
            @if groups.len() > MOST { " The first " (MOST) " of " (number::count(groups.len() as u64)) " groups; the record has all." }
        }
    };
    section("groups", "Arrival groups", &body)
}

fn row(group: &[Drop<'_>], before: &mut Option<Nanos>) -> Vec<Cell> {
    let time = |time: Option<Nanos>| time.map_or_else(|| "-".to_owned(), number::time);
    let at = group.last().map(|drop| drop.latest);
    let since = at.zip(*before).map(|(at, before)| at - before);
    *before = at;
    let waited = group.first().and_then(Drop::held);
    [
        time(at),
        time(since),
        number::count(group.len() as u64),
        number::count(bytes(group)),
        time(waited),
    ]
    .map(|cell| Cell::own(&cell))
    .into()
}

fn bytes(group: &[Drop<'_>]) -> u64 {
    group.iter().map(|drop| u64::from(drop.event.bytes)).sum()
}

/// Which of the two is the constant, the bytes of a group or the time between two: what a buffer goes by.
fn constant(connection: &Connection<'_>) -> &'static str {
    let groups = connection.groups();
    // The first group may have begun before the request, the last one is what was left.
    let Some(inner) = groups.get(1..groups.len().saturating_sub(1)) else {
        return "";
    };
    if inner.len() < 3 {
        return "Too few groups to tell whether their bytes or their distance is the constant.";
    }
    let sizes: Vec<_> = inner.iter().map(|group| bytes(group)).collect();
    let ends: Vec<_> = inner
        .iter()
        .filter_map(|group| group.last())
        .map(|drop| drop.latest)
        .collect();
    let gaps: Vec<_> = ends.windows(2).map(|pair| (pair[1] - pair[0]).0).collect();
    match (is_constant(&sizes), is_constant(&gaps)) {
        (true, false) => "The bytes of a group are the constant, not the time between two.",
        (false, true) => "The time between two groups is the constant, not their bytes.",
        (true, true) => {
            "Bytes and distance are both constant: at this even rate the one follows from the other."
        }
        (false, false) => "Neither the bytes of a group nor the time between two is constant.",
    }
}

/// All within a tenth of their middle.
fn is_constant(values: &[u64]) -> bool {
    let least = values.iter().min().copied().unwrap_or_default();
    let most = values.iter().max().copied().unwrap_or_default();
    (most - least) * 5 <= least.saturating_add(most) / 2
}
