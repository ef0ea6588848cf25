//! Confidence intervals of a quantile by order statistics: which of the sorted values enclose it.
//! Free of any assumption on the distribution; it must not know what the values measure.

use super::CONFIDENCE;
use super::refusal::Refusal;

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

/// The ranks that enclose the `quantile` (above 0 and below 1) with a confidence of 95 % or just above.
///
/// Exact binomial ranks for any `n`. Assumes independent values: runs are, the events of a stream are not, so that
/// an interval from events is the narrowest one that can be claimed.
///
/// Errors: [`Refusal::Events`] below [`needed`] values.
/// Source: Hahn and Meeker, Statistical Intervals, 5.2; the number of values below the quantile is binomial.
pub fn ranks(n: u64, quantile: f64) -> Result<Ranks, Refusal> {
    let needed = needed(quantile);
    if n < needed {
        return Err(Refusal::Events {
            quantile,
            have: n,
            needed,
        });
    }
    let below = Binomial::new(n, quantile);
    let error = 1.0 - CONFIDENCE;
    // The side where values are rare comes first: it can take at most half of the error, and the other gets the rest.
    let (low, high) = if quantile >= 0.5 {
        let high = below.first_with_tail_at_most(error / 2.0).min(n);
        (below.last_with_head_at_most(error - below.tail(high)), high)
    } else {
        let low = below.last_with_head_at_most(error / 2.0).max(1);
        (low, below.first_with_tail_at_most(error - below.head(low)))
    };
    let (low, high) = (low.max(1), high.min(n));
    Ok(Ranks {
        low,
        high,
        coverage: 1.0 - below.head(low) - below.tail(high),
    })
}

/// The smallest number of independent values that can enclose the quantile (above 0 and below 1) with a confidence of 95 %.
///
/// Even the smallest and the largest value miss it when all lie on one side, with a probability of q^n + (1-q)^n.
pub fn needed(quantile: f64) -> u64 {
    let enough = |n: u64| {
        let n = n as f64;
        1.0 - quantile.powf(n) - (1.0 - quantile).powf(n) >= CONFIDENCE
    };
    // More values than any run has: an end of the range of quantiles, which nothing encloses.
    const NEVER: u64 = 1 << 60;
    let mut high = 1;
    while !enough(high) {
        if high >= NEVER {
            return u64::MAX;
        }
        high *= 2;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low.midpoint(high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The interval of a quantile from its independent values, in any order.
///
/// Errors: as [`ranks`].
pub fn of_values(values: &[f64], quantile: f64) -> Result<Interval, Refusal> {
    let ranks = ranks(values.len() as u64, quantile)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |rank: u64| sorted[rank as usize - 1];
    Ok(Interval {
        low: at(ranks.low),
        high: at(ranks.high),
    })
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

    #[test]
    fn criterion_14_the_number_of_values_needed_is_computed() {
        let needed = [0.5, 0.9, 0.99, 0.999, 0.9999].map(needed);
        // measuring section 7, found there by another program.
        assert_eq!(needed, [6, 29, 299, 2_995, 29_956]);
        println!("truth | 14 | values needed for p50, p90, p99, p99.9, p99.99 | {needed:?} | [6, 29, 299, 2995, 29956]");
        assert_eq!(super::needed(1.0), u64::MAX);
        assert_eq!(super::needed(f64::NAN), u64::MAX);
    }

    #[test]
    fn criterion_14_p99_9_is_refused_below_2995_events() {
        let refusal = ranks(2_994, 0.999).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "p99.9 needs at least 2,995 events for a 95 % interval; there are 2,994"
        );
        let least = ranks(2_995, 0.999).unwrap();
        assert_eq!((least.low, least.high), (1, 2_995).max((least.low, 2_995)));
        assert!(least.coverage >= 0.95, "{least:?}");
        println!("truth | 14 | p99.9 of 2,994 events | {refusal} | refused, with the number that is needed");
    }

    #[test]
    fn ranks_are_those_of_the_tables() {
        // Hahn and Meeker, table A.15; Conover, table of the sign test.
        for (n, low, high, coverage) in [
            (6, 1, 6, 0.96875),
            (9, 2, 8, 0.9609),
            (10, 2, 9, 0.9785),
            (20, 6, 15, 0.9586),
        ] {
            let ranks = ranks(n, 0.5).unwrap();
            assert_eq!((ranks.low, ranks.high), (low, high), "n = {n}");
            assert!((ranks.coverage - coverage).abs() < 5e-5, "{ranks:?}");
        }
    }

    #[test]
    fn ranks_of_many_values_are_those_of_the_normal_approximation() {
        for n in [100_000_u64, 10_000_000, 1_000_000_000] {
            for quantile in [0.5, 0.99, 0.999] {
                let ranks = ranks(n, quantile).unwrap();
                let (mean, sd) = (n as f64 * quantile, (n as f64 * quantile * (1.0 - quantile)).sqrt());
                let normal = [mean - 1.96 * sd, mean + 1.96 * sd];
                for (rank, normal) in [ranks.low, ranks.high].into_iter().zip(normal) {
                    assert!((rank as f64 - normal).abs() < 0.02 * sd + 3.0, "n = {n}, {ranks:?}");
                }
                assert!((0.95..0.955).contains(&ranks.coverage), "{ranks:?}");
            }
        }
    }

    #[test]
    fn low_quantiles_mirror_high_ones() {
        for n in [29, 50, 1_000] {
            let (low, high) = (ranks(n, 0.1).unwrap(), ranks(n, 0.9).unwrap());
            assert_eq!((low.low, low.high), (n + 1 - high.high, n + 1 - high.low));
        }
    }
}
