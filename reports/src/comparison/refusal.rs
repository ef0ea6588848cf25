//! Why a set of runs cannot be compared or a quantile not enclosed, with the number that could.

use run_record::text::with_separators;

use crate::number;

/// Too little to tell, or nothing that can be ranked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// With so few runs no difference, however large, could be told from chance.
    #[error(
        "{name} cannot be compared: at least {needed} runs a side are needed, 10 are better; there are {} and {}",
        have.0, have.1
    )]
    Runs {
        /// What was to be compared.
        name: String,
        /// Runs of the base and of the new side.
        have: (usize, usize),
        /// The smallest number a side.
        needed: usize,
    },
    /// With so few runs no interval encloses the median run.
    #[error("a 95 % interval of the median run needs at least {needed} runs; there are {have}")]
    MedianRun {
        /// Runs there are.
        have: usize,
        /// Runs it takes.
        needed: u64,
    },
    /// With so few events no interval encloses the quantile.
    #[error(
        "p{} needs at least {} events for a 95 % interval; there are {}",
        number::significant_percent(*quantile), with_separators(needed), with_separators(have)
    )]
    Events {
        /// Above 0 and below 1.
        quantile: f64,
        /// Events there are.
        have: u64,
        /// Events it takes.
        needed: u64,
    },
    /// A value that cannot be ranked.
    #[error("{name} cannot be compared: {value} stands among its values, and only finite numbers can be ranked")]
    NotFinite {
        /// What was to be compared.
        name: String,
        /// Infinite or not a number.
        value: f64,
    },
}
