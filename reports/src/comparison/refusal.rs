//! Why runs cannot be compared or a quantile not be enclosed, with the number that could.

use run_record::quantile::Quantile;
use run_record::text::with_separators;

/// Too little to tell, or nothing that can be ranked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// With so few runs no difference, however large, can be told from chance.
    #[error(
        "{name} cannot be compared: at least {needed} runs a side are needed{}, 10 are better; there are {} and {}",
        among(*compared), have.0, have.1
    )]
    Runs {
        /// What was to be compared.
        name: String,
        /// Runs before and after.
        have: (usize, usize),
        /// Runs it takes on each side.
        needed: usize,
        /// How many quantities were to be compared at once: the more, the more runs it takes.
        compared: usize,
    },
    /// A value that cannot be ranked.
    #[error(
        "{name} cannot be compared: {value} stands among its values, and only finite numbers have a rank"
    )]
    NotFinite {
        /// What was to be compared.
        name: String,
        /// Infinite, or not a number.
        value: f64,
    },
    /// With so few runs no interval encloses the median run.
    #[error("the median run has a 95 % interval from {needed} runs on; there are {have}")]
    MedianRun {
        /// Runs there are.
        have: u64,
        /// Runs it takes.
        needed: u64,
    },
    /// With so few events no interval encloses the quantile.
    #[error(
        "{quantile} has a 95 % interval from {} events on; there are {}",
        with_separators(*needed), with_separators(*have)
    )]
    Events {
        /// Which quantile.
        quantile: Quantile,
        /// Events there are.
        have: u64,
        /// Events it takes.
        needed: u64,
    },
}

fn among(compared: usize) -> String {
    match compared {
        0 | 1 => String::new(),
        _ => format!(" for {compared} quantities at once"),
    }
}
