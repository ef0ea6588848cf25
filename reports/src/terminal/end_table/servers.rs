//! The servers behind one name, side by side: by remote address, and by a response header.

use run_record::breakdown::Portion;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use unicode_width::UnicodeWidthStr;

use super::super::line::Line;
use crate::number;
use crate::sanitise::sanitise;
use crate::servers::{Name, Servers, quantiles};
use crate::style::{Style, Tone, pad_left, pad_right};

/// Rows of one table; the record and the page have all.
const MOST_ROWS: usize = 12;
/// Columns of a time: `1,234 ms`, and the space before it.
const TIME: usize = 9;
/// What a longer name has to do with.
const LONGEST_NAME: usize = 32;

/// One table for each breakdown; nothing where there is one server only.
pub(super) fn tables(record: &RunRecord, style: &Style) -> Vec<Line> {
    let servers = Servers::of(&record.measured);
    let tables: Vec<_> = servers
        .iter()
        .map(|servers| table(servers, style))
        .collect();
    tables.join(&Line::default())
}

/// A column of the table.
struct Column {
    /// What it belongs to, above its own heading.
    above: &'static str,
    heading: &'static str,
    width: usize,
    of: Box<dyn Fn(&Portion) -> String>,
    is_bad: fn(&Portion) -> bool,
}

fn table(servers: &Servers<'_>, style: &Style) -> Vec<Line> {
    let by = format!("by {}", sanitise(servers.by));
    let names: Vec<String> = servers.rows.iter().map(|(name, _)| shown(name)).collect();
    let longest = names
        .iter()
        .take(MOST_ROWS)
        .chain([&by])
        .map(|name| name.width())
        .max()
        .unwrap_or_default()
        .min(LONGEST_NAME);
    let columns = columns(servers, style.width.saturating_sub(longest + 3));
    let taken: usize = columns.iter().map(|column| column.width).sum();
    let room = style.width.saturating_sub(taken);
    let name = |text: &str| {
        pad_right(
            &style.cut(&format!("  {text}"), room.saturating_sub(1)),
            room,
        )
    };
    // To the right, over the blanks before it if it is wider than its column.
    let heads = |from: &str, of: fn(&Column) -> &'static str| -> String {
        let mut end = room;
        columns.iter().fold(from.to_owned(), |line, column| {
            end += column.width;
            let line = line.trim_end();
            line.to_owned() + &pad_left(of(column), end.saturating_sub(line.width()))
        })
    };
    let faint = |text: String| Line::default().toned(Tone::Faint, text);
    let mut lines = vec![
        faint(heads("", |column| column.above)),
        faint(heads(&name(&by), |column| column.heading)),
    ];
    for (of, (_, portion)) in names.iter().zip(&servers.rows).take(MOST_ROWS) {
        let mut row = Line::new(name(of));
        for column in &columns {
            let cell = pad_left(&(column.of)(portion), column.width);
            row = match (column.is_bad)(portion) {
                true => row.toned(Tone::Bad, cell),
                false => row.then(cell),
            };
        }
        lines.push(row);
    }
    if names.len() > MOST_ROWS {
        let more = names.len() - MOST_ROWS;
        lines.push(Line::new(format!("  and {more} more, see the record")));
    }
    lines
}

fn shown(name: &Name<'_>) -> String {
    match name {
        Name::Own(own) => sanitise(own),
        Name::Without => "without it".to_owned(),
        Name::Others => "all others".to_owned(),
    }
}

/// As many as have room; times of the first event go first where they have not.
fn columns(servers: &Servers<'_>, room: usize) -> Vec<Column> {
    let mut columns = vec![count("streams", 9, |portion| portion.connections)];
    if servers.has_failures() {
        columns.push(Column {
            is_bad: |portion| portion.failed > 0,
            ..count("failed", 8, |portion| portion.failed)
        });
    }
    columns.push(count("events", 11, |portion| portion.events));
    columns.push(Column {
        is_bad: |portion| portion.lost > 0,
        ..count("lost", 7, |portion| portion.lost)
    });
    let lateness = servers.lateness.map_or(0, |_| 2 * TIME);
    let taken: usize = columns.iter().map(|column| column.width).sum();
    let first = match room.saturating_sub(taken + lateness) / TIME {
        0 => &[][..],
        1 => &[0],
        _ => &[0, 1],
    };
    let first = first
        .iter()
        .map(|which| time(Metric::FirstEvent, "first event", *which));
    let lateness = servers.lateness.into_iter();
    let late = lateness.flat_map(|metric| [0, 1].map(|which| time(metric, metric.name(), which)));
    for mut times in [first.collect::<Vec<_>>(), late.collect()] {
        // Above both, to the right.
        if let Some((_, before)) = times.split_last_mut() {
            before.iter_mut().for_each(|column| column.above = "");
        }
        columns.append(&mut times);
    }
    columns
}

fn count(heading: &'static str, width: usize, of: fn(&Portion) -> u64) -> Column {
    Column {
        above: "",
        heading,
        width,
        of: Box::new(move |portion| number::count(of(portion))),
        is_bad: |_| false,
    }
}

/// The median or the 99th percentile, with what it is of above it.
fn time(metric: Metric, name: &'static str, which: usize) -> Column {
    let time = move |portion: &Portion| {
        let time = quantiles(portion, metric)[which];
        time.map_or_else(|| "-".to_owned(), number::time)
    };
    Column {
        above: name,
        heading: ["p50", "p99"][which],
        width: TIME,
        of: Box::new(time),
        is_bad: |_| false,
    }
}
