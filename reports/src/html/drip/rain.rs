//! Few events: one tick for each where it was sent and where it arrived.

use maud::{Markup, html};

use super::connection::{Connection, DUE, Drop, Stream};
use crate::html::figure::Mark;
use crate::html::parts::Head;
use crate::html::svg::{BELOW, LEFT, Path, RIGHT, Scale, axis_below, coordinate};
use crate::number;
use run_record::time::Nanos;

const SENT: f64 = 22.0;
const RECEIVED: f64 = 138.0;
/// Half the height of a tick.
const TICK: f64 = 12.0;
/// Width of a tick that is an expectation.
const HOLLOW: f64 = 4.0;
/// Where head, comments and end are marked.
const SIGNS: f64 = 170.0;
const BOTTOM: f64 = 186.0;
/// A label that needs more room than this stands before its mark.
const ROOM: f64 = 150.0;

const WITH_SENT: &[Head] = &[
    Head::Number("event"),
    Head::Number("bytes"),
    Head::Number("sent"),
    Head::Number("received"),
    Head::Number("on the way"),
];
const ARRIVALS: &[Head] = &[
    Head::Number("event"),
    Head::Number("bytes"),
    Head::Number("received"),
    Head::Number("after the one before"),
];

pub(super) fn heads(connection: &Connection<'_>) -> &'static [Head] {
    match connection.sent_by {
        Some(_) => WITH_SENT,
        None => ARRIVALS,
    }
}

/// The drawing, its height and its marks.
pub(super) fn drawn(connection: &Connection<'_>) -> (Markup, f64, Vec<Mark>) {
    let x = axis(connection);
    let marks = marks(connection, x);
    let drawing = html! {
        (drops(connection, x))
        (signs(connection, x, SIGNS))
        (time_below(x, BOTTOM))
    };
    (drawing, BOTTOM + BELOW, marks)
}

/// The axis of time of a connection.
pub(super) fn axis(connection: &Connection<'_>) -> Scale {
    let seconds = connection.until.as_secs_f64();
    Scale::new((0.0, seconds.max(1e-6)), (LEFT, RIGHT))
}

pub(super) fn time_below(x: Scale, bottom: f64) -> Markup {
    let label = |seconds: f64| match seconds {
        0.0 => "0 s".to_owned(),
        _ => number::micros(seconds * 1e6),
    };
    let ticks: Vec<_> = x.ticks(6).into_iter().map(|at| (at, label(at))).collect();
    axis_below(x, bottom, &ticks, "time since the request")
}

fn drops(connection: &Connection<'_>, x: Scale) -> Markup {
    let at = |time: Nanos| x.at(time.as_secs_f64());
    // A rhythm that was expected and not told by the server is drawn hollow.
    let is_due = connection.sent_by == Some(DUE);
    let (mut above, mut below) = (Path::default(), Path::default());
    let (mut joined, mut bars) = (Path::default(), Path::default());
    for drop in &connection.events {
        let arrival = at(drop.latest);
        below.line((arrival, RECEIVED - TICK), (arrival, RECEIVED + TICK));
        let earliest = at(drop.earliest);
        if arrival - earliest > 1.0 {
            bars.line((earliest, RECEIVED), (arrival, RECEIVED));
        }
        if let Some(sent) = drop.sent {
            if is_due {
                above.block((at(sent) - HOLLOW / 2.0, SENT - TICK), (HOLLOW, 2.0 * TICK));
            } else {
                above.line((at(sent), SENT - TICK), (at(sent), SENT + TICK));
            }
            joined.line((at(sent), SENT + TICK), (arrival, RECEIVED - TICK));
        }
    }
    html! {
        @if let Some(name) = connection.sent_by { text class="name" x="0" y=(coordinate(SENT + 5.0)) { (name) } }
        text class="name" x="0" y=(coordinate(RECEIVED + 5.0)) { "received" }
        path class="joined" d=(joined.as_str()) {}
        path class=(if is_due { "due" } else { "sent" }) d=(above.as_str()) {}
        @if !bars.is_empty() { path class="bars" d=(bars.as_str()) {} }
        path class="received drop" d=(below.as_str()) {}
    }
}

/// Where heads, comments, ends and reconnects are, with their words.
pub(super) fn signs(connection: &Connection<'_>, x: Scale, y: f64) -> Markup {
    let at = |time: Nanos| x.at(time.as_secs_f64());
    html! {
        @for (number, stream) in connection.streams.iter().enumerate() {
            @if number > 0 {
                path class="again" d=(Path::through([(at(stream.requested), 0.0), (at(stream.requested), y)]).as_str()) {}
                @if number < 4 {
                    text x=(coordinate(at(stream.requested) + 4.0)) y=(coordinate(y - TICK)) { "reconnect" }
                }
            }
            (ends_of(stream, number == 0, x, y))
            @for comment in &stream.comments {
                circle class="comment" cx=(coordinate(at(*comment))) cy=(coordinate(y)) r="3" {}
            }
        }
    }
}

/// The head and the end of a response; one label for both where they are close.
fn ends_of(stream: &Stream, is_first: bool, x: Scale, y: f64) -> Markup {
    let at = |time: Nanos| x.at(time.as_secs_f64());
    let head = stream.head.map(at);
    let end = stream.end.as_ref().map(|(time, end)| (at(*time), end));
    let is_close = matches!((head, &end), (Some(head), Some((end, _))) if end - head < ROOM);
    html! {
        @if let Some(head) = head {
            path class="head" d=(diamond(head, y).as_str()) {}
            @if is_first && !is_close { (sign(head, y, "response head")) }
        }
        @if let Some((x, end)) = end {
            @if !end.is_cut { path class="end" d=(square(x, y).as_str()) {} }
            @let words = if is_close { format!("head and end: {}", end.words) } else { end.words.clone() };
            @let words = if end.is_cut { format!("{words} \u{2702}\u{fe0e}") } else { words };
            text class=[end.is_cut.then_some("cut")] x=(coordinate(x - if end.is_cut { -6.0 } else { 10.0 })) y=(coordinate(y + 4.0)) text-anchor="end" { (words) }
        } @else if is_first {
            text x=(coordinate(RIGHT)) y=(coordinate(y + 4.0)) text-anchor="end" { "still open \u{2192}" }
        }
    }
}

fn sign(x: f64, y: f64, words: &str) -> Markup {
    let (x, anchor) = if x + ROOM > RIGHT {
        (x - 10.0, "end")
    } else {
        (x + 10.0, "start")
    };
    html! { text x=(coordinate(x)) y=(coordinate(y + 4.0)) text-anchor=(anchor) { (words) } }
}

fn diamond(x: f64, y: f64) -> Path {
    Path::through([(x - 5.0, y), (x, y - 5.0), (x + 5.0, y), (x, y + 5.0)]).close()
}

fn square(x: f64, y: f64) -> Path {
    let mut path = Path::default();
    path.block((x - 4.0, y - 4.0), (8.0, 8.0));
    path
}

fn marks(connection: &Connection<'_>, x: Scale) -> Vec<Mark> {
    let mut before: Option<Nanos> = None;
    let mut mark = |drop: &Drop<'_>| {
        let time = |time: Option<Nanos>| time.map_or_else(|| "-".to_owned(), number::time);
        let since = before
            .replace(drop.latest)
            .map(|before| drop.latest - before);
        let mut cells = vec![
            number::count(drop.event.number + 1),
            number::count(drop.event.bytes.into()),
        ];
        if connection.sent_by.is_some() {
            cells.push(time(drop.sent));
        }
        cells.push(arrival(drop));
        cells.push(time(if connection.sent_by.is_some() {
            drop.held()
        } else {
            since
        }));
        let x = x.at(drop.latest.as_secs_f64());
        Mark { x, cells }
    };
    connection.events.iter().map(&mut mark).collect()
}

/// An instant, or an interval where no instant is known.
fn arrival(drop: &Drop<'_>) -> String {
    let latest = number::time(drop.latest);
    let earliest = number::time(drop.earliest);
    if earliest == latest {
        latest
    } else {
        format!("{earliest} to {latest}")
    }
}
