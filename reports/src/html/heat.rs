//! When it was slow: how many events took how long, over the time of a run. An average hides exactly this.

use std::fmt::Write as _;

use maud::{Markup, html};
use run_record::octaves::Octaves;
use run_record::record::RunRecord;
use run_record::time::{Nanos, Wall};
use run_record::timeline::Slice;

use super::columns::{Column, columns, time_below};
use super::figure::{Figure, Mark};
use super::parts::{Head, empty, section};
use super::svg::{BELOW, LEFT, Path, RIGHT, Scale, coordinate};
use crate::number;

/// The most rows of cells.
const ROWS: usize = 48;
/// Steps of colour.
const STEPS: usize = 5;
const STRIP: f64 = 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 236.0;
/// Room for the scale of colours below the axis.
const LEGEND: f64 = 40.0;
const TITLE: &str = "When it was slow";
const HEADS: &[Head] = &[
    Head::Number("at"),
    Head::Number("events"),
    Head::Number("half within"),
    Head::Number("slowest"),
    Head::Words("also"),
];

/// The map of delivery, or of gaps where due times are not known.
pub(super) fn picture(record: &RunRecord) -> Markup {
    let columns = columns(&record.measured.timeline);
    let has = |of: fn(&Slice) -> &Octaves| columns.iter().any(|it| !of(&it.slice).is_empty());
    let (name, of): (_, fn(&Slice) -> &Octaves) = if has(|slice| &slice.delivery) {
        ("delivery", |slice| &slice.delivery)
    } else if has(|slice| &slice.gap) {
        ("gap", |slice| &slice.gap)
    } else {
        let why = "No event was timed, so there is nothing to draw: delivery takes due times, a gap two events of one connection.";
        return empty("heat", TITLE, why);
    };
    let title = title(name, &columns, of, record.started.epoch_us);
    let x = Scale::new((0.0, columns.len() as f64), (LEFT, RIGHT));
    let figure = Figure {
        id: "heat-map",
        label: &title,
        height: BOTTOM + BELOW + LEGEND,
        drawing: drawn(record, &columns, of, x),
        caption: html! {
            "Each column is " (number::count(columns.first().map_or(1, |it| it.seconds))) " s of the run, each row a " (name)
            "; a stronger colour means more events, each step by the same factor. Above it: a bar while connections were opened, a triangle where some came back, two strokes where a silence ended that was longer than three usual gaps, a cross where this tool itself did not run."
        },
        heads: HEADS,
        marks: marks(&columns, of, x, record.started.epoch_us),
    };
    section("heat", &title, &figure.render("heat"))
}

/// The finding: the worst moment.
fn title(name: &str, columns: &[Column], of: fn(&Slice) -> &Octaves, start: Wall) -> String {
    let worst = columns
        .iter()
        .filter_map(|it| Some((slowest(of(&it.slice))?, it.from)))
        .max_by_key(|(slowest, from)| (*slowest, std::cmp::Reverse(*from)));
    match worst {
        Some((slowest, from)) => format!(
            "{TITLE}: {name} up to {} at {}",
            number::time(slowest),
            number::time(from - start)
        ),
        None => TITLE.to_owned(),
    }
}

/// The rows that are needed, in eighths of octaves.
struct Rows {
    first: usize,
    /// Eighths in a row.
    each: usize,
    count: usize,
}

impl Rows {
    fn of(columns: &[Column], of: fn(&Slice) -> &Octaves) -> Self {
        let eighths = || {
            columns
                .iter()
                .flat_map(|it| of(&it.slice).iter())
                .map(|(time, _)| eighth(time.0 as f64) as usize)
        };
        let first = eighths().min().unwrap_or(0);
        let count = eighths().max().unwrap_or(0) - first + 1;
        let each = count.div_ceil(ROWS);
        Self {
            first,
            each,
            count: count.div_ceil(each).max(8),
        }
    }

    fn row(&self, time: Nanos) -> usize {
        (eighth(time.0 as f64) as usize - self.first) / self.each
    }

    fn y(&self, nanos: f64) -> f64 {
        let row = (eighth(nanos) - self.first as f64) / self.each as f64;
        BOTTOM - row * (BOTTOM - TOP) / self.count as f64
    }
}

