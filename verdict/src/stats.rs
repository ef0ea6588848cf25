//! The few statistics that the rules use: medians and shares, robust against
//! the outliers of a busy machine. Knows nothing of streams.

/// The value below which the share `q` (0 to 1) of all values lies; absent for
/// no values. Nearest rank, so the result is one of the values.
pub(crate) fn quantile(values: impl IntoIterator<Item = f64>, q: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values
        .into_iter()
        .filter(|value| value.is_finite())
        .collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted
        .get((q.clamp(0.0, 1.0) * last as f64).round() as usize)
        .copied()
}

/// The middle value; absent for no values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    quantile(values, 0.5)
}

/// How many of `total` are `part`, 0 to 1; zero of nothing is 0.
pub(crate) fn share(part: usize, total: usize) -> f64 {
    if total == 0 {
        0.0
    } else {
        part as f64 / total as f64
    }
}

/// A quantity over several releases: its median, and how steady it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    /// How many values.
    pub count: usize,
    /// A tenth of the values lie below this.
    pub low: f64,
    /// The middle value.
    pub median: f64,
    /// A tenth of the values lie above this.
    pub high: f64,
    /// The largest value.
    pub max: f64,
    /// The share of values near the median, 0 to 1.
    pub steadiness: f64,
}

impl Spread {
    /// Three of four values near the median make a quantity constant; the fourth
    /// may be an outlier of a busy machine.
    const STEADY: f64 = 0.75;

    /// The spread of some values; absent for none. A value is *near* the median
    /// when it differs by at most `tolerance`.
    pub(crate) fn of(values: &[f64], tolerance: impl Fn(f64) -> f64) -> Option<Self> {
        let at = |q| quantile(values.iter().copied(), q);
        let median = at(0.5)?;
        let near = values
            .iter()
            .filter(|value| (**value - median).abs() <= tolerance(median));
        Some(Self {
            count: values.len(),
            low: at(0.1)?,
            median,
            high: at(0.9)?,
            max: at(1.0)?,
            steadiness: share(near.count(), values.len()),
        })
    }

    /// Whether the quantity is constant but for a few outliers.
    pub(crate) fn is_steady(&self) -> bool {
        self.steadiness >= Self::STEADY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values_and_nothing_has_none() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(quantile([1.0, 2.0, 3.0, 4.0], 1.0), Some(4.0));
        assert_eq!(quantile([f64::NAN, 1.0], 0.0), Some(1.0));
        assert_eq!(median([]), None);
    }

    #[test]
    fn one_outlier_of_four_leaves_a_quantity_steady_and_two_do_not() {
        let steady = |values: &[f64]| Spread::of(values, |_| 5.0).unwrap().is_steady();
        assert!(steady(&[200.0, 201.0, 204.0, 290.0]));
        assert!(!steady(&[200.0, 201.0, 240.0, 290.0]));
    }
}
