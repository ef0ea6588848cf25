//! Scales, axes and paths of the pictures, in numbers that this crate made.
//!
//! No text of a server comes here: labels are values with units.

use std::fmt::Write as _;

use maud::{Markup, html};

/// Width of every drawing, in its own units.
pub(super) const WIDTH: f64 = 720.0;
/// Where the field of a drawing begins: labels of its rows stand before it.
pub(super) const LEFT: f64 = 88.0;
/// Where it ends.
pub(super) const RIGHT: f64 = 708.0;
/// Room that an axis below a field takes.
pub(super) const BELOW: f64 = 50.0;

/// Maps values to a span of the drawing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    is_log: bool,
}

impl Scale {
    /// Values from `low` to `high` at positions from `from` to `to`; an empty range is widened.
    pub(super) fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self {
            low,
            high,
            from,
            to,
            is_log: false,
        }
    }

    /// The same for orders of magnitude: equal factors take equal room. Values below 1 stand at 1.
    pub(super) fn log((low, high): (f64, f64), span: (f64, f64)) -> Self {
        let low = low.max(1.0).log10();
        let high = high.max(1.0).log10();
        Self {
            is_log: true,
            ..Self::new((low, high), span)
        }
    }

    /// The position of a value; one outside the range stands at its edge.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.is_log {
            value.max(1.0).log10()
        } else {
            value
        };
        let part = (value - self.low) / (self.high - self.low);
        self.from + (self.to - self.from) * part.clamp(0.0, 1.0)
    }

    /// About `count` round values of the range; powers of ten, and with few of these also 2 and 5 times them, where the
    /// scale is logarithmic.
    pub(super) fn ticks(&self, count: u32) -> Vec<f64> {
        if self.is_log {
            return self.powers(count);
        }
        let step = round_step((self.high - self.low) / f64::from(count.max(1)));
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|number| number as f64 * step).collect()
    }

    fn powers(&self, count: u32) -> Vec<f64> {
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let decades = self.high - self.low;
        let factors: &[f64] = match decades {
            _ if decades <= 1.5 => &[1.0, 2.0, 5.0],
            _ if decades <= 2.5 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let stride = (decades / f64::from(count.max(1))).ceil().max(1.0) as usize;
        let powers = (first..=last).step_by(stride);
        let values = powers.flat_map(|power| {
            factors
                .iter()
                .map(move |factor| factor * 10_f64.powi(power))
        });
        let slack = 1e-9;
        let is_inside =
            |value: &f64| (self.low - slack..=self.high + slack).contains(&value.log10());
        values.filter(is_inside).collect()
    }
}

/// The next of 1, 2, 5, 10, ... times a power of ten.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter();
    let mut steps = factor.map(|factor| factor * power);
    steps
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// The axis below a field that ends at `bottom`: values with their labels, and what they are.
pub(super) fn axis_below(x: Scale, bottom: f64, ticks: &[(f64, String)], name: &str) -> Markup {
    let mut marks = Path::default();
    marks.line((LEFT, bottom), (RIGHT, bottom));
    for (value, _) in ticks {
        marks.line((x.at(*value), bottom), (x.at(*value), bottom + 4.0));
    }
    html! {
        path class="frame" d=(marks.as_str()) {}
        @for (value, label) in ticks {
            (label_at(x.at(*value), bottom + 21.0, label))
        }
        text x=(coordinate((LEFT + RIGHT) / 2.0)) y=(coordinate(bottom + 43.0)) text-anchor="middle" { (name) }
    }
}

/// A label centred on a position, but never beyond the edge of the drawing.
fn label_at(x: f64, y: f64, label: &str) -> Markup {
    let (x, anchor) = if x > RIGHT - 20.0 {
        (WIDTH, "end")
    } else {
        (x, "middle")
    };
    html! { text x=(coordinate(x)) y=(coordinate(y)) text-anchor=(anchor) { (label) } }
}