/// The place of a time among the eighths of octaves, as [`Octaves`] counts them; fractions between.
fn eighth(nanos: f64) -> f64 {
    let nanos = nanos.max(1.0);
    let octave = nanos.log2().floor();
    (octave + nanos / octave.exp2() - 1.0) * 8.0
}

fn drawn(record: &RunRecord, columns: &[Column], of: fn(&Slice) -> &Octaves, x: Scale) -> Markup {
    let rows = Rows::of(columns, of);
    let counts: Vec<Vec<u64>> = columns
        .iter()
        .map(|it| counted(of(&it.slice), &rows))
        .collect();
    let most = counts.iter().flatten().copied().max().unwrap_or(1);
    let width = (RIGHT - LEFT) / columns.len() as f64;
    let height = (BOTTOM - TOP) / rows.count as f64;
    let place =
        format!("translate({LEFT:.1} {BOTTOM:.1}) scale({width:.4} -{height:.4}) translate(0 .5)");
    html! {
        (levels(&rows))
        g class="cells" transform=(place) {
            @for (step, path) in (1..).zip(cells(&counts, most)) { path class={ "h" (step) } d=(path) {} }
        }
        (strip(record, columns, x))
        (time_below(columns, x, BOTTOM))
        (legend(most))
    }
}

fn counted(octaves: &Octaves, rows: &Rows) -> Vec<u64> {
    let mut counts = vec![0; rows.count];
    for (time, count) in octaves.iter() {
        counts[rows.row(time)] += count;
    }
    counts
}

/// One path for each step of colour, in cells: neighbours of a row are one stroke, as thick as a row.
fn cells(counts: &[Vec<u64>], most: u64) -> Vec<String> {
    let mut paths = vec![String::new(); STEPS];
    let rows = counts.first().map_or(0, Vec::len);
    for row in 0..rows {
        let steps: Vec<_> = counts
            .iter()
            .map(|column| step(column[row], most))
            .collect();
        let mut column = 0;
        for run in steps.chunk_by(|one, next| one == next) {
            if let Some(step) = run[0] {
                // Writing to a string cannot fail.
                let _ = write!(paths[step], "M{column} {row}h{}", run.len());
            }
            column += run.len();
        }
    }
    paths
}

/// Which fifth of the way to the most, in factors; nothing for nothing.
fn step(count: u64, most: u64) -> Option<usize> {
    let part = (count as f64).ln() / (most as f64).ln().max(1e-9);
    (count > 0).then_some(((part * STEPS as f64) as usize).min(STEPS - 1))
}

fn levels(rows: &Rows) -> Markup {
    let lowest = eighth_at(rows.first);
    let highest = eighth_at(rows.first + rows.count * rows.each);
    let ticks = Scale::log((lowest, highest), (BOTTOM, TOP)).ticks(6);
    let mut grid = Path::default();
    for nanos in &ticks {
        grid.line((LEFT - 4.0, rows.y(*nanos)), (RIGHT, rows.y(*nanos)));
    }
    html! {
        path d=(grid.as_str()) {}
        @for nanos in &ticks {
            text x=(coordinate(LEFT - 8.0)) y=(coordinate(rows.y(*nanos) + 4.0)) text-anchor="end" { (number::micros(nanos / 1e3)) }
        }
    }
}

fn eighth_at(eighth: usize) -> f64 {
    ((eighth / 8) as f64).exp2() * (1.0 + (eighth % 8) as f64 / 8.0)
}

/// What else happened: the ramp, reconnects, and times in which this tool did not run.
fn strip(record: &RunRecord, columns: &[Column], x: Scale) -> Markup {
    let (mut ramp, mut again, mut stopped) = (Path::default(), Path::default(), Path::default());
    let mut stalls = Path::default();
    let begin = record.started.epoch_us;
    let end = begin + record.plan.ramp_us.unwrap_or_default();
    for (index, column) in columns.iter().enumerate() {
        let (from, to) = (x.at(index as f64), x.at(index as f64 + 1.0));
        let middle = (from + to) / 2.0;
        if column.from < end && column.from + Nanos::from_secs(column.seconds) > begin {
            ramp.line((from, STRIP - 8.0), (to, STRIP - 8.0));
        }
        if column.slice.reconnects > 0 {
            ramp_mark(&mut again, middle);
        }
        if column.slice.stalls > 0 {
            for side in [middle - 2.0, middle + 2.0] {
                stalls.line((side, STRIP - 5.0), (side, STRIP + 5.0));
            }
        }
        if column.slice.stopped_us > Nanos::ZERO {
            stopped.line((middle - 3.5, STRIP - 3.5), (middle + 3.5, STRIP + 3.5));
            stopped.line((middle - 3.5, STRIP + 3.5), (middle + 3.5, STRIP - 3.5));
        }
    }
    html! {
        path class="ramp" d=(ramp.as_str()) {}
        path class="stall" d=(stalls.as_str()) {}
        path class="triangle" d=(again.as_str()) {}
        path class="cross" d=(stopped.as_str()) {}
    }
}

