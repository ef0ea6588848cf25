//! One setup of the matrix: what came out, held against what its file expects.

use crate::exit::Exit;
use crate::setups::{Expectation, Idle, Setup};
use run_record::matrix::{SetupRecord, SetupSummary, SilenceRecord};
use run_record::record::RunRecord;
use run_record::verdict::{Confidence, Verdict, Word};

/// A setup, and what came out.
pub(super) struct Row {
    pub(super) summary: SetupSummary,
    record: Option<RunRecord>,
    interrupted: bool,
}

/// What came out of a setup.
pub(super) enum Found {
    /// It was checked.
    Checked(Box<RunRecord>),
    /// It cannot be started here, and why.
    Skipped(String),
    /// It was to start, and did not: why.
    Failed(String),
    /// The user stopped it.
    Interrupted,
}

impl Found {
    pub(super) fn checked(record: RunRecord) -> Self {
        Self::Checked(Box::new(record))
    }
}

impl Row {
    /// A row with all but what a survey adds.
    pub(super) fn of(setup: &Setup, found: Found) -> Self {
        let description = &setup.description;
        let mut summary = SetupSummary {
            setup: setup.name.clone(),
            about: description.about.clone(),
            family: description.family.clone(),
            expected: expected(&description.expect),
            known_cure: description.cure.as_ref().and_then(|cure| cure.text.clone()),
            ..SetupSummary::default()
        };
        let (mut record, mut interrupted) = (None, false);
        match found {
            Found::Checked(checked) => record = Some(*checked),
            Found::Skipped(why) => summary.skipped = Some(why),
            Found::Failed(why) => summary.failed = Some(why),
            Found::Interrupted => interrupted = true,
        }
        if let Some(verdict) = record.as_ref().and_then(|record| record.verdict.as_ref()) {
            summary.differs = differs(&description.expect, verdict);
            summary.as_expected = Some(summary.differs.is_empty());
        }
        Self {
            summary,
            record,
            interrupted,
        }
    }

    /// Holds what a silence did against what is expected of it.
    pub(super) fn judge_silence(&mut self, expected: Option<Idle>) {
        let silence = self.summary.silence.as_ref().zip(expected);
        if let Some(differs) = silence.and_then(|(seen, idle)| differs_in_silence(idle, seen)) {
            self.summary.differs.push(differs);
            self.summary.as_expected = Some(false);
        }
    }

    pub(super) fn was_checked(&self) -> bool {
        self.record.is_some()
    }

    pub(super) fn verdict(&self) -> Option<&Verdict> {
        self.record.as_ref()?.verdict.as_ref()
    }

    /// What this setup alone would exit with.
    pub(super) fn exit(&self) -> Exit {
        let word = self.verdict().map(|verdict| verdict.word);
        match (word, self.summary.as_expected) {
            _ if self.interrupted => Exit::Interrupted,
            _ if self.summary.failed.is_some() => Exit::NoStream,
            (_, Some(true)) => Exit::AsExpected,
            (Some(Word::Invalid), _) => Exit::Machine,
            (Some(Word::NoStream), _) => Exit::NoStream,
            (Some(Word::Live | Word::Cut | Word::Batched | Word::Buffered), _) => Exit::Server,
            (Some(Word::Inconclusive) | None, _) => Exit::Inconclusive,
        }
    }

    /// What is kept of it; `None` if the user stopped it.
    pub(super) fn into_record(self) -> Option<SetupRecord> {
        let Self {
            summary,
            record,
            interrupted,
        } = self;
        (!interrupted).then_some(SetupRecord { summary, record })
    }
}

/// For people: `live with streams.limit`.
fn expected(expectation: &Expectation) -> String {
    let demand = expectation.demand.to_string();
    match &expectation.findings[..] {
        [] => demand,
        findings => format!("{demand} with {}", findings.join(", ")),
    }
}

/// What is not as expected. That no cause is named is no fault, that another one is named with high confidence is.
fn differs(expectation: &Expectation, verdict: &Verdict) -> Vec<String> {
    let mut differs = Vec::new();
    if !expectation.demand.is_met_by(verdict) {
        differs.push(format!(
            "{}, {} was expected",
            verdict.word.label(),
            expectation.demand
        ));
    }
    for code in &expectation.findings {
        if verdict.findings.iter().all(|finding| finding.code != *code) {
            differs.push(format!("the finding {code} is missing"));
        }
    }
    if let Some(expected) = &expectation.cause
        && verdict.causes.iter().all(|cause| cause.code != *expected)
    {
        let sure = |confidence: Confidence| confidence == Confidence::High;
        let named = verdict.causes.iter().filter(|cause| sure(cause.confidence));
        differs.extend(named.map(|cause| format!("{} is named, it is {expected}", cause.code)));
    }
    differs
}

/// How far a cut may be from the time that is expected, in seconds (causes section 6, step 14).
const NEAR: f64 = 2.0;

/// What is not as expected of a silence, if it was sat through for long enough to say so.
fn differs_in_silence(idle: Idle, silence: &SilenceRecord) -> Option<String> {
    let watched = silence.watched_us.as_secs_f64();
    let cut = silence.cut_after_us.map(|cut| cut.as_secs_f64());
    let said =
        |cut: Option<f64>| cut.map_or("not cut".to_owned(), |cut| format!("cut after {cut:.1} s"));
    let limit = idle.cut_after.map(|seconds| seconds as f64);
    let is_as_expected = match (limit, cut) {
        (Some(limit), Some(cut)) => (cut - limit).abs() <= NEAR,
        (Some(limit), None) => watched < limit + NEAR,
        (None, cut) => cut.is_none(),
    };
    if !is_as_expected {
        let (found, expected) = (said(cut), said(limit));
        return Some(format!(
            "a silent stream was {found}, {expected} was expected"
        ));
    }
    let is_lost = !silence.event_arrived;
    (is_lost != idle.is_lost).then(|| {
        let word = if is_lost { "lost" } else { "not lost" };
        format!("the event before a silence was {word}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::time::Nanos;

    fn silence(cut: Option<u64>, watched: u64, event_arrived: bool) -> SilenceRecord {
        SilenceRecord {
            event_arrived,
            cut_after_us: cut.map(Nanos::from_secs),
            watched_us: Nanos::from_secs(watched),
        }
    }

    #[test]
    fn a_silence_is_held_against_its_limit_where_it_was_long_enough() {
        let limit = |cut_after, is_lost| Idle { cut_after, is_lost };
        let is_fine = |idle, silence| differs_in_silence(idle, &silence).is_none();
        assert!(is_fine(limit(Some(60), false), silence(Some(61), 65, true)));
        assert!(is_fine(limit(Some(60), false), silence(None, 30, true)));
        assert!(is_fine(limit(None, false), silence(None, 65, true)));
        assert!(is_fine(limit(Some(60), true), silence(Some(60), 65, false)));
        for (idle, silence) in [
            (limit(Some(60), false), silence(Some(50), 65, true)),
            (limit(Some(60), false), silence(None, 65, true)),
            (limit(None, false), silence(Some(60), 65, true)),
            (limit(Some(60), false), silence(Some(60), 65, false)),
            (limit(Some(60), true), silence(Some(60), 65, true)),
        ] {
            assert!(
                differs_in_silence(idle, &silence).is_some(),
                "{idle:?} {silence:?}"
            );
        }
    }
}
