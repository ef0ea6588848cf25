//! The middle and the spread of a few repeated measurements.

use std::fmt;

/// Measurements of the same thing, at least one, sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    /// `None` without a value, or with one that is no number.
    pub fn new(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        (!values.is_empty() && values.iter().all(|value| value.is_finite())).then_some(Self(values))
    }

    /// The middle value, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        if self.0.len() % 2 == 1 {
            self.0[middle]
        } else {
            (self.0[middle - 1] + self.0[middle]) / 2.0
        }
    }

    /// The smallest value.
    pub fn min(&self) -> f64 {
        self.0[0]
    }

    /// The largest value.
    pub fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }
}

/// `1.14 (1.10..1.21)`: the median, and the smallest to the largest.
impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        write!(
            f,
            "{:.digits$} ({:.digits$}..{:.digits$})",
            self.median(),
            self.min(),
            self.max()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_odd_and_even_counts() {
        let of = |values: &[f64]| Rounds::new(values.to_vec()).unwrap();
        assert_eq!(of(&[3.0, 1.0, 2.0]).to_string(), "2.00 (1.00..3.00)");
        assert_eq!(format!("{:.1}", of(&[4.0, 1.0])), "2.5 (1.0..4.0)");
        assert_eq!(Rounds::new(vec![]), None);
        assert_eq!(Rounds::new(vec![1.0, f64::NAN]), None);
    }
}
