//! What `loadgen matrix` leaves behind: many setups side by side, each with what was measured of it.
//!
//! Figures and words only; which word is expected where is the business of each setup's own file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::CheckDocument;
use crate::end::Exit;
use crate::environment::Environment;
use crate::record::{Kind, Moment, RunRecord};
use crate::time::Nanos;
use crate::verdict::{Hold, Word};

/// Name and version of what `matrix --json` prints and `matrix --out` writes.
pub const SCHEMA: &str = "streamgauge.matrix/1";

/// What `matrix --out` writes: everything from which a table or a page is made.
///
/// Shape: the setups in the order in which they were asked for; what was interrupted is not among them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MatrixRecord {
    /// Name and major version of the format: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// Which command made it.
    #[schemars(extend("const" = "matrix"))]
    pub kind: Kind,
    /// When the first setup was started.
    pub started: Moment,
    /// When the last one was stopped.
    pub ended: Moment,
    /// The machine on which they ran.
    pub environment: Environment,
    /// The setups.
    pub setups: Vec<SetupRecord>,
    /// What the command exits with.
    pub exit: Exit,
}

/// One setup, and the record of its check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SetupRecord {
    /// What was found.
    #[serde(flatten)]
    pub summary: SetupSummary,
    /// The record of the check; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RunRecord>,
}

/// What was found of one setup.
///
/// Shape: either checked, then with `as_expected`, or `skipped` or `failed` with the reason. What was not measured is
/// absent, never zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SetupSummary {
    /// Its name: `nginx-default`.
    pub setup: String,
    /// One line for people.
    pub about: String,
    /// The heading under which people look for it: `Rails`.
    pub family: String,
    /// The verdict that its file expects, for people: `batched time 206 ms`.
    pub expected: String,
    /// Whether verdict, hold, findings and cause were those expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_expected: Option<bool>,
    /// What differed, for people; empty where nothing did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
    /// Why it was not run: `haproxy is not installed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Why it could not be checked although it should: `ended before it was ready`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// The programs behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<ProgramVersion>,
    /// What cures it where no line of configuration does, as its file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_cure: Option<String>,
    /// One stream of each shape, asked for as a browser does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<ShapeRecord>,
    /// Whether it streams with and without compression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<CompressionRecord>,
    /// Streams at once, the fewest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crowds: Vec<CrowdRecord>,
    /// Whether the origin learned that its client had left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaving: Option<LeavingRecord>,
    /// What became of a stream that fell silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<SilenceRecord>,
}

/// A program behind a setup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgramVersion {
    /// Its name: `nginx`.
    pub program: String,
    /// Its version; absent where it could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether the expectation was measured with it; false says that another verdict would be no surprise.
    pub measured: bool,
}

/// One stream of a certain shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShapeRecord {
    /// Which: `small`, `large` or `lone`.
    pub shape: String,
    /// The verdict from this stream alone.
    pub verdict: Word,
    /// What held its events back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Events that arrived.
    pub events: u64,
    /// First complete event, counted from the sent request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_event_us: Option<Nanos>,
    /// Median of arrival - emitted; absent without send times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transit_p50_us: Option<Nanos>,
    /// The longest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transit_max_us: Option<Nanos>,
}

/// Whether small events stream with `Accept-Encoding` and without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompressionRecord {
    /// The coding that came where a browser's codings were offered; absent where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coding: Option<String>,
    /// The verdict with a browser's `Accept-Encoding`.
    pub with: Word,
    /// The verdict without one; absent where it was not asked, because nothing was compressed and nothing held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Word>,
}

impl CompressionRecord {
    /// Whether compression takes nothing away; `None` where the stream is held with and without it.
    pub fn is_safe(&self) -> Option<bool> {
        match (self.with, self.without) {
            (Word::Live, _) => Some(true),
            (_, Some(Word::Live)) => Some(false),
            _ => None,
        }
    }
}

/// Streams opened at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CrowdRecord {
    /// How many were opened.
    pub asked: u16,
    /// How many had their first event in time.
    pub served: u16,
    /// In which time, counted from the opening of all.
    pub within_us: Nanos,
}

/// A client that closed its connection in the midst of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeavingRecord {
    /// Whether the origin noticed while it was watched.
    pub noticed: bool,
    /// How long after the departure, a tenth of a second more or less; or for how long it was watched.
    pub after_us: Nanos,
}

/// A stream that had one event and then fell silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SilenceRecord {
    /// Whether the event arrived before the end.
    pub event_arrived: bool,
    /// When the stream was ended, counted from the request; absent where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_after_us: Option<Nanos>,
    /// For how long it was watched.
    pub watched_us: Nanos,
}

/// What `matrix --json` prints.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Matrix")]
pub struct MatrixDocument<'a> {
    /// Name and major version of the format: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// Which command made it.
    #[schemars(extend("const" = "matrix"))]
    kind: Kind,
    /// The setups.
    setups: Vec<SetupDocument<'a>>,
    /// What the command exits with.
    exit: &'a Exit,
}

/// One setup, and what `check --json` would print of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Setup")]
struct SetupDocument<'a> {
    #[serde(flatten)]
    summary: &'a SetupSummary,
    /// The object of `check --json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckDocument<'a>>,
}

impl MatrixRecord {
    /// Write the record as JSON, one line at the end included.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

impl<'a> MatrixDocument<'a> {
    /// The document of a record.
    pub fn of(record: &'a MatrixRecord) -> Self {
        let setup = |setup: &'a SetupRecord| SetupDocument {
            summary: &setup.summary,
            check: setup.record.as_ref().and_then(CheckDocument::of),
        };
        Self {
            schema: SCHEMA,
            kind: Kind::Matrix,
            setups: record.setups.iter().map(setup).collect(),
            exit: &record.exit,
        }
    }
}
