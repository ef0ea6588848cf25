//! The drip chart as small as a word, for the row of a table.

use maud::{Markup, html};
use run_record::record::RunRecord;

use super::MOST_DROPS;
use super::connection::{Connection, of_subscriber};
use crate::html::svg::{Path, Scale};

/// One connection of a record with at most 60 of its events, spread over all of them; about 2 KB. Nothing where no event
/// came. Request N of a check is subscriber N - 1.
pub(in crate::html) fn small(record: &RunRecord, subscriber: u64) -> Markup {
    match of_subscriber(record, &record.total(), subscriber) {
        Some(connection) => picture(&connection),
        None => Markup::default(),
    }
}

pub(super) fn picture(connection: &Connection<'_>) -> Markup {
    let x = Scale::new((0.0, connection.until.as_secs_f64()), (2.0, 158.0));
    let stride = connection.events.len().div_ceil(MOST_DROPS);
    let (mut above, mut below, mut joined) = (Path::default(), Path::default(), Path::default());
    for drop in connection.events.iter().step_by(stride) {
        let arrival = x.at(drop.latest.as_secs_f64());
        below.line((arrival, 26.0), (arrival, 34.0));
        if let Some(sent) = drop.sent {
            let sent = x.at(sent.as_secs_f64());
            above.line((sent, 2.0), (sent, 10.0));
            joined.line((sent, 10.0), (arrival, 26.0));
        }
    }
    html! {
        svg class="small" viewBox="0 0 160 36" role="img" aria-label=(connection.finding()) {
            path class="joined" d=(joined.as_str()) {}
            path class="sent" d=(above.as_str()) {}
            path class="received drop" d=(below.as_str()) {}
        }
    }
}
