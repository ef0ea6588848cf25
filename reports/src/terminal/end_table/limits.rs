//! The table of limits, those that failed first.

use run_record::limits::{Amount, LimitResult, LimitStatus, Side};

use unicode_width::UnicodeWidthStr;

use super::super::line::Line;
use crate::baseline::relative;
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_left, pad_right};

/// Columns for the last cell with the space before it.
const MET: usize = 10;

/// One row for each limit; below one that was not measured, why.
pub(super) fn table(results: &[LimitResult], style: &Style) -> Vec<Line> {
    if results.is_empty() {
        return Vec::new();
    }
    let mut sorted: Vec<_> = results.iter().collect();
    sorted.sort_by_key(|result| result.status);
    let heading = ["limit on", "measured", "limit", "margin"].map(str::to_owned);
    let rows: Vec<_> = sorted.iter().map(|result| cells(result)).collect();
    let widths = widths(std::iter::once(&heading).chain(&rows), style);
    let heading = format!("{}    met", aligned(&heading, widths, style));
    let mut lines = vec![Line::new("  ").toned(Tone::Faint, heading)];
    for (result, cells) in sorted.iter().zip(&rows) {
        let (tone, met) = met(result.status, style);
        let cells = aligned(cells, widths, style);
        lines.push(Line::new(format!("  {cells}    ")).toned(tone, met));
        if let (Some(given), Some(limit)) = (relative(result), result.limit) {
            let told = format!("{} is {}", number::amount(limit), sanitise(given));
            lines.push(Line::new("    ").toned(Tone::Faint, told));
        }
        lines.extend(
            result
                .why
                .as_ref()
                .map(|why| Line::new("    ").toned(Tone::Faint, sanitise(why))),
        );
    }
    lines.extend(summary(results, style));
    lines
}

/// Name, measured value, limit and margin.
type Cells = [String; 4];

fn cells(result: &LimitResult) -> Cells {
    let side = match result.side {
        Side::Max => "max",
        Side::Min => "min",
    };
    let amount = |amount: Option<Amount>| amount.map_or_else(|| "-".to_owned(), number::amount);
    [
        sanitise(subject(&result.expression)),
        amount(result.measured),
        format!("{side} {}", amount(result.limit)),
        amount(result.margin),
    ]
}

/// Numbers get the columns that they need, the name what is left of the line.
fn widths<'a>(rows: impl Iterator<Item = &'a Cells>, style: &Style) -> [usize; 4] {
    let mut widths = [0; 4];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let numbers: usize = widths[1..].iter().map(|width| width + 3).sum();
    widths[0] = widths[0].min(style.width.saturating_sub(numbers + 2 + MET));
    widths
}

fn aligned(cells: &Cells, widths: [usize; 4], style: &Style) -> String {
    let name = pad_right(&style.cut(&cells[0], widths[0]), widths[0]);
    let numbers = cells.iter().zip(widths).skip(1);
    numbers.fold(name, |line, (cell, width)| {
        line + &pad_left(cell, width + 3)
    })
}

fn met(status: LimitStatus, style: &Style) -> (Tone, &'static str) {
    match status {
        LimitStatus::Met => (Tone::Good, style.symbol("✓ yes", "yes")),
        LimitStatus::Missed => (Tone::Bad, style.symbol("✗ no", "NO")),
        LimitStatus::NotMeasured => (Tone::Warn, "?"),
    }
}

/// Which limits were not met, by name.
fn summary(results: &[LimitResult], style: &Style) -> Option<Line> {
    let failed: Vec<_> = results
        .iter()
        .filter(|result| result.status != LimitStatus::Met)
        .map(|result| sanitise(subject(&result.expression)))
        .collect();
    if failed.is_empty() {
        return None;
    }
    let cross = style.symbol("✗ ", "");
    let text = format!(
        "{cross}{} of {} limits not met: ",
        failed.len(),
        results.len()
    );
    Some(Line::new("  ").toned(Tone::Bad, text + &failed.join(", ")))
}

/// What a limit is about: the text before its `=`.
fn subject(expression: &str) -> &str {
    expression.split('=').next().unwrap_or(expression)
}
