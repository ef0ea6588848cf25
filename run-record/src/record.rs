//! The record of a run: everything a report needs, in one versioned JSON document.
//!
//! Additions keep the version; readers ignore what they do not know. A change that would make an
//! older reader wrong raises the number, and readers refuse it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::baseline::Baseline;
use crate::capacity::Capacity;
use crate::end::{End, EndReason, Exit};
use crate::environment::{Environment, Environments};
use crate::hops::{self, HopRecord};
use crate::limits::{self, Limit, LimitResult};
use crate::measured::{Group, Measured};
use crate::offset::ClockRecord;
use crate::plan::PlanRecord;
use crate::probe::{self, ProbeRecord};
use crate::self_check::SelfCheck;
use crate::time::{Nanos, Wall};
use crate::verdict::Verdict;

/// Name and version of the format that this crate writes and reads.
pub const SCHEMA: &str = "streamgauge.record/1";

const SCHEMA_NAME: &str = "streamgauge.record/";

/// Which command made a record.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `loadgen run`.
    Run,
    /// `loadgen check`.
    Check,
    /// `loadgen matrix`.
    Matrix,
}

/// An instant, for machines and for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// Microseconds since the epoch.
    pub epoch_us: Wall,
    /// The same, RFC 3339 in UTC, to the second.
    pub utc: String,
}

impl Moment {
    /// The moment of an instant.
    pub fn at(wall: Wall) -> Self {
        let seconds = i64::try_from(wall.epoch_micros() / 1_000_000).unwrap_or(i64::MAX);
        let utc = jiff::Timestamp::from_second(seconds)
            .unwrap_or(jiff::Timestamp::MAX)
            .to_string();
        Self {
            epoch_us: wall.whole_micros(),
            utc,
        }
    }
}

/// What a run leaves behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Name and major version of the format: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// Which command made it.
    pub kind: Kind,
    /// When the first shard started.
    pub started: Moment,
    /// When the last shard ended.
    pub ended: Moment,
    /// What was asked for.
    pub plan: PlanRecord,
    /// The machines and versions that took part.
    pub environments: Environments,
    /// How the server's clock stood to this machine's; absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockRecord>,
    /// How it ended.
    pub end: End,
    /// What the command exits with; absent until that is decided, and after a merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// The answer, where one was sought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The requests of a check, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<ProbeRecord>,
    /// Where a check watched the stream on its way, origin first; empty with one URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<HopRecord>,
    /// What was measured.
    pub measured: Measured,
    /// Whether the numbers can be trusted.
    pub self_check: SelfCheck,
    /// How many subscribers the server carries, where that was searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// The limits that were given, with what was measured; by side and expression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitResult>,
    /// An earlier run that this one stands beside, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Box<Baseline>>,
}

