//! Many setups side by side: one row for each, in the order in which they were asked for.

use std::collections::BTreeSet;

use run_record::matrix::{CrowdRecord, MatrixRecord, SetupRecord, SetupSummary};
use run_record::metric::Metric;
use run_record::record::RunRecord;
use run_record::time::Nanos;
use run_record::verdict::{Hold, HoldBy, Verdict};
use unicode_width::UnicodeWidthStr;

use super::check::tone;
use super::closing;
use super::line::Line;
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_left, pad_right};

/// Columns between two cells: behind names and words, and behind the others.
const BETWEEN: (usize, usize) = (2, 1);

/// The widest name of a setup and the widest text of a verdict that are not cut.
const WIDEST: usize = 26;

/// Columns for the sign whether it is as expected.
const SIGN: usize = 4;

const HEADING: [&str; CELLS] = [
    "setup", "verdict", "first", "slowest", "served", "gzip", "left",
];

/// Setup, verdict, first event, latest event, streams served at once, compression safe, leaving noticed.
const CELLS: usize = 7;

type Cells = [String; CELLS];

/// The table of the setups, what differs from what was expected, the versions behind them, how many were run, and the exit
/// code, ending in a line break.
///
/// No line of the table is wider than the style says. What was skipped is never shown as passed.
pub fn matrix_page(record: &MatrixRecord, style: &Style) -> String {
    let setups = &record.setups;
    let cells: Vec<Cells> = setups.iter().map(|setup| cells(setup, style)).collect();
    let heading = HEADING.map(str::to_owned);
    let widths = widths(&heading, setups, &cells, style);
    let heading = aligned(&heading, widths, style).concat();
    let mut lines = vec![Line::new("  ").toned(Tone::Faint, heading.trim_end())];
    for (setup, cells) in setups.iter().zip(&cells) {
        let summary = &setup.summary;
        lines.push(match (&summary.skipped, &summary.failed) {
            (Some(why), _) => unchecked(cells, Tone::Faint, "skipped", why, widths, style),
            (None, Some(why)) => unchecked(cells, Tone::Bad, "failed", why, widths, style),
            (None, None) => checked(setup, cells, widths, style),
        });
    }
    lines.push(Line::default());
    lines.extend(differences(setups, style));
    lines.extend(versions(setups, style));
    let count = |count: usize| number::count(count as u64);
    let run = setups.iter().filter(|setup| setup.record.is_some()).count();
    let left = Line::new(format!("  {} of {} run", count(run), count(setups.len())));
    lines.extend(closing::exit(Some(&record.exit), left, style));
    lines.iter().map(|line| line.render(style) + "\n").collect()
}

fn cells(setup: &SetupRecord, style: &Style) -> Cells {
    let summary = &setup.summary;
    let record = setup.record.as_ref();
    let time = |time: Option<Nanos>| time.map_or_else(|| "-".to_owned(), number::time);
    let verdict = verdict(setup).map(|verdict| found(verdict, style));
    let sign = |good: Option<bool>| {
        let sign = good.map(|good| {
            if good {
                style.symbol("✓", "yes")
            } else {
                style.symbol("✗", "no")
            }
        });
        sign.unwrap_or("-").to_owned()
    };
    let compression = summary.compression.as_ref();
    [
        sanitise(&summary.setup),
        verdict.unwrap_or_else(|| "-".to_owned()),
        time(record.and_then(|record| record.probes.first()?.first_event_us)),
        time(record.and_then(latest)),
        served(&summary.crowds),
        sign(compression.and_then(|compression| compression.is_safe())),
        sign(summary.leaving.as_ref().map(|leaving| leaving.noticed)),
    ]
}

fn verdict(setup: &SetupRecord) -> Option<&Verdict> {
    setup.record.as_ref()?.verdict.as_ref()
}

/// The latest event of the check: longest `delivery`, or `transit` where no due times are known.
fn latest(record: &RunRecord) -> Option<Nanos> {
    let histograms = record.total().histograms;
    let delivery = histograms.max(Metric::Delivery);
    delivery.or_else(|| histograms.max(Metric::Transit))
}

