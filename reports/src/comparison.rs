//! Whether two sets of runs differ, in which quantities, and by how much.
//!
//! The unit is the run and never the event: events of a stream follow each other, and two runs of the same thing differ
//! by more than their events say. Tests on raw events called 50 to 69 % of equal pairs different; tests on one value of
//! each run 3 to 5 % (measuring section 7). Pure arithmetic; it must not know where the values come from.

mod holm;
pub mod interval;
mod rank_test;
mod refusal;
mod sentence;
#[cfg(test)]
mod tests;

pub use refusal::Refusal;

/// No difference can show with fewer runs on a side: even wholly apart, three beside three have p = 0.1.
pub const LEAST_RUNS: usize = 4;
/// How often equal sets may be called different, over all quantities compared at once.
pub const ALPHA: f64 = 0.05;

/// One quantity of two sets of runs, such as the p99 of delivery.
#[derive(Clone, Copy, Debug)]
pub struct Quantity<'a> {
    /// As the sentence calls it: `p99 of delivery`.
    pub name: &'a str,
    /// How a number of its unit is written, such as [`number::micros`](crate::number::micros).
    pub write: fn(f64) -> String,
    /// One value for each run before, in any order.
    pub base: &'a [f64],
    /// One value for each run after, in the same unit.
    pub new: &'a [f64],
    /// A smaller difference is none, in the same unit: what the self-test of the machine cannot tell apart. Zero or more.
    pub floor: f64,
}

/// What became of one quantity. Its `Display` is the result as one plain sentence.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// What was compared.
    pub quantity: Quantity<'a>,
    /// How far the new runs are from the old ones.
    pub change: Change,
    /// How likely equal sets look at least as different by chance, adjusted for the other quantities.
    pub p: f64,
    /// How many quantities were compared at once, this one included.
    pub compared: usize,
    /// What follows from these.
    pub outcome: Outcome,
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// More than chance explains, and no less than the floor.
    Different,
    /// Chance explains it.
    NotShown,
    /// Smaller than the machine can tell, whatever the test says.
    BelowFloor,
}

/// The typical difference between a new run and an old one, and its 95 % interval; above zero the new one is higher.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// What the three numbers count.
    pub scale: Scale,
    /// The median over all pairs of a new and an old run.
    pub typical: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// What a change is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Percent of the old value.
    Percent,
    /// The unit of the quantity, because a value of zero or less has no percentages.
    Unit,
}

/// Compares quantities of the same two sets of runs; the answers stand in the order of the quantities.
///
/// The test is Mann and Whitney's, two-sided; change and interval are those of Hodges and Lehmann, from the same ranks,
/// so that for a single quantity they agree with the test. Over several quantities p is adjusted after Holm.
///
/// Errors: [`Refusal::NotFinite`] and, below [`LEAST_RUNS`] on a side, [`Refusal::Runs`] for that quantity alone;
/// [`Refusal::Runs`] too where not even sets that lie wholly apart could be called different among so many quantities.
/// Source: Hollander and Wolfe, Nonparametric Statistical Methods, chapter 4.
pub fn compare<'a>(quantities: &[Quantity<'a>]) -> Vec<Result<Comparison<'a>, Refusal>> {
    let mut refusals: Vec<_> = quantities.iter().map(check).collect();
    let together = refusals.iter().filter(|fit| fit.is_ok()).count();
    for (quantity, fit) in quantities.iter().zip(&mut refusals) {
        if fit.is_ok() && !can_differ(quantity.base.len(), quantity.new.len(), together) {
            *fit = Err(too_few(quantity, together));
        }
    }
    let fit = || {
        quantities
            .iter()
            .zip(&refusals)
            .filter(|(_, fit)| fit.is_ok())
    };
    let chances: Vec<f64> = fit()
        .map(|(quantity, _)| rank_test::two_sided(quantity.base, quantity.new))
        .collect();
    let compared = chances.len();
    let mut adjusted = holm::adjust(&chances).into_iter();
    let mut judge = |quantity: &Quantity<'a>| {
        // Not reached: there is one for each quantity that is fit, and no evidence is no difference.
        let p = adjusted.next().unwrap_or(1.0);
        Comparison::of(*quantity, p, compared)
    };
    quantities
        .iter()
        .zip(refusals)
        .map(|(quantity, fit)| fit.map(|()| judge(quantity)))
        .collect()
}

impl<'a> Comparison<'a> {
    fn of(quantity: Quantity<'a>, p: f64, compared: usize) -> Self {
        let difference = Change::over_pairs(&quantity, Scale::Unit);
        let has_percentages = quantity
            .base
            .iter()
            .chain(quantity.new)
            .all(|value| *value > 0.0);
        let outcome = if difference.typical.abs() < quantity.floor {
            Outcome::BelowFloor
        } else if p <= ALPHA {
            Outcome::Different
        } else {
            Outcome::NotShown
        };
        Self {
            change: if has_percentages {
                Change::over_pairs(&quantity, Scale::Percent)
            } else {
                difference
            },
            quantity,
            p,
            compared,
            outcome,
        }
    }
}

impl Change {
    fn over_pairs(quantity: &Quantity<'_>, scale: Scale) -> Self {
        let (base, new) = (quantity.base, quantity.new);
        let change = |before: f64, after: f64| match scale {
            Scale::Percent => (after / before - 1.0) * 100.0,
            Scale::Unit => after - before,
        };
        let mut changes: Vec<f64> = base
            .iter()
            .flat_map(|before| new.iter().map(move |after| change(*before, *after)))
            .collect();
        changes.sort_by(f64::total_cmp);
        // With LEAST_RUNS on a side there is such a rank; the smallest pair is rank 1.
        let rank = rank_test::critical_rank(base.len(), new.len(), ALPHA).max(1);
        Self {
            scale,
            typical: interval::median_of_sorted(&changes),
            low: changes[rank - 1],
            high: changes[changes.len() - rank],
        }
    }
}

/// The smallest number of runs on each side with which one of so many quantities can be called different.
pub fn runs_needed(compared: usize) -> usize {
    // Each further run divides the smallest p by more than two, so that this ends.
    (LEAST_RUNS..)
        .find(|runs| can_differ(*runs, *runs, compared))
        .unwrap_or(LEAST_RUNS)
}

/// Whether sets of so many runs that lie wholly apart are called different among so many quantities.
pub fn can_differ(base: usize, new: usize, compared: usize) -> bool {
    rank_test::critical_rank(base, new, ALPHA / compared.max(1) as f64) > 0
}

fn too_few(quantity: &Quantity<'_>, compared: usize) -> Refusal {
    Refusal::Runs {
        name: quantity.name.to_owned(),
        have: (quantity.base.len(), quantity.new.len()),
        needed: runs_needed(compared),
        compared,
    }
}

fn check(quantity: &Quantity<'_>) -> Result<(), Refusal> {
    if quantity.base.len().min(quantity.new.len()) < LEAST_RUNS {
        return Err(too_few(quantity, 1));
    }
    let mut values = quantity.base.iter().chain(quantity.new);
    match values.find(|value| !value.is_finite()) {
        Some(value) => Err(Refusal::NotFinite {
            name: quantity.name.to_owned(),
            value: *value,
        }),
        None => Ok(()),
    }
}
