//! Two sets of runs beside each other: the answer in a sentence, a row for each quantity, and what to know of it.

use run_record::diff::{Change, Diff, DiffQuantity, DiffRun, Outcome, Spread};
use unicode_width::UnicodeWidthStr;

use super::closing;
use super::line::{Line, sentence};
use crate::diff::{value, within};
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_left, pad_right};

/// The page, ending in a line break. No line is wider than the style says.
pub fn diff_page(diff: &Diff, style: &Style) -> String {
    let (tone, word) = answer(diff.outcome, style);
    let mut lines = vec![Line::default().toned(tone, word)];
    lines.extend(sentence(&diff.sentence, 2, style));
    lines.push(Line::default());
    if !diff.quantities.is_empty() {
        lines.extend(table(&diff.quantities, style));
        lines.push(Line::default());
    }
    lines.push(runs(diff));
    for run in diff.base.iter().chain(&diff.new) {
        lines.extend(left_out(run));
    }
    for note in &diff.notes {
        lines.extend(sentence(&format!("note: {note}"), 2, style));
    }
    lines.push(Line::default());
    lines.extend(closing::exit(diff.exit.as_ref(), Line::default(), style));
    lines.iter().map(|line| line.render(style) + "\n").collect()
}

fn answer(outcome: Outcome, style: &Style) -> (Tone, &'static str) {
    match outcome {
        Outcome::Worse => (Tone::Bad, style.symbol("✗ WORSE", "x WORSE")),
        Outcome::Better => (Tone::Good, style.symbol("✓ BETTER", "+ BETTER")),
        Outcome::Refused => (Tone::Warn, "? NOT COMPARED"),
        Outcome::NotShown | Outcome::BelowFloor => (Tone::Strong, "= NO DIFFERENCE SHOWN"),
    }
}

/// Name, before, after, change, interval, p.
type Cells = [String; 6];

fn table(quantities: &[DiffQuantity], style: &Style) -> Vec<Line> {
    let heading = [
        "median run of",
        "before",
        "after",
        "change",
        "95 % interval",
        "p",
    ];
    let heading = heading.map(str::to_owned);
    let rows: Vec<Cells> = quantities.iter().map(cells).collect();
    let mut widths = [0; 6];
    for row in rows.iter().chain([&heading]) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let taken: usize = widths[1..].iter().map(|width| width + 2).sum();
    widths[0] = widths[0].min(style.width.saturating_sub(taken + 2 + 4).max(8));
    let aligned = |cells: &Cells| {
        let name = pad_right(&style.cut(&cells[0], widths[0]), widths[0]);
        let numbers = cells.iter().zip(widths).skip(1);
        numbers.fold(name, |line, (cell, width)| {
            line + &pad_left(cell, width + 2)
        })
    };
    let mut lines = vec![Line::new("  ").toned(Tone::Faint, aligned(&heading))];
    for (quantity, cells) in quantities.iter().zip(&rows) {
        let (tone, mark) = match quantity.outcome {
            Outcome::Worse => (Tone::Bad, style.symbol("✗", "x")),
            Outcome::Better => (Tone::Good, style.symbol("✓", "+")),
            Outcome::Refused => (Tone::Warn, "?"),
            Outcome::NotShown | Outcome::BelowFloor => (Tone::Faint, "="),
        };
        lines.push(Line::new(format!("  {}  ", aligned(cells))).toned(tone, mark));
    }
    lines
}

fn cells(quantity: &DiffQuantity) -> Cells {
    let median = |side: &Option<Spread>| {
        side.as_ref()
            .map_or_else(|| "-".to_owned(), |side| value(side.median, &quantity.unit))
    };
    let change = quantity.change.as_ref();
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        sanitise(&quantity.name),
        median(&quantity.base),
        median(&quantity.new),
        or_none(change.map(|change: &Change| crate::diff::signed(change.typical, &change.unit))),
        or_none(change.map(within)),
        or_none(quantity.p.map(chance)),
    ]
}

fn chance(p: f64) -> String {
    if p < 0.001 {
        "<0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

fn runs(diff: &Diff) -> Line {
    let counted = |side: &[DiffRun]| {
        let fit = side.iter().filter(|run| run.left_out.is_none()).count();
        number::count(fit as u64)
    };
    let order = if diff.interleaved {
        "in turns"
    } else {
        "not in turns"
    };
    Line::new(format!(
        "  {} runs before, {} after, {order}",
        counted(&diff.base),
        counted(&diff.new)
    ))
}

fn left_out(run: &DiffRun) -> Option<Line> {
    let why = run.left_out.as_ref()?;
    let text = format!("left out: {}: {}", sanitise(&run.name), sanitise(why));
    Some(Line::new("  ").toned(Tone::Warn, text))
}
