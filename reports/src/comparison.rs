//! Whether two sets of runs differ, and by how much.
//!
//! The unit is the run and never the event: events of a stream follow each other, and two runs of the same thing differ
//! by more than their events say. Tests on raw events called 50 to 69 % of equal pairs different; tests on one value of
//! each run 3 to 5 % (measuring section 7). Pure arithmetic; it must not know what a run is.

mod order;
mod rank_test;

pub use order::{median_interval, quantile_interval, samples_needed};

use rank_test::{critical_rank, two_sided};

/// No difference can show with fewer runs on a side: even wholly apart, three beside three have p = 0.1.
pub const LEAST_RUNS: usize = 4;
/// How sure a difference has to be: one of twenty equal pairs is called different at most.
pub const ALPHA: f64 = 0.05;

/// Too few runs to compare anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{base} and {new} runs cannot show a difference; {LEAST_RUNS} on each side are the least, 10 are good"
)]
pub struct TooFewRuns {
    /// Runs before.
    pub base: usize,
    /// Runs after.
    pub new: usize,
}

/// What became of one quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The typical ratio of a new run to an old one, and the bounds of its 95 % interval.
    pub ratio: f64,
    /// See `ratio`.
    pub low: f64,
    /// See `ratio`.
    pub high: f64,
    /// How likely equal sets look as different as these, by chance.
    pub p: f64,
    /// The typical difference is below what this machine can tell.
    pub is_below_floor: bool,
}

impl Comparison {
    /// Whether the sets differ, one quantity alone looked at. Of several, compare [`holm`]'s values with [`ALPHA`].
    pub fn is_different(&self) -> bool {
        self.p < ALPHA && !self.is_below_floor
    }

    /// The answer in one sentence; `what` is the quantity, such as `p99 of delivery`.
    pub fn sentence(&self, what: &str, is_different: bool) -> String {
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        let interval = format!("{:+.1} to {:+.1} %", percent(self.low), percent(self.high));
        if self.is_below_floor {
            return format!("{what}: a difference smaller than this machine can tell");
        }
        if !is_different {
            return format!("{what}: no difference shown ({interval} are possible)");
        }
        let way = if self.ratio >= 1.0 { "higher" } else { "lower" };
        format!(
            "{what}: {:.1} % {way} ({interval}, p = {:.2})",
            percent(self.ratio).abs(),
            self.p.max(0.01)
        )
    }
}

/// Compares one quantity of each run, such as its p99, before and after.
///
/// The test is Mann and Whitney's, two-sided, exact up to 20 runs on a side without ties; ratio and interval are those of
/// Hodges and Lehmann, from the same test, so that they never contradict it. `floor` is the least difference that this
/// machine can tell, in the unit of the values, which are positive.
///
/// Errors: fewer than [`LEAST_RUNS`] on a side.
pub fn compare(base: &[f64], new: &[f64], floor: f64) -> Result<Comparison, TooFewRuns> {
    if base.len().min(new.len()) < LEAST_RUNS {
        return Err(TooFewRuns {
            base: base.len(),
            new: new.len(),
        });
    }
    let mut ratios: Vec<f64> = new
        .iter()
        .flat_map(|after| base.iter().map(move |before| after / before))
        .collect();
    ratios.sort_by(f64::total_cmp);
    let rank = critical_rank(base.len(), new.len(), ALPHA).clamp(1, ratios.len());
    let difference = (order::median(new) - order::median(base)).abs();
    Ok(Comparison {
        ratio: order::median(&ratios),
        low: ratios[rank - 1],
        high: ratios[ratios.len() - rank],
        p: two_sided(base, new),
        is_below_floor: difference < floor,
    })
}

/// The p values of several quantities of the same runs, adjusted so that the chance of one false difference among all
/// of them stays what it is for one (Holm, 1979).
pub fn holm(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, two| values[*one].total_cmp(&values[*two]));
    let mut adjusted = vec![0.0; values.len()];
    let mut least: f64 = 0.0;
    for (rank, at) in order.into_iter().enumerate() {
        least = least
            .max(values[at] * (values.len() - rank) as f64)
            .min(1.0);
        adjusted[at] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests;
