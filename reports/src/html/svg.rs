//! Axes, ticks and paths of the pictures, in numbers that this crate made.
//!
//! No text of a server comes here: labels are values with units.

use std::fmt::Write as _;

/// Maps values to a span of the picture, linearly: what is logarithmic is given as its logarithm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
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
        }
    }

    /// The position of a value; one outside the range stands at its edge.
    pub(super) fn at(&self, value: f64) -> f64 {
        let part = (value - self.low) / (self.high - self.low);
        self.from + (self.to - self.from) * part.clamp(0.0, 1.0)
    }

    /// At most about `count` round values of the range.
    pub(super) fn ticks(&self, count: u32) -> Vec<f64> {
        let step = round_step((self.high - self.low) / f64::from(count.max(1)));
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|number| number as f64 * step).collect()
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

    /// A straight piece apart from what is there.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.push('M', from.0, from.1);
        self.push('L', to.0, to.1);
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
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
    fn a_value_outside_stands_at_the_edge() {
        let scale = Scale::new((1.0, 2.0), (10.0, 20.0));
        assert_eq!(
            [0.0, 1.5, 9.0].map(|value| scale.at(value)),
            [10.0, 15.0, 20.0]
        );
    }

    #[test]
    fn paths_have_one_decimal() {
        let mut path = Path::through([(0.0, 1.04), (2.0, 3.0)]);
        path.line((4.0, 5.0), (6.0, 7.0));
        assert_eq!(path.as_str(), "M0.0 1.0L2.0 3.0M4.0 5.0L6.0 7.0");
    }
}
