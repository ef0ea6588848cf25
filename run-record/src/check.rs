//! What `check --json` prints: one object made from the record, for scripts.
//!
//! A view: it holds nothing that the record does not hold, and decides nothing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::end::Exit;
use crate::histograms::Histograms;
use crate::hops::HopRecord;
use crate::metric::Metric;
use crate::probe::ProbeRecord;
use crate::quantile::Quantile;
use crate::record::{Kind, RunRecord};
use crate::time::Nanos;
use crate::verdict::Verdict;

/// Name and version of the document.
pub const SCHEMA: &str = "streamgauge.check/1";

/// The object that `check --json` prints.
///
/// Shape: the keys of the verdict stand beside the others. Keys that do not apply are absent,
/// never zero.
/// Source: the contract of DESIGN section 5.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Check")]
pub struct CheckDocument<'a> {
    /// Name and major version of the format: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// What was checked, redacted.
    url: &'a str,
    /// Which command made it.
    #[schemars(extend("const" = "check"))]
    kind: Kind,
    /// The answer.
    #[serde(flatten)]
    verdict: &'a Verdict,
    /// Where the stream was also watched on its way, origin first; empty with one URL.
    hops: &'a [HopRecord],
    /// The requests that were sent, by number.
    probes: &'a [ProbeRecord],
    /// What was measured over all probes, by the name of the metric.
    metrics: BTreeMap<&'static str, Summary>,
    /// What the command exits with; absent until that is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<&'a Exit>,
}

/// A metric in a few numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Summary {
    /// Samples, at least 1.
    count: u64,
    /// Median; absent with too few samples to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_us: Option<Nanos>,
    /// 99 of 100 are at most this; absent with too few samples to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_us: Option<Nanos>,
    /// The longest.
    max_us: Nanos,
}

impl<'a> CheckDocument<'a> {
    /// The document of a record; `None` for one without a verdict.
    pub fn of(record: &'a RunRecord) -> Option<Self> {
        let total = record.total();
        let metrics = Metric::ALL.into_iter().filter_map(|metric| {
            Summary::of(&total.histograms, metric).map(|summary| (metric.name(), summary))
        });
        Some(Self {
            schema: SCHEMA,
            url: &record.plan.url,
            kind: Kind::Check,
            verdict: record.verdict.as_ref()?,
            hops: &record.hops,
            probes: &record.probes,
            metrics: metrics.collect(),
            exit: record.exit.as_ref(),
        })
    }
}

impl Summary {
    /// The summary of a metric; `None` without a sample.
    fn of(histograms: &Histograms, metric: Metric) -> Option<Self> {
        Some(Self {
            count: histograms.count(metric),
            p50_us: histograms.quantile(metric, Quantile::P50),
            p99_us: histograms.quantile(metric, Quantile::P99),
            max_us: histograms.max(metric)?,
        })
    }
}
