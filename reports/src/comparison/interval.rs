//! Confidence intervals of a quantile by order statistics: which of the sorted values enclose it.
//! Free of any assumption on the distribution; it must not know what the values measure.

use hdrhistogram::Histogram;
use run_record::quantile::Quantile;

use super::{ALPHA, Refusal};

/// Which of `n` sorted values enclose a quantile, counted from 1: from the `low`-th to the `high`-th.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// At least 1.
    pub low: u64,
    /// Above `low`, at most `n`.
    pub high: u64,
    /// How often such an interval contains the quantile: at least 0.95, and more where `n` is small.
    pub coverage: f64,
}

/// A value and what it lies between with a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The ranks that enclose the quantile with a confidence of 95 % or just above.
///
/// Exact binomial ranks for any `n`. Assumes independent values: runs are, the events of a stream are not, so that
/// an interval from events is the narrowest that can be claimed.
///
/// Errors: [`Refusal::Events`] below [`needed`] values.
/// Source: Hahn and Meeker, Statistical Intervals, 5.2; the number of values below the quantile is binomial.
pub fn ranks(n: u64, quantile: Quantile) -> Result<Ranks, Refusal> {
    let needed = needed(quantile);
    if n < needed {
        return Err(Refusal::Events {
            quantile,
            have: n,
            needed,
        });
    }
    let below = Binomial::new(n, quantile.fraction());
    // The side on which values are rare comes first: it can spend half of the error at most, the other gets the rest.
    let (low, high) = if quantile >= Quantile::P50 {
        let high = below.first_with_tail_at_most(ALPHA / 2.0).min(n);
        (below.last_with_head_at_most(ALPHA - below.tail(high)), high)
    } else {
        let low = below.last_with_head_at_most(ALPHA / 2.0).max(1);
        (low, below.first_with_tail_at_most(ALPHA - below.head(low)))
    };
    let (low, high) = (low.max(1), high.min(n));
    Ok(Ranks {
        low,
        high,
        coverage: 1.0 - below.head(low) - below.tail(high),
    })
}

