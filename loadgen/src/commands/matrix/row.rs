//! One setup of the matrix: what came out, held against what its file expects.

use crate::check::{Outcome, Purpose};
use crate::exit::Exit;
use crate::setups::Setup;
use reports::terminal::MatrixRow;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use run_record::verdict::{Verdict, Word};

/// A setup, and what came out.
pub(super) struct Row<'a> {
    pub(super) setup: &'a Setup,
    pub(super) found: Found,
}

/// What came out of a setup.
pub(super) enum Found {
    /// It was checked.
    Checked(Box<Checked>),
    /// It cannot be started here, and why.
    Skipped(String),
    /// It was to start, and did not: why.
    Failed(String),
    /// The user stopped it.
    Interrupted,
}

/// What a check of a setup found.
pub(super) struct Checked {
    pub(super) record: RunRecord,
    verdict: Verdict,
    /// Of the streams that were started at once, how many had an event, and how many there were.
    streams: Option<(usize, usize)>,
}

impl Found {
    pub(super) fn checked(outcome: Outcome, record: RunRecord) -> Self {
        let probes = outcome.observations.probes.iter();
        let crowd = probes
            .zip(&outcome.purposes)
            .filter(|(_, purpose)| **purpose == Purpose::Crowd);
        let served: Vec<bool> = crowd.map(|(probe, _)| !probe.events.is_empty()).collect();
        let count = served.iter().filter(|served| **served).count();
        Self::Checked(Box::new(Checked {
            record,
            verdict: outcome.verdict,
            streams: (!served.is_empty()).then_some((count, served.len())),
        }))
    }
}

impl<'a> Row<'a> {
    pub(super) fn of(setup: &'a Setup, found: Found) -> Self {
        Self { setup, found }
    }

    /// What this setup alone would exit with.
    pub(super) fn exit(&self) -> Exit {
        match &self.found {
            Found::Skipped(_) => Exit::Inconclusive,
            Found::Failed(_) => Exit::NoStream,
            Found::Interrupted => Exit::Interrupted,
            Found::Checked(_) if self.is_met() == Some(true) => Exit::AsExpected,
            Found::Checked(checked) => match checked.verdict.word {
                Word::Inconclusive => Exit::Inconclusive,
                Word::Invalid => Exit::Machine,
                Word::NoStream => Exit::NoStream,
                Word::Live | Word::Cut | Word::Batched | Word::Buffered => Exit::Server,
            },
        }
    }

    /// Whether verdict and findings are those expected; absent where there is no verdict.
    pub(super) fn is_met(&self) -> Option<bool> {
        let Found::Checked(checked) = &self.found else {
            return None;
        };
        let expectation = &self.setup.description.expect;
        let is_there = |code: &String| {
            let mut findings = checked.verdict.findings.iter();
            findings.any(|finding| finding.code == *code)
        };
        Some(
            expectation.demand.is_met_by(&checked.verdict)
                && expectation.findings.iter().all(is_there),
        )
    }

    /// What its file expects: `live with streams.limit`.
    pub(super) fn expected(&self) -> String {
        let expectation = &self.setup.description.expect;
        let demand = expectation.demand.to_string();
        match &expectation.findings[..] {
            [] => demand,
            findings => format!("{demand} with {}", findings.join(", ")),
        }
    }

    /// The line of the table.
    pub(super) fn cells(&self) -> MatrixRow {
        let mut cells = MatrixRow {
            setup: self.setup.name.clone(),
            expected: Some(self.expected()),
            is_met: self.is_met().unwrap_or_default(),
            ..MatrixRow::default()
        };
        match &self.found {
            Found::Checked(checked) => {
                let probe = checked.record.probes.first();
                cells.first_event = probe.and_then(|probe| probe.first_event_us);
                cells.delivery_max = checked.delivery_max();
                cells.streams = checked
                    .streams
                    .map(|(some, all)| format!("{some} of {all}"));
                cells.verdict = Some(checked.verdict.clone());
            }
            Found::Skipped(why) => cells.skipped = Some(why.clone()),
            Found::Failed(why) => cells.failed = Some(why.clone()),
            Found::Interrupted => cells.skipped = Some("interrupted".to_owned()),
        }
        cells
    }
}

impl Checked {
    fn delivery_max(&self) -> Option<run_record::time::Nanos> {
        let histograms = self.record.total().histograms;
        let delivery = histograms.max(Metric::Delivery);
        delivery.or_else(|| histograms.max(Metric::Transit))
    }
}
