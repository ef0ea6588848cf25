//! Many setups side by side: one row for each, in the order in which they were checked.

use run_record::end::Exit;
use run_record::time::Nanos;
use run_record::verdict::{Hold, HoldBy, Verdict};
use unicode_width::UnicodeWidthStr;

use super::check::tone;
use super::closing;
use super::line::Line;
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_left, pad_right};

/// Columns between two cells.
const BETWEEN: usize = 2;

/// The widest name of a setup and the widest text of a verdict that are not cut.
const WIDEST: usize = 26;

/// Columns for what was expected.
const EXPECTED: usize = 12;

/// What a check found about one setup.
///
/// Shape: either checked, then with a verdict, or `skipped` or `failed` with the reason. Times are
/// those of the check's own metrics; what was not measured is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatrixRow {
    /// Name of the setup: `rails-puma-tcp`.
    pub setup: String,
    /// What the check found.
    pub verdict: Option<Verdict>,
    /// First complete event, counted from the sent request.
    pub first_event: Option<Nanos>,
    /// The latest event: longest `delivery`, or `transit` where no due times are known.
    pub delivery_max: Option<Nanos>,
    /// Streams that were held at once, of those that were asked for: `10 of 10`.
    pub streams: Option<String>,
    /// What was to be found, as the setup spells it: `batched time 200 220`; absent where anything
    /// will do.
    pub expected: Option<String>,
    /// Whether that was found.
    pub is_met: bool,
    /// Why the setup was not checked: `haproxy is not installed`.
    pub skipped: Option<String>,
    /// Why it could not be checked although it should: `ended before it was ready`.
    pub failed: Option<String>,
}

/// The table of the setups, how many were run, and the exit code, ending in a line break.
///
/// No line is wider than the style says. What was skipped is never shown as passed.
pub fn matrix_page(rows: &[MatrixRow], exit: &Exit, style: &Style) -> String {
    let heading = ["setup", "verdict", "first", "slowest", "streams"].map(str::to_owned);
    let cells: Vec<_> = rows.iter().map(|row| cells(row, style)).collect();
    let run = || {
        rows.iter()
            .zip(&cells)
            .filter(|(row, _)| row.skipped.is_none() && row.failed.is_none())
    };
    let widths = widths(&heading, rows, run().map(|(_, cells)| cells), style);
    let heading = aligned(&heading, widths, style).concat() + "expected";
    let mut lines = vec![Line::new("  ").toned(Tone::Faint, heading)];
    for (row, cells) in rows.iter().zip(&cells) {
        lines.push(match (&row.skipped, &row.failed) {
            (Some(why), _) => unchecked(cells, Tone::Faint, "skipped", why, widths, style),
            (None, Some(why)) => unchecked(cells, Tone::Bad, "failed", why, widths, style),
            (None, None) => checked(row, cells, widths, style),
        });
    }
    lines.push(Line::default());
    let count = |count: usize| number::count(count as u64);
    let left = Line::new(format!(
        "  {} of {} run",
        count(run().count()),
        count(rows.len())
    ));
    lines.extend(closing::exit(Some(exit), left, style));
    lines.iter().map(|line| line.render(style) + "\n").collect()
}

/// Setup, verdict, first event, latest event, streams.
type Cells = [String; 5];

fn cells(row: &MatrixRow, style: &Style) -> Cells {
    let time = |time: Option<Nanos>| time.map_or_else(|| "-".to_owned(), number::time);
    let verdict = row.verdict.as_ref().map(|verdict| found(verdict, style));
    let streams = row.streams.as_deref().map(sanitise);
    [
        sanitise(&row.setup),
        verdict.unwrap_or_else(|| "-".to_owned()),
        time(row.first_event),
        time(row.delivery_max),
        streams.unwrap_or_else(|| "-".to_owned()),
    ]
}

/// The word with its sign, and what it is held by.
fn found(verdict: &Verdict, style: &Style) -> String {
    let symbol = verdict.word.symbol(style.charset());
    let held = verdict.hold.as_ref().and_then(held).unwrap_or_default();
    format!("{symbol} {} {held}", verdict.word.label())
        .trim_end()
        .to_owned()
}

/// The parameter of a hold: `4,096 B`, `206 ms`, `1 behind`.
fn held(hold: &Hold) -> Option<String> {
    let size = hold
        .bytes
        .map(|bytes| format!("{} B", number::count(bytes)));
    let time = hold.ms.map(|ms| number::time(Nanos::from_millis(ms)));
    match hold.by {
        HoldBy::Size => size,
        HoldBy::Time => time,
        HoldBy::SizeOrTime => match (size, time) {
            (Some(size), Some(time)) => Some(format!("{size}/{time}")),
            (size, time) => size.or(time),
        },
        HoldBy::Event => hold
            .events
            .map(|events| format!("{} behind", number::count(events))),
        HoldBy::First => time.map(|time| format!("first {time}")),
        HoldBy::End => None,
    }
}

/// Numbers get the columns that they need, names and verdicts at most [`WIDEST`], and less where
/// nothing would be left for what was expected.
fn widths<'a>(
    heading: &Cells,
    rows: &[MatrixRow],
    run: impl Iterator<Item = &'a Cells>,
    style: &Style,
) -> [usize; 5] {
    let mut widths = heading.each_ref().map(|cell| cell.width());
    for cells in run {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.width().clamp(*width, WIDEST.max(*width));
        }
    }
    let names = rows.iter().map(|row| sanitise(&row.setup).width());
    widths[0] = names.max().unwrap_or(0).clamp(widths[0], WIDEST);
    let room = style.width.saturating_sub(2 + 5 * BETWEEN + EXPECTED);
    // The widest gives way first.
    while widths.iter().sum::<usize>() > room
        && let Some(widest) = widths.iter_mut().max()
    {
        *widest -= 1;
    }
    widths
}

/// Name, verdict and numbers: the first two begin on their column, numbers end on theirs.
fn aligned(cells: &Cells, widths: [usize; 5], style: &Style) -> [String; 3] {
    let cell = |index: usize| style.cut(&cells[index], widths[index]);
    let text = |index: usize| pad_right(&cell(index), widths[index] + BETWEEN);
    let number = |index: usize| pad_left(&cell(index), widths[index]) + &" ".repeat(BETWEEN);
    [text(0), text(1), (2..5).map(number).collect()]
}

fn checked(row: &MatrixRow, cells: &Cells, widths: [usize; 5], style: &Style) -> Line {
    let [setup, verdict, numbers] = aligned(cells, widths, style);
    let found = row.verdict.as_ref().map(|verdict| verdict.word);
    let line = Line::new("  ")
        .then(setup)
        .toned(found.map_or(Tone::Warn, tone), verdict)
        .then(numbers);
    let Some(expected) = &row.expected else {
        return line;
    };
    if row.is_met {
        return line.toned(Tone::Good, style.symbol("✓", "yes"));
    }
    let expected = sanitise(expected);
    let cross = style.symbol("✗", "NO:");
    line.toned(Tone::Bad, format!("{cross} {expected}"))
}

/// The name, and why there is nothing else; of several lines the first, the others are a log.
fn unchecked(
    cells: &Cells,
    tone: Tone,
    what: &str,
    why: &str,
    widths: [usize; 5],
    style: &Style,
) -> Line {
    let setup = pad_right(&style.cut(&cells[0], widths[0]), widths[0] + BETWEEN);
    let why = sanitise(why.lines().next().unwrap_or_default());
    Line::new("  ")
        .then(setup)
        .toned(tone, format!("{what}: {why}"))
}
