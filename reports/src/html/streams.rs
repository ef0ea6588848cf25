//! Whether the connections stayed: in which state how many of them were, over the time of a run.

use maud::{Markup, html};
use run_record::record::RunRecord;
use run_record::timeline::Slice;

use super::columns::{Column, columns, time_below};
use super::figure::{Figure, Mark};
use super::parts::{Head, empty, section};
use super::svg::{BELOW, LEFT, Path, RIGHT, Scale, axis_left, coordinate};
use crate::number;

const TOP: f64 = 12.0;
const BOTTOM: f64 = 192.0;
const LEGEND: f64 = 34.0;
const TITLE: &str = "Connections over time";
/// Names of the states, from the lowest area to the highest.
const STATES: [&str; 5] = [
    "streaming",
    "open, no event yet",
    "opening",
    "closed by server",
    "failed",
];
const HEADS: &[Head] = &[
    Head::Number("at the end of"),
    Head::Number("streaming"),
    Head::Number("open, no event yet"),
    Head::Number("opening"),
    Head::Number("closed by server"),
    Head::Number("failed"),
];

/// How many connections were in each state at the end of a column, in the order of [`STATES`].
type Counts = [u64; 5];

pub(super) fn picture(record: &RunRecord) -> Markup {
    let columns = columns(&record.measured.timeline);
    let mut counts = counts(&columns);
    // A run closes its own streams in the last column: nothing is left to draw there.
    while counts.last() == Some(&Counts::default()) {
        counts.pop();
    }
    let columns = &columns[..counts.len()];
    let most = counts.iter().map(|counts| counts.iter().sum::<u64>()).max();
    let most = most.unwrap_or(0);
    if columns.len() < 2 || most == 0 {
        let why = "There is no course to draw: a run of two seconds or more has one.";
        return empty("open", TITLE, why);
    }
    let x = Scale::new((0.0, columns.len() as f64), (LEFT, RIGHT));
    let y = Scale::new((0.0, most as f64), (BOTTOM, TOP));
    let figure = Figure {
        id: "open-states",
        label: &title(&counts),
        height: BOTTOM + BELOW + LEGEND,
        drawing: drawn(columns, &counts, x, y),
        caption: html! {
            "Counted at the end of every " (number::count(columns[0].seconds)) " s, one state on top of the other. A connection that was closed or failed stays there until it is tried again. A run closes its own streams when it ends."
        },
        heads: HEADS,
        marks: marks(columns, &counts, x),
    };
    section("open", &title(&counts), &figure.render("open"))
}

/// The finding: how many at most, and whether the server closed some.
fn title(counts: &[Counts]) -> String {
    let most = |state: usize| counts.iter().map(|counts| counts[state]).max().unwrap_or(0);
    let at_most = number::count(most(0));
    let down = most(3).max(most(4));
    if most(0) == 0 {
        format!("{TITLE}: none had an event")
    } else if down == 0 {
        format!("{TITLE}: up to {at_most} streaming, none lost")
    } else {
        format!(
            "{TITLE}: up to {at_most} streaming, up to {} down",
            number::count(down)
        )
    }
}

/// Sums of what changed until the end of each column.
fn counts(columns: &[Column]) -> Vec<Counts> {
    let mut sum = Slice::default();
    let less = u64::saturating_sub;
    columns
        .iter()
        .map(|column| {
            sum.merge(&column.slice);
            let silent = less(less(sum.opened, sum.streaming), sum.closed_without_event);
            let open = less(sum.opened, sum.closed);
            let answered = sum.opened + sum.failed + sum.redirected + sum.withdrawn;
            [
                less(open, silent),
                silent.min(open),
                less(sum.attempted, answered),
                less(sum.closed_by_server, sum.again_after_stream),
                less(sum.failed, sum.again_after_failure),
            ]
        })
        .collect()
}

