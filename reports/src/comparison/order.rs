//! Intervals from order statistics: which of the sorted values hold a quantile between them, whatever the distribution.

use statrs::distribution::{Binomial, DiscreteCDF};

/// The bounds of a 95 % interval of a quantile `q` (0 to 1) of what the values, sorted, were drawn from independently.
///
/// Absent where there are fewer values than [`samples_needed`]. Source: exact binomial ranks (measuring section 7).
pub fn quantile_interval(sorted: &[f64], q: f64) -> Option<(f64, f64)> {
    let n = sorted.len() as u64;
    if n < samples_needed(q) {
        return None;
    }
    let below = Binomial::new(q, n).ok()?;
    // With the probability P(low <= B < high) the quantile lies between the values of these ranks, counted from 1.
    let (mut low, mut high) = (below.inverse_cdf(0.025), below.inverse_cdf(0.975) + 1);
    low = low.max(1);
    high = high.min(n);
    let covered = |low: u64, high: u64| below.cdf(high - 1) - below.cdf(low - 1);
    while covered(low, high) < 0.95 {
        (low, high) = match (low > 1, high < n) {
            (true, _) => (low - 1, high),
            (false, true) => (low, high + 1),
            (false, false) => return None,
        };
    }
    let at = |rank: u64| sorted[rank as usize - 1];
    Some((at(low), at(high)))
}

/// The 95 % interval of the median run; six runs are the least.
pub fn median_interval(runs: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_interval(&sorted, 0.5)
}

/// The smallest number of independent values of which some two hold the quantile `q` (0 to 1, both excluded) between
/// them with 95 %: 6 for the median, 299 for p99, 2,995 for p99.9.
pub fn samples_needed(q: f64) -> u64 {
    let covered = |n: u64| 1.0 - q.powf(n as f64) - (1.0 - q).powf(n as f64);
    let mut n = 2;
    // By doubling, then by halving the step: n grows to a million for p99.9999.
    while covered(n) < 0.95 {
        n *= 2;
    }
    let (mut too_few, mut enough) = (n / 2, n);
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if covered(middle) < 0.95 {
            too_few = middle;
        } else {
            enough = middle;
        }
    }
    enough
}

/// The median; zero of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_needed_numbers_are_those_of_measuring() {
        let needed = [0.5, 0.9, 0.99, 0.999, 0.9999].map(samples_needed);
        assert_eq!(needed, [6, 29, 299, 2_995, 29_956]);
    }

    #[test]
    fn the_median_of_six_lies_between_the_first_and_the_last() {
        assert_eq!(
            median_interval(&[3.0, 1.0, 2.0, 6.0, 5.0, 4.0]),
            Some((1.0, 6.0))
        );
        assert_eq!(median_interval(&[1.0, 2.0, 3.0, 4.0, 5.0]), None);
    }
}