/// Lines across a field at round values, with their labels before it.
pub(super) fn axis_left(y: Scale, ticks: &[(f64, String)]) -> Markup {
    let mut grid = Path::default();
    for (value, _) in ticks {
        grid.line((LEFT, y.at(*value)), (RIGHT, y.at(*value)));
    }
    html! {
        path d=(grid.as_str()) {}
        @for (value, label) in ticks {
            text x=(coordinate(LEFT - 8.0)) y=(coordinate(y.at(*value) + 4.0)) text-anchor="end" { (label) }
        }
    }
}

/// A position as it is written.
pub(super) fn coordinate(value: f64) -> String {
    format!("{value:.1}")
}

/// The `d` of a path.
#[derive(Debug, Default)]
pub(super) struct Path(String);

impl Path {
    /// A line through all points.
    pub(super) fn through(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut path = Self::default();
        for (index, (x, y)) in points.into_iter().enumerate() {
            path.push(if index == 0 { 'M' } else { 'L' }, x, y);
        }
        path
    }

    /// Steps: to each place across, then up or down to its level. Places are whole, so that many steps are short.
    pub(super) fn steps((x, y): (f64, f64), steps: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut path = Self::default();
        path.push('M', x, y);
        for (x, y) in steps {
            // Writing to a string cannot fail.
            let _ = write!(path.0, "H{x:.0}V{y:.1}");
        }
        path
    }

    /// A straight piece apart from what is there.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.push('M', from.0, from.1);
        self.push('L', to.0, to.1);
    }

    /// A rectangle apart from what is there.
    pub(super) fn block(&mut self, (x, y): (f64, f64), (width, height): (f64, f64)) {
        self.push('M', x, y);
        // Writing to a string cannot fail.
        let _ = write!(self.0, "h{width:.1}v{height:.1}h{:.1}z", -width);
    }

    /// Back to where it began: what lies between is an area.
    pub(super) fn close(mut self) -> Self {
        self.0.push('z');
        self
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, command: char, x: f64, y: f64) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{command}{x:.1} {y:.1}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_lie_in_the_range() {
        let scale = Scale::new((0.0, 15.2), (0.0, 100.0));
        assert_eq!(scale.ticks(5), [0.0, 5.0, 10.0, 15.0]);
        assert_eq!(Scale::new((3.0, 3.0), (0.0, 1.0)).ticks(2), [3.0, 3.5, 4.0]);
    }

    #[test]
    fn ticks_of_magnitudes_are_powers_and_few() {
        let log = |low, high| Scale::log((low, high), (0.0, 1.0)).ticks(5);
        assert_eq!(log(1e3, 1e6), [1e3, 1e4, 1e5, 1e6]);
        assert_eq!(log(1e3, 1e4), [1e3, 2e3, 5e3, 1e4]);
        assert!(log(1.0, 1e12).len() <= 6);
    }

    #[test]
    fn a_value_outside_stands_at_the_edge() {
        let scale = Scale::new((1.0, 2.0), (10.0, 20.0));
        assert_eq!(
            [0.0, 1.5, 9.0].map(|value| scale.at(value)),
            [10.0, 15.0, 20.0]
        );
        assert_eq!(Scale::log((10.0, 1e3), (0.0, 2.0)).at(100.0), 1.0);
    }

    #[test]
    fn paths_have_one_decimal() {
        let steps = Path::steps((0.0, 9.0), [(1.4, 8.0), (2.6, 7.55)]);
        assert_eq!(steps.as_str(), "M0.0 9.0H1V8.0H3V7.5");
        let mut path = Path::through([(0.0, 1.04), (2.0, 3.0)]);
        path.line((4.0, 5.0), (6.0, 7.0));
        path.block((1.0, 1.0), (2.0, 3.0));
        assert_eq!(
            path.close().as_str(),
            "M0.0 1.0L2.0 3.0M4.0 5.0L6.0 7.0M1.0 1.0h2.0v3.0h-2.0zz"
        );
    }
}
