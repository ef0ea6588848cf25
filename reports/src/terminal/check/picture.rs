//! The drip picture: when events were sent, and when they arrived.
//!
//! A live stream is two rows alike; a stream held back is an even row above a few blocks.
//! Nothing is drawn that was not seen: where not all events can be told apart, a part is shown.

use run_record::probe::ProbeRecord;
use run_record::record::RunRecord;
use run_record::time::{Nanos, Wall};
use run_record::traces::{Trace, TraceEvent};
use run_record::verdict::Word;
use unicode_width::UnicodeWidthStr;

use super::super::line::Line;
use super::axis;
use super::scale::{Anchor, Scale};
use crate::number;
use crate::style::{Style, Tone, pad_left};

/// Where the picture begins, behind the names of its rows.
const NAMES: usize = 8;

/// Columns behind the last instant, for the count of a group or the time of a cut.
const MARGIN: usize = 10;

/// What is drawn: the first traced probe that has events.
pub(super) struct Drawn<'a> {
    /// Its arrivals.
    pub(super) trace: &'a Trace,
    /// The request of the trace, where the record has it.
    pub(super) probe: Option<&'a ProbeRecord>,
}

/// What can be drawn of a check; `None` where no event came.
pub(super) fn drawn(record: &RunRecord) -> Option<Drawn<'_>> {
    let mut traces = record.measured.traces.iter();
    let trace = traces.find(|trace| trace.stream == 0 && !trace.events.is_empty())?;
    let is_of =
        |probe: &&ProbeRecord| u64::from(probe.number) == trace.subscriber.saturating_add(1);
    let probe = record.probes.iter().find(is_of);
    Some(Drawn { trace, probe })
}

/// The rows of the picture with the time below; empty where no event came.
pub(super) fn lines(record: &RunRecord, style: &Style) -> Vec<Line> {
    let Some(drawn) = drawn(record) else {
        return Vec::new();
    };
    let is_cut = matches!(&record.verdict, Some(verdict) if verdict.word == Word::Cut);
    let drip = Drip::of(&drawn);
    let columns = style.width.saturating_sub(NAMES + MARGIN);
    let anchor = if is_cut {
        Anchor::End
    } else {
        Anchor::FirstEvent
    };
    let scale = Scale::fitting(&drip.received, drip.watched, anchor, columns);
    let mut lines = Vec::new();
    if let Some((name, times)) = &drip.sent {
        let row = row(&rain(scale.counts(times)), columns + MARGIN, style);
        lines.push(named(name).toned(Tone::Faint, row));
    }
    let received = scale.counts(&drip.received);
    if is_cut {
        let (marks, cut) = cut_row(&received, &scale, drip.watched, style);
        lines.push(named("recv").then(marks).toned(Tone::Bad, cut));
    } else {
        lines.push(named("recv").then(row(&received, columns + MARGIN, style)));
    }
    let caption = caption(&drawn, received.iter().sum());
    let room = style.width.saturating_sub(NAMES + caption.width() + 2);
    let axis = axis::labels(&scale, room);
    let caption = pad_left(&caption, style.width.saturating_sub(NAMES + axis.width()));
    lines.push(named("").toned(Tone::Faint, axis + &caption));
    lines
}

fn named(name: &str) -> Line {
    Line::new("  ").then(name).up_to(NAMES)
}