fn drawn(columns: &[Column], counts: &[Counts], x: Scale, y: Scale) -> Markup {
    let ticks: Vec<_> = y
        .ticks(4)
        .into_iter()
        .filter(|tick| tick.fract() == 0.0)
        .map(|tick| (tick, number::significant(tick)))
        .collect();
    html! {
        (patterns())
        (axis_left(y, &ticks))
        @for state in 0..STATES.len() {
            @let area = area(counts, state, x, y);
            @if !area.is_empty() { path class={ "state s" (state) } d=(area.as_str()) {} }
        }
        (time_below(columns, x, BOTTOM))
        (legend())
    }
}

/// Steps: what is counted at the end of a column holds for it. Empty where nobody was ever in that state.
fn area(counts: &[Counts], state: usize, x: Scale, y: Scale) -> Path {
    if counts.iter().all(|counts| counts[state] == 0) {
        return Path::default();
    }
    let level = |counts: &Counts, states: usize| y.at(counts[..states].iter().sum::<u64>() as f64);
    let steps = |states: usize| {
        counts.iter().enumerate().flat_map(move |(index, counts)| {
            let level = level(counts, states);
            [
                (x.at(index as f64), level),
                (x.at(index as f64 + 1.0), level),
            ]
        })
    };
    let mut below: Vec<_> = steps(state).collect();
    below.reverse();
    Path::through(steps(state + 1).chain(below)).close()
}

/// A pattern for each state, so that it is told by more than its colour.
fn patterns() -> Markup {
    let lines = ["", "M0 3H6", "M3 0V6", "M0 6L6 0", "M0 6L6 0M0 0L6 6"];
    html! {
        defs {
            @for (state, line) in lines.iter().enumerate() {
                pattern id={ "p" (state) } width="6" height="6" patternUnits="userSpaceOnUse" {
                    rect class={ "ground s" (state) } width="6" height="6" {}
                    path class={ "lines s" (state) } d=(line) {}
                }
            }
        }
    }
}

fn legend() -> Markup {
    let y = BOTTOM + BELOW + 10.0;
    let places = [
        LEFT - 80.0,
        LEFT + 22.0,
        LEFT + 180.0,
        LEFT + 272.0,
        LEFT + 420.0,
    ];
    html! {
        @for (state, (name, x)) in STATES.iter().zip(places).enumerate() {
            rect class={ "state s" (state) } x=(coordinate(x)) y=(coordinate(y)) width="18" height="14" {}
            text class="name legend" x=(coordinate(x + 24.0)) y=(coordinate(y + 11.0)) { (name) }
        }
    }
}

fn marks(columns: &[Column], counts: &[Counts], x: Scale) -> Vec<Mark> {
    let seconds = columns.first().map_or(1, |column| column.seconds);
    let mark = |(index, counts): (usize, &Counts)| {
        let at = format!("{} s", number::count((index as u64 + 1) * seconds));
        Mark {
            x: x.at(index as f64 + 1.0),
            cells: std::iter::once(at)
                .chain(counts.iter().map(|count| number::count(*count)))
                .collect(),
        }
    };
    counts.iter().enumerate().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::time::Wall;

    fn column(slice: Slice) -> Column {
        Column {
            from: Wall(0),
            seconds: 1,
            slice,
        }
    }

    #[test]
    fn each_connection_is_in_one_state() {
        let opening = Slice {
            attempted: 10,
            opened: 6,
            streaming: 4,
            failed: 1,
            ..Slice::default()
        };
        let closing = Slice {
            closed: 3,
            closed_by_server: 3,
            closed_without_event: 1,
            attempted: 2,
            opened: 1,
            reconnects: 2,
            again_after_stream: 1,
            again_after_failure: 1,
            ..Slice::default()
        };
        let counts = counts(&[column(opening), column(closing)]);
        assert_eq!(counts[0], [4, 2, 3, 0, 1]);
        assert_eq!(counts[1], [2, 2, 4, 2, 0]);
        assert!(counts.iter().all(|counts| counts.iter().sum::<u64>() == 10));
    }
}