/// The smallest number of independent values that can enclose the quantile with a confidence of 95 %.
///
/// Even the smallest and the largest value miss it when all lie on one side, with a probability of q^n + (1-q)^n.
pub fn needed(quantile: Quantile) -> u64 {
    let q = quantile.fraction();
    let is_enough = |n: u64| 1.0 - q.powf(n as f64) - (1.0 - q).powf(n as f64) >= 1.0 - ALPHA;
    // A quantile lies above 0 and below 1, so that this ends.
    let mut enough = 2;
    while !is_enough(enough) {
        enough *= 2;
    }
    let mut too_few = enough / 2;
    while enough - too_few > 1 {
        let middle = too_few.midpoint(enough);
        if is_enough(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    enough
}

/// The interval of a quantile within one run, from the times of its events.
///
/// Errors: as [`ranks`].
pub fn of_histogram(events: &Histogram<u64>, quantile: Quantile) -> Result<Interval, Refusal> {
    let ranks = ranks(events.len(), quantile)?;
    // Half a rank below: rounding must not lead to the next value.
    let at = |rank: u64| events.value_at_quantile((rank as f64 - 0.5) / events.len() as f64) as f64;
    Ok(Interval {
        low: at(ranks.low),
        high: at(ranks.high),
    })
}

/// The interval of the median run, from one value for each run, in any order.
///
/// Errors: [`Refusal::MedianRun`] below 6 runs.
pub fn of_runs(runs: &[f64]) -> Result<Interval, Refusal> {
    let have = runs.len() as u64;
    let ranks = ranks(have, Quantile::P50).map_err(|_| Refusal::MedianRun {
        have,
        needed: needed(Quantile::P50),
    })?;
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |rank: u64| sorted[rank as usize - 1];
    Ok(Interval {
        low: at(ranks.low),
        high: at(ranks.high),
    })
}

/// The median of sorted values; not a number where there is none.
pub(crate) fn median_of_sorted(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The probabilities of a binomial distribution, as far as they differ from zero.
struct Binomial {
    /// What `weights[0]` belongs to.
    first: u64,
    /// They add up to 1.
    weights: Vec<f64>,
}

impl Binomial {
    /// From the mode outwards by the ratio of neighbours, then scaled: no factorial, so no loss with large `n`.
    fn new(n: u64, p: f64) -> Self {
        const NEGLIGIBLE: f64 = 1e-17;
        let mode = (((n + 1) as f64 * p) as u64).min(n);
        let odds = p / (1.0 - p);
        let mut upward = vec![1.0];
        for k in mode..n {
            let weight = upward[upward.len() - 1] * odds * (n - k) as f64 / (k + 1) as f64;
            if weight < NEGLIGIBLE {
                break;
            }
            upward.push(weight);
        }
        let mut weights = Vec::new();
        let mut weight = 1.0;
        for k in (1..=mode).rev() {
            weight *= k as f64 / ((n - k + 1) as f64 * odds);
            if weight < NEGLIGIBLE {
                break;
            }
            weights.push(weight);
        }
        let first = mode - weights.len() as u64;
        weights.reverse();
        weights.append(&mut upward);
        let sum: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum;
        }
        Self { first, weights }
    }

    /// P(X < k).
    fn head(&self, k: u64) -> f64 {
        let count = k.saturating_sub(self.first) as usize;
        self.weights.iter().take(count).sum()
    }

    /// P(X >= k).
    fn tail(&self, k: u64) -> f64 {
        let count = k.saturating_sub(self.first) as usize;
        self.weights.iter().skip(count).sum()
    }

    /// The largest k with P(X < k) at most `error`; zero where even one value less is too likely.
    fn last_with_head_at_most(&self, error: f64) -> u64 {
        let mut head = 0.0;
        let fitting = self.weights.iter().take_while(|weight| {
            head += **weight;
            head <= error
        });
        self.first + fitting.count() as u64
    }

    /// The smallest k with P(X >= k) at most `error`.
    fn first_with_tail_at_most(&self, error: f64) -> u64 {
        let mut tail = 0.0;
        let fitting = self.weights.iter().rev().take_while(|weight| {
            tail += **weight;
            tail <= error
        });
        self.first + (self.weights.len() - fitting.count()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(text: &str) -> Quantile {
        text.parse().unwrap()
    }

    #[test]
    fn criterion_14_the_number_of_values_needed_is_computed() {
        let needed =
            ["p50", "p90", "p99", "p99.9", "p99.99", "p10"].map(|text| needed(quantile(text)));
        // measuring section 7 has them from another program.
        assert_eq!(needed, [6, 29, 299, 2_995, 29_956, 29]);
        println!(
            "truth | 14 | values needed for p50, p90, p99, p99.9, p99.99, p10 | {needed:?} | [6, 29, 299, 2995, 29956, 29]"
        );
    }

    #[test]
    fn criterion_14_p99_9_is_refused_below_2995_events() {
        let mut events = Histogram::<u64>::new(3).unwrap();
        events.record_n(1_000, 2_994).unwrap();
        let refusal = of_histogram(&events, Quantile::P99_9)
            .unwrap_err()
            .to_string();
        println!(
            "truth | 14 | p99.9 of 2,994 events | refused: {refusal} | refused, with the number needed"
        );
        assert_eq!(
            refusal,
            "p99.9 has a 95 % interval from 2,995 events on; there are 2,994"
        );
        events.record(2_000_000).unwrap();
        let interval = of_histogram(&events, Quantile::P99_9).unwrap();
        assert_eq!((interval.low, interval.high), (1_000.0, 2_000_895.0));
        let ranks = ranks(2_995, Quantile::P99_9).unwrap();
        assert!(ranks.high == 2_995 && ranks.coverage >= 0.95, "{ranks:?}");
    }

    #[test]
    fn criterion_14_the_median_run_is_refused_below_6_runs() {
        let refusal = of_runs(&[3.0, 1.0, 2.0, 5.0, 4.0]).unwrap_err().to_string();
        println!(
            "truth | 14 | median of 5 runs | refused: {refusal} | refused, with the number needed"
        );
        assert_eq!(
            refusal,
            "the median run has a 95 % interval from 6 runs on; there are 5"
        );
        let interval = of_runs(&[3.0, 1.0, 2.0, 6.0, 5.0, 4.0]).unwrap();
        assert_eq!((interval.low, interval.high), (1.0, 6.0));
    }

    #[test]
    fn ranks_of_the_median_are_those_of_the_sign_test() {
        // Tail sums of the binomial distribution with p = 1/2.
        for (n, low, high, coverage) in [
            (6, 1, 6, 1.0 - 2.0 / 64.0),
            (9, 2, 8, 1.0 - 20.0 / 512.0),
            (10, 2, 9, 1.0 - 22.0 / 1_024.0),
            (12, 3, 10, 1.0 - 158.0 / 4_096.0),
        ] {
            let ranks = ranks(n, Quantile::P50).unwrap();
            assert_eq!((ranks.low, ranks.high), (low, high), "n = {n}");
            assert!((ranks.coverage - coverage).abs() < 1e-12, "{ranks:?}");
        }
    }

    #[test]
    fn ranks_among_many_are_those_of_the_normal_approximation() {
        for n in [100_000_u64, 10_000_000, 1_000_000_000] {
            for quantile in [Quantile::P50, Quantile::P99, Quantile::P99_9] {
                let ranks = ranks(n, quantile).unwrap();
                let (mean, rest) = (n as f64 * quantile.fraction(), 1.0 - quantile.fraction());
                let deviation = (mean * rest).sqrt();
                let near =
                    |rank: u64, normal: f64| (rank as f64 - normal).abs() < 0.03 * deviation + 2.0;
                assert!(near(ranks.low, mean - 1.96 * deviation), "{n} {ranks:?}");
                assert!(near(ranks.high, mean + 1.96 * deviation), "{n} {ranks:?}");
                assert!((0.95..0.96).contains(&ranks.coverage), "{n} {ranks:?}");
            }
        }
    }

    #[test]
    fn a_low_quantile_mirrors_a_high_one() {
        for n in [29, 50, 1_000] {
            let (low, high) = (
                ranks(n, quantile("p10")).unwrap(),
                ranks(n, Quantile::P90).unwrap(),
            );
            assert_eq!((low.low, low.high), (n + 1 - high.high, n + 1 - high.low));
        }
    }
}
