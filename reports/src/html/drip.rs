//! The drip chart: each event as it was sent and as it arrived, joined by a line.
//!
//! Vertical rain is live; lines that meet in a point are a buffer.

mod connection;
mod groups;
mod rain;
mod small;
mod staircase;

use maud::{Markup, html};
use run_record::measured::Group;
use run_record::record::RunRecord;

use super::figure::Figure;
use super::parts::{Head, empty, section};
use crate::number;
use connection::{Connection, DUE};
pub(super) use groups::groups;
pub(super) use small::small;

/// The most events that are drawn one by one; more are drawn as a staircase.
const MOST_DROPS: usize = 60;
const TITLE: &str = "Event by event";

/// The connections that were followed event by event: of a run the worst, the median and the best of them, of a check
/// its first requests.
pub(super) fn picture(record: &RunRecord, total: &Group) -> Markup {
    let connections = connection::chosen(record, total);
    let Some(first) = connections.first() else {
        let why = "No stream was followed with an event in it, so there is nothing to draw. A run follows its first streams (--trace 4), a check all of its own.";
        return empty("drip", TITLE, why);
    };
    let body = html! {
        @if connections.len() > 1 {
            p class="switch" hidden {
                @for (index, connection) in connections.iter().enumerate() {
                    button type="button" { kbd { (index + 1) } " " (connection.name) }
                }
            }
        }
        @for (index, connection) in connections.iter().enumerate() {
            (figure(connection, &format!("drip-{index}"), connections.len() > 1))
        }
    };
    section("drip", &first.finding(), &body)
}

/// The first connection as small as a word, for the banner.
pub(super) fn glance(record: &RunRecord, total: &Group) -> Markup {
    let connections = connection::chosen(record, total);
    html! {
        @if let Some(first) = connections.first() {
            div class="glance" {
                (small::picture(first))
                small {
                    (first.finding())
                    @if let Some(name) = first.sent_by { " (" (name) " above, received below)" }
                }
            }
        }
    }
}

fn figure(connection: &Connection<'_>, id: &str, is_named: bool) -> Markup {
    let is_stairs = connection.events.len() > MOST_DROPS;
    let (drawing, height, marks) = if is_stairs {
        staircase::drawn(connection)
    } else {
        rain::drawn(connection)
    };
    let caption = html! {
        @if is_named { strong { (connection.name) ". " } }
        (caption(connection, is_stairs))
    };
    let heads: &[Head] = if is_stairs {
        staircase::HEADS
    } else {
        rain::heads(connection)
    };
    Figure {
        id,
        label: &format!("{}, {}", connection.finding(), connection.name),
        height,
        drawing,
        caption,
        heads,
        marks,
    }
    .render("drip")
}

fn caption(connection: &Connection<'_>, is_stairs: bool) -> Markup {
    let count = number::count(connection.events.len() as u64);
    html! {
        (count) " events of one connection"
        @if connection.is_cut_short { ", its first ones" }
        ". "
        @match (connection.sent_by, is_stairs) {
            (None, true) => "Send times are unknown: arrivals only. An even slope is an even stream; a step is a group that came at once. ",
            (None, false) => "Send times are unknown: arrivals only. Even ticks are an even stream; ticks on top of each other came at once. ",
            (Some(_), true) => "The distance between the two lines is what was held on the way at that time. ",
            (Some(_), false) => "Upright lines are live; lines that meet in one point were held and let go together. ",
        }
        @if connection.sent_by == Some(DUE) && !is_stairs { "A hollow tick is when an event was expected; nobody said when it was sent. " }
        @if connection.has_intervals() {
            "A bar is an arrival known only as an interval: other events came with the same read. "
        }
    }
}
