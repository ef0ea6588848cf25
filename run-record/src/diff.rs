//! What a comparison of two sets of runs says: one object, for scripts and for every report of it.
//!
//! Data only: it must not know how a difference is told from chance, or how it looks.

use schemars::JsonSchema;
use serde::Serialize;

use crate::end::Exit;
use crate::record::Moment;

/// Name and version of the document.
pub const SCHEMA: &str = "streamgauge.diff/1";

/// Two sets of runs beside each other; the run is the unit.
///
/// Shape: keys that do not apply are absent, never zero.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Diff {
    /// Name and major version of the format: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// What follows from all quantities together.
    pub outcome: Outcome,
    /// The same as one plain sentence, with the figures that it rests on.
    pub sentence: String,
    /// The runs before.
    pub base: Vec<DiffRun>,
    /// The runs after.
    pub new: Vec<DiffRun>,
    /// Whether the runs of both sides took turns, so that what changes with time met both alike.
    pub interleaved: bool,
    /// What a reader of the figures must know: sides that were asked for different things, and the like.
    pub notes: Vec<String>,
    /// What was compared, in the order in which it was asked for.
    pub quantities: Vec<DiffQuantity>,
    /// What the command exits with; absent until that is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
}

/// One run of a side.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DiffRun {
    /// The file of its record, or its place in the series.
    pub name: String,
    /// What was measured, redacted.
    pub url: String,
    /// When it began.
    pub started: Moment,
    /// Why it is not among the compared ones; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
}

/// What a comparison says, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Different beyond chance, to the worse.
    Worse,
    /// It could not be compared.
    Refused,
    /// Different beyond chance, to the better.
    Better,
    /// Chance explains it.
    NotShown,
    /// Smaller than this machine can tell.
    BelowFloor,
}

/// One quantity of two sets of runs, such as the p99 of delivery.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DiffQuantity {
    /// As limits call it: `delivery.p99`.
    pub name: String,
    /// Unit of all values: `us`, `%`, `B`, or empty for a count.
    pub unit: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The same as one plain sentence; for what was refused, why and what would do.
    pub sentence: String,
    /// Before; absent without a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Spread>,
    /// After; absent without a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Spread>,
    /// How far the runs after lie from those before; absent where that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// How likely equal sets look at least as different by chance, adjusted for the other quantities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
}

/// The values of one side, one for each run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Spread {
    /// In the order of the runs; at least one.
    pub values: Vec<f64>,
    /// Their median.
    pub median: f64,
    /// What the median run lies between with a confidence of 95 %, from 6 runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
}

/// The typical difference between a run after and one before, and its 95 % interval; above zero it became higher.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// Unit of the three: `%` of the value before, or that of the quantity where a value of zero has no percentages.
    pub unit: String,
    /// The median over all pairs.
    pub typical: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}