impl RunRecord {
    /// The record of a run that has just started and measured nothing.
    pub fn new(kind: Kind, started: Wall, plan: PlanRecord, environment: Environment) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            kind,
            started: Moment::at(started),
            ended: Moment::at(started),
            plan,
            environments: Environments::from([environment]),
            clock: None,
            end: End {
                reason: EndReason::Completed,
                text: String::new(),
            },
            exit: None,
            verdict: None,
            probes: Vec::new(),
            hops: Vec::new(),
            measured: Measured::default(),
            self_check: SelfCheck::default(),
            capacity: None,
            limits: Vec::new(),
            baseline: None,
        }
    }

    /// Add another shard of the same run: commutative and associative.
    ///
    /// What is measured adds up; the start is the first, the end the last and the graver one, a
    /// self-check and a verdict the worse, the clock the one least known; limits are held against
    /// the sum. The exit code is dropped: it must be decided anew.
    pub fn merge(&mut self, other: &Self) {
        // Destructured, so that a new part cannot be forgotten.
        let Self {
            schema: _,
            kind,
            started,
            ended,
            plan,
            environments,
            clock,
            end,
            exit,
            verdict,
            probes,
            hops,
            measured,
            self_check,
            capacity,
            limits,
            baseline,
        } = self;
        *kind = (*kind).max(other.kind);
        if other.started < *started {
            started.clone_from(&other.started);
        }
        if other.ended > *ended {
            ended.clone_from(&other.ended);
        }
        plan.merge(&other.plan);
        environments.extend(other.environments.iter().cloned());
        match (clock.as_mut(), &other.clock) {
            (Some(one), Some(two)) => one.merge(two),
            (None, Some(two)) => *clock = Some(two.clone()),
            (_, None) => {}
        }
        match (baseline.as_mut(), &other.baseline) {
            (Some(one), Some(two)) => one.merge(two),
            (None, two) => baseline.clone_from(two),
            (Some(_), None) => {}
        }
        end.merge(&other.end);
        *exit = None;
        // Two searches are not one: what one server carries says nothing of two.
        *capacity = None;
        *verdict = match (verdict.take(), other.verdict.clone()) {
            (Some(one), Some(two)) => Some(one.merge(two)),
            (one, two) => one.or(two),
        };
        probe::merge(probes, &other.probes);
        hops::merge(hops, &other.hops);
        measured.merge(&other.measured);
        self_check.merge(&other.self_check);
        if !(limits.is_empty() && other.limits.is_empty()) {
            let bound = clock_bound(clock.as_ref());
            limits::merge(limits, &other.limits, &measured.total(), bound);
        }
    }

    /// Hold what was measured against limits and keep the results.
    pub fn evaluate(&mut self, limits: &[Limit]) {
        let bound = clock_bound(self.clock.as_ref());
        self.limits = limits::evaluate_all(limits, &self.total(), bound);
    }

    /// What is kept of this record, read from `file`, beside a later one.
    pub fn as_baseline(&self, file: String) -> Baseline {
        let first = self.probes.first();
        Baseline {
            file,
            started: self.started.utc.clone(),
            url: self.plan.url.clone(),
            verdict: self.verdict.as_ref().map(|verdict| verdict.word),
            asked_first_event_us: first.and_then(|probe| probe.first_event_us),
            limits: self.limits.clone(),
            total: Baseline::kept(&self.total()),
        }
    }

    /// All groups together: see [`Measured::total`].
    pub fn total(&self) -> Group {
        self.measured.total()
    }

    /// Read a record.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        #[derive(Deserialize)]
        struct Header {
            schema: String,
        }
        let header: Header = serde_json::from_slice(bytes).map_err(ReadError::NotARecord)?;
        if header.schema != SCHEMA {
            return Err(if header.schema.starts_with(SCHEMA_NAME) {
                ReadError::OtherVersion {
                    found: header.schema,
                }
            } else {
                ReadError::OtherSchema {
                    found: header.schema,
                }
            });
        }
        serde_json::from_slice(bytes).map_err(ReadError::Malformed)
    }

    /// Write the record as JSON, one line at the end included.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// How far times between the two clocks can be off; nothing where there is one clock, or where such times do not exist.
fn clock_bound(clock: Option<&ClockRecord>) -> Nanos {
    clock.and_then(|clock| clock.bound_us).unwrap_or_default()
}

/// Why bytes cannot be read as a record.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes are no JSON object with a `schema`: another file was named.
    #[error("this is no run record: expected a JSON object with \"schema\": \"{SCHEMA}\" ({0})")]
    NotARecord(#[source] serde_json::Error),
    /// The document is of another kind, such as the output of `check --json`.
    #[error("this is {found:?}, no run record: expected \"{SCHEMA}\", as --out writes it")]
    OtherSchema {
        /// What the document calls itself.
        found: String,
    },
    /// The record was written by a version of the tool that this one does not understand.
    #[error(
        "this record is {found:?}, this version reads \"{SCHEMA}\": use the version that wrote it"
    )]
    OtherVersion {
        /// What the document calls itself.
        found: String,
    },
    /// The schema is right and a field is not: the file is damaged or was edited.
    #[error("this run record is damaged: {0}")]
    Malformed(#[source] serde_json::Error),
}