/// How many of 1, 10 and 50 streams had an event in time: `1/5/5`.
fn served(crowds: &[CrowdRecord]) -> String {
    if crowds.is_empty() {
        return "-".to_owned();
    }
    let counts: Vec<_> = crowds
        .iter()
        .map(|crowd| crowd.served.to_string())
        .collect();
    counts.join("/")
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

/// Numbers get the columns that they need, names and verdicts at most [`WIDEST`], and less where nothing would be left for the
/// sign.
fn widths(
    heading: &Cells,
    setups: &[SetupRecord],
    cells: &[Cells],
    style: &Style,
) -> [usize; CELLS] {
    let mut widths = heading.each_ref().map(|cell| cell.width());
    for (setup, cells) in setups.iter().zip(cells) {
        for (index, (width, cell)) in widths.iter_mut().zip(cells).enumerate() {
            // A row that was not run has its name alone.
            if index == 0 || setup.record.is_some() {
                *width = cell.width().clamp(*width, WIDEST.max(*width));
            }
        }
    }
    let room = style
        .width
        .saturating_sub(2 + 2 * BETWEEN.0 + (CELLS - 2) * BETWEEN.1 + SIGN);
    // The widest gives way first.
    while widths.iter().sum::<usize>() > room
        && let Some(widest) = widths.iter_mut().max()
    {
        *widest -= 1;
    }
    widths
}

/// Name, verdict and the rest: the first two begin on their column, the others end on theirs.
fn aligned(cells: &Cells, widths: [usize; CELLS], style: &Style) -> [String; 3] {
    let cell = |index: usize| style.cut(&cells[index], widths[index]);
    let text = |index: usize| pad_right(&cell(index), widths[index] + BETWEEN.0);
    let number = |index: usize| pad_left(&cell(index), widths[index]) + &" ".repeat(BETWEEN.1);
    [text(0), text(1), (2..CELLS).map(number).collect()]
}

fn checked(setup: &SetupRecord, cells: &Cells, widths: [usize; CELLS], style: &Style) -> Line {
    let [name, word, rest] = aligned(cells, widths, style);
    let found = verdict(setup).map(|verdict| verdict.word);
    let line = Line::new("  ")
        .then(name)
        .toned(found.map_or(Tone::Warn, tone), word)
        .then(rest);
    match setup.summary.as_expected {
        Some(true) => line.toned(Tone::Good, style.symbol(" ✓", " yes")),
        Some(false) => line.toned(Tone::Bad, style.symbol(" ✗", " NO")),
        None => line,
    }
}

/// The name, and why there is nothing else; of several lines the first, the others are a log.
fn unchecked(
    cells: &Cells,
    tone: Tone,
    what: &str,
    why: &str,
    widths: [usize; CELLS],
    style: &Style,
) -> Line {
    let setup = pad_right(&style.cut(&cells[0], widths[0]), widths[0] + BETWEEN.0);
    let why = sanitise(why.lines().next().unwrap_or_default());
    Line::new("  ")
        .then(setup)
        .toned(tone, format!("{what}: {why}"))
}

/// One line for each fact that is not as expected, and an empty one behind them.
fn differences(setups: &[SetupRecord], style: &Style) -> Vec<Line> {
    let differs = |summary: &SetupSummary| -> Vec<String> {
        let all = summary.differs.iter();
        all.map(|fact| format!("{}: {}", sanitise(&summary.setup), sanitise(fact)))
            .collect()
    };
    let all = setups.iter().flat_map(|setup| differs(&setup.summary));
    let cross = style.symbol("✗", "NO:");
    let mut lines: Vec<Line> = all
        .map(|fact| {
            let fact = style.cut(&fact, style.width.saturating_sub(2 + cross.width() + 1));
            Line::new("  ")
                .toned(Tone::Bad, cross)
                .then(format!(" {fact}"))
        })
        .collect();
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

/// Each program with its version, once; a star where nobody has measured that version.
fn versions(setups: &[SetupRecord], style: &Style) -> Vec<Line> {
    let run = setups.iter().filter(|setup| setup.record.is_some());
    let all: BTreeSet<String> = run
        .flat_map(|setup| &setup.summary.versions)
        .map(|version| {
            let number = version.version.as_deref().unwrap_or("?");
            let star = if version.measured { "" } else { "*" };
            format!("{} {}{star}", sanitise(&version.program), sanitise(number))
        })
        .collect();
    if all.is_empty() {
        return Vec::new();
    }
    let unknown = all.iter().any(|version| version.ends_with('*'));
    let between = style.symbol(" · ", ", ");
    let mut lines = vec![String::from("  ")];
    for version in all {
        let last = lines
            .last_mut()
            .filter(|last| last.width() + version.width() + between.width() <= style.width);
        match last {
            Some(last) if last.trim().is_empty() => last.push_str(&version),
            Some(last) => *last = format!("{last}{between}{version}"),
            None => lines.push(format!("  {version}")),
        }
    }
    if unknown {
        lines.push("  * the expectation was measured with another version".to_owned());
    }
    lines.push(String::new());
    let faint = |line: String| Line::new("").toned(Tone::Faint, style.cut(&line, style.width));
    lines.into_iter().map(faint).collect()
}