fn ramp_mark(path: &mut Path, middle: f64) {
    path.line((middle - 4.0, STRIP + 3.5), (middle, STRIP - 3.5));
    path.line((middle, STRIP - 3.5), (middle + 4.0, STRIP + 3.5));
    path.line((middle + 4.0, STRIP + 3.5), (middle - 4.0, STRIP + 3.5));
}

/// What a colour stands for.
fn legend(most: u64) -> Markup {
    let y = BOTTOM + BELOW + 14.0;
    let from = |step: usize| (most as f64).powf(step as f64 / STEPS as f64).ceil() as u64;
    html! {
        text x=(coordinate(LEFT - 8.0)) y=(coordinate(y + 10.0)) text-anchor="end" { "events" }
        @for step in 0..STEPS {
            @let x = LEFT + 118.0 * step as f64;
            rect class={ "h" (step + 1) } x=(coordinate(x)) y=(coordinate(y)) width="20" height="14" {}
            text x=(coordinate(x + 26.0)) y=(coordinate(y + 11.0)) { (number::count(from(step))) "+" }
        }
    }
}

fn marks(columns: &[Column], of: fn(&Slice) -> &Octaves, x: Scale, start: Wall) -> Vec<Mark> {
    let shown = |time: Option<Nanos>| time.map_or_else(|| "-".to_owned(), number::time);
    let mark = |(index, column): (usize, &Column)| {
        let slice = &column.slice;
        let mut also = Vec::new();
        if slice.reconnects > 0 {
            also.push(format!("{} came back", number::count(slice.reconnects)));
        }
        if slice.stalls > 0 {
            also.push(format!("{} stalls ended", number::count(slice.stalls)));
        }
        if slice.stopped_us > Nanos::ZERO {
            also.push(format!(
                "this tool did not run for {}",
                number::time(slice.stopped_us)
            ));
        }
        let cells = vec![
            number::time(column.from - start),
            number::count(slice.events),
            shown(half(of(slice))),
            shown(slowest(of(slice))),
            also.join("; "),
        ];
        Mark {
            x: x.at(index as f64 + 0.5),
            cells,
        }
    };
    columns.iter().enumerate().map(mark).collect()
}

/// The upper edge of the last eighth that has a sample.
fn slowest(octaves: &Octaves) -> Option<Nanos> {
    octaves.iter().last().map(|(time, _)| upper(time))
}

/// The upper edge of the eighth in which the middle sample lies.
fn half(octaves: &Octaves) -> Option<Nanos> {
    let all: u64 = octaves.iter().map(|(_, count)| count).sum();
    let mut seen = 0;
    octaves
        .iter()
        .find(|(_, count)| {
            seen += count;
            seen * 2 >= all
        })
        .map(|(time, _)| upper(time))
}

fn upper(time: Nanos) -> Nanos {
    Nanos(eighth_at(eighth(time.0 as f64).round() as usize + 1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_a_row_are_one_piece_and_steps_are_factors() {
        let counts = [vec![1, 0], vec![1, 100], vec![10, 0]];
        let paths = cells(&counts, 100);
        assert_eq!(paths[0], "M0 0h2");
        assert_eq!(paths[2], "M2 0h1");
        assert_eq!(paths[4], "M1 1h1");
    }

    #[test]
    fn a_time_finds_its_eighth_again() {
        for index in 24..300 {
            assert_eq!(eighth(eighth_at(index)).round() as usize, index);
        }
    }
}
