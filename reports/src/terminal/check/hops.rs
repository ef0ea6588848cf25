//! Hops side by side: a row each on the same axis, who holds the stream back, and what the head became.

use run_record::hops::{Change, HeaderChange, HopRecord, Standing};
use run_record::record::RunRecord;
use run_record::time::Nanos;
use run_record::traces::Trace;
use run_record::verdict::{Hold, HoldBy, Word};
use unicode_width::UnicodeWidthStr;

use super::super::line::{Line, words};
use super::picture::{self, Drip};
use super::scale::{Anchor, Scale};
use super::{axis, tone};
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone};

/// Where the rows begin, behind the longest name.
const ROWS: usize = 14;

/// Columns of a row.
const ROW: usize = 30;

/// Columns of the word with its sign, and the blanks behind it.
const WORD: usize = 16;

/// The longest header value that is printed: what it was is in the record.
const VALUE: usize = 24;

/// The code of the finding that says who holds the stream back.
const SENTENCE: &str = "hops.";

/// The rows, the sentence, and the headers that changed.
pub(super) fn lines(record: &RunRecord, style: &Style) -> Vec<Line> {
    let drips: Vec<Option<Drip>> = record.hops.iter().map(|hop| drip(record, hop)).collect();
    let scale = scale(record, &drips);
    let mut lines = Vec::new();
    for (hop, drip) in record.hops.iter().zip(&drips) {
        let marks = drip.as_ref().zip(scale.as_ref()).map(|(drip, scale)| {
            picture::row(
                &marks(hop.verdict.word, scale.counts(&drip.received)),
                ROW,
                style,
            )
        });
        let word = hop.verdict.word;
        let named = format!("{} {}", word.symbol(style.charset()), word.label());
        let line = Line::new("  ")
            .then(sanitise(&hop.name))
            .up_to(ROWS)
            .then(marks.unwrap_or_default())
            .up_to(ROWS + ROW + 2)
            .toned(tone(word), named)
            .up_to(ROWS + ROW + 2 + WORD)
            .then(fact(hop));
        lines.push(line);
    }
    if let Some(scale) = &scale {
        let axis = axis::labels(scale, ROW);
        lines.push(Line::new(" ".repeat(ROWS)).toned(Tone::Faint, axis));
    }
    lines.extend(sentence(record, style));
    for pair in record.hops.windows(2) {
        lines.extend(added(&pair[0], &pair[1], style));
        lines.extend(changed(&pair[1], style));
    }
    lines
}

/// On a narrow row several events of a live stream fall on one column, and a block would tell of a group.
fn marks(word: Word, counts: Vec<u64>) -> Vec<u64> {
    match word {
        Word::Live => counts.into_iter().map(|count| count.min(1)).collect(),
        _ => picture::rain(counts),
    }
}

/// When the events of a hop came, of its first request that is traced.
fn drip(record: &RunRecord, hop: &HopRecord) -> Option<Drip> {
    let is_of = |trace: &&Trace| {
        let number = trace.subscriber.saturating_add(1);
        hop.probes.iter().any(|probe| u64::from(*probe) == number)
    };
    let mut traces = record.measured.traces.iter().filter(is_of);
    let trace = traces.find(|trace| trace.stream == 0 && !trace.events.is_empty())?;
    let number = trace.subscriber.saturating_add(1);
    let probe = record
        .probes
        .iter()
        .find(|probe| u64::from(probe.number) == number);
    Some(Drip::of(&picture::Drawn { trace, probe }))
}

/// One axis for all: that of the hop that holds, because its groups are further apart than what a live one brings.
fn scale(record: &RunRecord, drips: &[Option<Drip>]) -> Option<Scale> {
    let held = record
        .hops
        .iter()
        .zip(drips)
        .find(|(hop, drip)| hop.standing == Standing::HoldsBack && drip.is_some());
    let drip = held.map_or_else(|| drips.iter().flatten().next(), |(_, drip)| drip.as_ref())?;
    let longest = Nanos::from_secs(60);
    let watched = drip.watched.min(longest);
    Some(Scale::fitting(
        &drip.received,
        watched,
        Anchor::FirstEvent,
        ROW,
    ))
}

/// The one figure that matters of a hop: what it holds, or how late the slowest event was.
fn fact(hop: &HopRecord) -> String {
    if let Some(hold) = &hop.verdict.hold {
        return held(hold);
    }
    hop.transit_max_us
        .map_or(String::new(), |time| format!("max {}", number::time(time)))
}

fn held(hold: &Hold) -> String {
    let time = hold.ms.map(|ms| number::time(Nanos::from_millis(ms)));
    match (hold.by, hold.bytes) {
        (HoldBy::Size, Some(bytes)) => format!("{} B", number::count(bytes)),
        (HoldBy::End, _) => "to the end".to_owned(),
        (HoldBy::Event, _) => "one behind".to_owned(),
        _ => time.map_or(String::new(), |time| format!("held {time}")),
    }
}

/// Who holds the stream back.
fn sentence(record: &RunRecord, style: &Style) -> Vec<Line> {
    let findings = record.verdict.iter().flat_map(|verdict| &verdict.findings);
    let mut told = findings.filter(|finding| is_told(&finding.code));
    let text = told
        .next()
        .map_or("every hop hands it on as it gets it", |finding| {
            &finding.text
        });
    let arrow = style.symbol("\u{2192}", "->");
    let room = style.width.saturating_sub(3 + arrow.width());
    let lines = words(&sanitise(text), room).into_iter().enumerate();
    let indented = |(index, text): (usize, String)| {
        let begin = if index == 0 { arrow } else { "" };
        let begin = Line::new("  ").toned(Tone::Strong, begin);
        begin.up_to(3 + arrow.width()).then(text)
    };
    lines.map(indented).collect()
}

/// Whether a finding is told here, and not among the others.
pub(super) fn is_told(code: &str) -> bool {
    code.starts_with(SENTENCE)
}

/// What a hop adds to each event that both saw.
fn added(before: &HopRecord, hop: &HopRecord, style: &Style) -> Vec<Line> {
    let Some(added) = hop.added else {
        return Vec::new();
    };
    let text = format!(
        "{} after {}: p50 {}, max {}, by {} events that both brought",
        hop.name,
        before.name,
        number::time(added.p50_us),
        number::time(added.max_us),
        number::count(added.events),
    );
    super::super::line::sentence(&text, 2, style)
}

/// What the head became.
fn changed(hop: &HopRecord, style: &Style) -> Vec<Line> {
    if hop.headers_changed.is_empty() {
        return Vec::new();
    }
    let changes: Vec<String> = hop.headers_changed.iter().map(change).collect();
    let text = format!("headers changed by {}: {}", hop.name, changes.join(", "));
    super::super::line::sentence(&text, 2, style)
}

fn change(change: &HeaderChange) -> String {
    let name = &change.name;
    let value = change.after.as_deref().unwrap_or_default();
    let value: String = match value.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    };
    match change.change {
        Change::Added => format!("{name} {value} added"),
        Change::Removed => format!("{name} removed"),
        Change::Changed => format!("{name} {value}"),
        Change::ReChunked => format!("{name} re-chunked"),
    }
}
