//! The rank test of Mann and Whitney (1947): whether values of one set tend to be larger than those of another.

use statrs::distribution::{ContinuousCDF, Normal};

/// Up to here the distribution is counted, beyond it is normal enough.
const EXACT: usize = 20;

/// How likely two sets from one source are at least as far apart as these, in either direction.
pub(super) fn two_sided(one: &[f64], two: &[f64]) -> f64 {
    let ranks = Ranks::of(one, two);
    let (n, m) = (one.len(), two.len());
    if ranks.ties == 0.0 && n.max(m) <= EXACT {
        exact(ranks.u, n, m)
    } else {
        normal(&ranks, n, m)
    }
}

fn exact(u: f64, n: usize, m: usize) -> f64 {
    let counts = counts(n, m);
    let smaller = u.min((n * m) as f64 - u);
    let below: f64 = counts.iter().take(smaller as usize + 1).sum();
    let all: f64 = counts.iter().sum();
    (2.0 * below / all).min(1.0)
}

/// The approximation with corrections for ties and for continuity.
fn normal(ranks: &Ranks, n: usize, m: usize) -> f64 {
    let (pairs, total) = ((n * m) as f64, (n + m) as f64);
    let smaller = ranks.u.min(pairs - ranks.u);
    let variance = pairs / 12.0 * (total + 1.0 - ranks.ties / (total * (total - 1.0)));
    if variance <= 0.0 {
        // All values are the same one.
        return 1.0;
    }
    let z = (smaller + 0.5 - pairs / 2.0) / variance.sqrt();
    (2.0 * Normal::standard().cdf(z)).min(1.0)
}

/// The rank, from 1, of the sorted pairwise ratio that bounds an interval from below, and from above counted from the
/// end, so that it holds the true ratio with the probability 1 - `alpha` at least; 0 where no rank does.
pub(super) fn critical_rank(n: usize, m: usize, alpha: f64) -> usize {
    if n.max(m) > EXACT {
        let pairs = (n * m) as f64;
        let deviation = (pairs * (n + m + 1) as f64 / 12.0).sqrt();
        let z = Normal::standard().inverse_cdf(1.0 - alpha / 2.0);
        return (pairs / 2.0 - z * deviation).max(0.0) as usize;
    }
    let counts = counts(n, m);
    let all: f64 = counts.iter().sum();
    let mut below = 0.0;
    let outside = counts.iter().take_while(|count| {
        below += *count;
        2.0 * below / all <= alpha
    });
    outside.count()
}

struct Ranks {
    /// In how many pairs the value of the second set is the larger one; a tie is half a pair.
    u: f64,
    /// The sum of t^3 - t over the groups of equal values.
    ties: f64,
}

impl Ranks {
    fn of(one: &[f64], two: &[f64]) -> Ranks {
        let mut all: Vec<(f64, bool)> = one.iter().map(|value| (*value, false)).collect();
        all.extend(two.iter().map(|value| (*value, true)));
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut u, mut ties, mut before) = (0.0, 0.0, 0);
        for group in all.chunk_by(|a, b| a.0 == b.0) {
            let of_two = group.iter().filter(|(_, is_two)| *is_two).count();
            let of_one = group.len() - of_two;
            u += of_two as f64 * (before as f64 + of_one as f64 / 2.0);
            before += of_one;
            let size = group.len() as f64;
            ties += size.powi(3) - size;
        }
        Ranks { u, ties }
    }
}

/// How many of the orders of n and m values have each U, from 0 to n m.
fn counts(n: usize, m: usize) -> Vec<f64> {
    // The number of partitions of U into at most n parts, none above m: the Gaussian binomial coefficient.
    let mut counts = vec![0.0; n * m + 1];
    counts[0] = 1.0;
    for part in 1..=n {
        let times = m + part;
        for u in (times..counts.len()).rev() {
            counts[u] -= counts[u - times];
        }
        for u in part..counts.len() {
            counts[u] += counts[u - part];
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sets_have_the_probabilities_of_the_tables() {
        // Wholly apart: 2 of 20, 70, 252 and 184,756 orders (measuring section 7).
        let apart = |n: usize| {
            let one: Vec<f64> = (0..n).map(|i| i as f64).collect();
            let two: Vec<f64> = (n..2 * n).map(|i| i as f64).collect();
            two_sided(&one, &two)
        };
        for (n, orders) in [(3, 20.0), (4, 70.0), (5, 252.0), (10, 184_756.0)] {
            assert!((apart(n) - 2.0 / orders).abs() < 1e-12, "{n}: {}", apart(n));
        }
        // Mann and Whitney's table: for 10 and 10, U = 23 is significant at 5 %, 24 is not.
        assert_eq!(critical_rank(10, 10, 0.05), 24);
        assert_eq!(critical_rank(4, 4, 0.05), 1);
        assert_eq!(counts(2, 2), [1.0, 1.0, 2.0, 1.0, 1.0]);
    }

    #[test]
    fn large_or_tied_sets_are_near_the_exact_ones() {
        let one: Vec<f64> = (0..20).map(|i| f64::from(i) * 1.03).collect();
        let two: Vec<f64> = (0..20).map(|i| f64::from(i) * 1.01 + 4.003).collect();
        let ranks = Ranks::of(&one, &two);
        let (exact, normal) = (exact(ranks.u, 20, 20), normal(&ranks, 20, 20));
        assert!((exact - normal).abs() < 0.002, "{exact} {normal}");
        assert_eq!(two_sided(&[1.0; 5], &[1.0; 5]), 1.0);
    }
}
