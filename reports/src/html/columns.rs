//! The timeline of a run folded into the columns of a picture.

use maud::Markup;
use run_record::time::Wall;
use run_record::timeline::{Slice, Timeline};

use super::svg::{Scale, axis_below};
use crate::number;

/// The most columns of a picture.
const MOST: usize = 120;

/// Some slices of the timeline together.
pub(super) struct Column {
    pub(super) from: Wall,
    pub(super) seconds: u64,
    pub(super) slice: Slice,
}

/// At most 120 columns of equal width; the last may be shorter.
pub(super) fn columns(timeline: &Timeline) -> Vec<Column> {
    let slices: Vec<_> = timeline.iter().collect();
    let each = slices.len().div_ceil(MOST).max(1);
    let together = |slices: &[(Wall, &Slice)]| {
        let mut sum = Slice::default();
        slices.iter().for_each(|(_, slice)| sum.merge(slice));
        Column {
            from: slices[0].0,
            seconds: timeline.width_seconds() * each as u64,
            slice: sum,
        }
    };
    slices.chunks(each).map(together).collect()
}

/// The axis of time below a picture of columns.
pub(super) fn time_below(columns: &[Column], x: Scale, bottom: f64) -> Markup {
    let seconds = columns.first().map_or(1, |column| column.seconds);
    let ticks = x.ticks(6).into_iter().filter(|tick| tick.fract() == 0.0);
    let ticks: Vec<_> = ticks
        .map(|tick| {
            let seconds = (tick as u64) * seconds;
            (tick, format!("{} s", number::count(seconds)))
        })
        .collect();
    axis_below(x, bottom, &ticks, "time of the run")
}
