//! Many events: how many were sent and how many arrived until each instant.

use maud::{Markup, html};
use run_record::time::Nanos;

use super::connection::Connection;
use super::rain::{axis, signs, time_below};
use crate::html::figure::Mark;
use crate::html::parts::Head;
use crate::html::svg::{BELOW, LEFT, Path, Scale, axis_left, coordinate};
use crate::number;

const TOP: f64 = 12.0;
const FOOT: f64 = 190.0;
const SIGNS: f64 = 206.0;
const BOTTOM: f64 = 222.0;
/// Width of a column of a staircase: finer steps are not told apart.
const COLUMN: f64 = 2.0;
/// Instants that the table has.
const MARKS: u32 = 60;

pub(super) const HEADS: &[Head] = &[
    Head::Number("at"),
    Head::Number("sent"),
    Head::Number("received"),
    Head::Number("held on the way"),
];

/// The drawing, its height and its marks.
pub(super) fn drawn(connection: &Connection<'_>) -> (Markup, f64, Vec<Mark>) {
    let x = axis(connection);
    let y = Scale::new((0.0, connection.events.len() as f64), (FOOT, TOP));
    let sent = sorted(connection.events.iter().filter_map(|drop| drop.sent));
    let received = sorted(connection.events.iter().map(|drop| drop.latest));
    let ticks: Vec<_> = y
        .ticks(4)
        .into_iter()
        .map(|count| (count, number::significant(count)))
        .collect();
    let drawing = html! {
        (axis_left(y, &ticks))
        @if let Some(name) = connection.sent_by {
            path class="sent" d=(stairs(&sent, x, y).as_str()) {}
            (legend("sent", TOP + 12.0, name))
        }
        path class="received" d=(stairs(&received, x, y).as_str()) {}
        (legend("received", TOP + 34.0, "received"))
        (signs(connection, x, SIGNS))
        (time_below(x, BOTTOM))
    };
    (
        drawing,
        BOTTOM + BELOW,
        marks(connection, &sent, &received, x),
    )
}

fn sorted(times: impl Iterator<Item = Nanos>) -> Vec<Nanos> {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times
}

/// One step for each column in which something came; the last of a column counts.
fn stairs(times: &[Nanos], x: Scale, y: Scale) -> Path {
    let column = |time: &Nanos| (x.at(time.as_secs_f64()) / COLUMN) as i64;
    let mut count = 0;
    let steps = times.chunk_by(|one, next| column(one) == column(next));
    let start = (
        x.at(times.first().map_or(0.0, |time| time.as_secs_f64())),
        y.at(0.0),
    );
    Path::steps(
        start,
        steps.map(|step| {
            count += step.len();
            (x.at(step[0].as_secs_f64()), y.at(count as f64))
        }),
    )
}

fn legend(class: &str, at: f64, name: &str) -> Markup {
    html! {
        path class=(class) d=(Path::through([(LEFT + 12.0, at), (LEFT + 40.0, at)]).as_str()) {}
        text class="name" x=(coordinate(LEFT + 48.0)) y=(coordinate(at + 4.0)) { (name) }
    }
}

fn marks(connection: &Connection<'_>, sent: &[Nanos], received: &[Nanos], x: Scale) -> Vec<Mark> {
    let until = |times: &[Nanos], at: Nanos| times.partition_point(|time| *time <= at) as u64;
    let mark = |step: u32| {
        let at = Nanos((connection.until.0 as f64 * f64::from(step) / f64::from(MARKS)) as u64);
        let came = until(received, at);
        let (sent, held) = match connection.sent_by {
            Some(_) => {
                let sent = until(sent, at);
                (
                    number::count(sent),
                    number::count(sent.saturating_sub(came)),
                )
            }
            None => ("-".to_owned(), "-".to_owned()),
        };
        Mark {
            x: x.at(at.as_secs_f64()),
            cells: vec![number::time(at), sent, number::count(came), held],
        }
    };
    (0..=MARKS).map(mark).collect()
}
