//! What is different from an earlier run or check, below the page of the present one.

use run_record::measured::Group;
use run_record::record::RunRecord;

use super::line::{Line, sentence};
use crate::baseline::{changes, difference, times};
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_left, pad_right};

/// Columns of the names and of each value.
const NAME: usize = 20;
const VALUE: usize = 11;

/// A heading, what of the outcome has changed, and a row for each time; nothing without a baseline.
pub(super) fn lines(record: &RunRecord, total: &Group, style: &Style) -> Vec<Line> {
    let Some(baseline) = &record.baseline else {
        return Vec::new();
    };
    let file = style.cut(&sanitise(&baseline.file), NAME + VALUE);
    let about = format!(
        "compared with {file}, {}",
        style.cut(&sanitise(&baseline.started), 20)
    );
    let mut lines = vec![Line::new("  ").toned(Tone::Faint, about)];
    let changes = changes(record);
    match changes.is_empty() {
        true => lines.push(Line::new("  verdict and limits as before")),
        false => lines.extend(changes.iter().flat_map(|it| sentence(it, 2, style))),
    }
    let lost =
        |group: &Group| group.counters.events.lost + group.counters.events.missed_between_streams;
    let times = times(baseline, total);
    let row = |name: &str, cells: [String; 3]| {
        let cells: String = cells.iter().map(|cell| pad_left(cell, VALUE)).collect();
        format!("{}{cells}", pad_right(name, NAME))
    };
    let heading = row("", ["then", "now", "change"].map(str::to_owned));
    lines.push(Line::new("  ").toned(Tone::Faint, heading));
    for it in times {
        let cells = [number::time(it.then), number::time(it.now), it.change()];
        lines.push(Line::new("  ").then(row(&it.name, cells)));
    }
    let (then, now) = (lost(&baseline.total), lost(total));
    if then > 0 || now > 0 {
        let cells = [
            number::count(then),
            number::count(now),
            difference(now, then),
        ];
        lines.push(Line::new("  ").then(row("events missing", cells)));
    }
    let why = "one run is no proof of a difference: loadgen diff";
    lines.push(Line::new("  ").toned(Tone::Faint, why));
    lines
}