/// The times of one stream, from its request on.
pub(super) struct Drip {
    /// When events were sent, or were due, with the name of that row; absent where unknown.
    sent: Option<(&'static str, Vec<Nanos>)>,
    /// When they arrived, in order.
    pub(super) received: Vec<Nanos>,
    /// How long the stream was watched.
    pub(super) watched: Nanos,
}

impl Drip {
    pub(super) fn of(drawn: &Drawn<'_>) -> Self {
        let trace = drawn.trace;
        let arrivals = trace.events.iter().map(|event| event.latest_us);
        let began = trace.requested_us.or(trace.head_us);
        let start = arrivals.clone().chain(began).min().unwrap_or_default();
        let mut received: Vec<_> = arrivals.map(|arrival| arrival - start).collect();
        received.sort_unstable();
        let ended = trace.end_us.map(|end| end - start);
        let watched = drawn.probe.and_then(|probe| probe.duration_us);
        let times = received
            .last()
            .copied()
            .into_iter()
            .chain(ended)
            .chain(watched);
        Self {
            sent: sent(drawn, start),
            watched: times.max().unwrap_or_default(),
            received,
        }
    }
}

/// The sent row, if the events told when they were sent or due.
fn sent(drawn: &Drawn<'_>, start: Wall) -> Option<(&'static str, Vec<Nanos>)> {
    if drawn.probe.is_some_and(|probe| !probe.cooperating) {
        return None;
    }
    let times = |time: fn(&TraceEvent) -> Option<Wall>| -> Vec<Nanos> {
        let known = drawn.trace.events.iter().filter_map(time);
        // What was sent before the request is a replay and has no place in the picture.
        known
            .filter(|&at| at >= start)
            .map(|at| at - start)
            .collect()
    };
    let rows = [
        ("sent", times(|event| event.emitted_us)),
        ("due", times(|event| event.due_us)),
    ];
    rows.into_iter().find(|(_, times)| !times.is_empty())
}

/// A row of events closer than the window can show is an even rain: blocks in it would tell about
/// columns, not about events.
pub(super) fn rain(counts: Vec<u64>) -> Vec<u64> {
    let marks = counts.iter().filter(|&&count| count > 0).count();
    if 2 * marks <= counts.len() {
        return counts;
    }
    counts.into_iter().map(|count| count.min(1)).collect()
}

/// One mark for each event, a block for several on one column; behind each block its count, where
/// there is room behind all of them.
pub(super) fn row(counts: &[u64], room: usize, style: &Style) -> String {
    let marks: Vec<_> = (0..counts.len())
        .filter(|&column| counts[column] > 0)
        .collect();
    let totals: Vec<_> = marks.iter().map(|&column| total(counts[column])).collect();
    let ends = marks.iter().skip(1).copied().chain([room + 1]);
    let fits = |((&column, total), end): ((&usize, &String), usize)| {
        total.is_empty() || column + 1 + total.width() < end
    };
    let is_counted = marks.iter().zip(&totals).zip(ends).all(fits);
    let block = style.symbol("█", "#");
    let mut row = String::new();
    for (&column, total) in marks.iter().zip(&totals) {
        row += &" ".repeat(column.saturating_sub(row.width()));
        row += if counts[column] > 1 { block } else { "|" };
        if is_counted {
            row += total;
        }
    }
    row
}

/// What stands behind a mark: nothing behind that of a single event.
fn total(count: u64) -> String {
    if count > 1 {
        format!(" {}", number::count(count))
    } else {
        String::new()
    }
}

/// The marks of the row, and the cut behind them with its time.
fn cut_row(counts: &[u64], scale: &Scale, end: Nanos, style: &Style) -> (String, String) {
    let column = scale.column(end).unwrap_or(scale.columns);
    let marks = row(counts, column, style);
    let missing = column.saturating_sub(marks.width());
    let cut = format!("{} {}", style.symbol("✂", "/"), number::time(end));
    (marks + &" ".repeat(missing), cut)
}

/// How many events are drawn, of how many.
fn caption(drawn: &Drawn<'_>, shown: u64) -> String {
    let traced = drawn.trace.events.len() as u64;
    let all = drawn.probe.map_or(traced, |probe| probe.events.max(traced));
    let probe = match drawn.trace.subscriber {
        0 => String::new(),
        other => format!("probe {}: ", number::count(other.saturating_add(1))),
    };
    let noun = if all == 1 { "event" } else { "events" };
    let all = number::count(all);
    let shown = number::count(shown);
    if shown == all {
        format!("{probe}{all} {noun}")
    } else {
        format!("{probe}{shown} of {all} {noun}")
    }
}
