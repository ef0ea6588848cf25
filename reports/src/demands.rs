//! What was demanded of a command and what became of it: the verdict, each limit, each setup, each comparison.
//!
//! One list, from which annotations and JUnit are made. It must not know how either is written. Texts are as they are
//! in the record; each sink cleans them.

use run_record::diff::{Diff, Outcome};
use run_record::limits::{LimitResult, LimitStatus, Side};
use run_record::matrix::{MatrixRecord, SetupRecord};
use run_record::record::{Kind, RunRecord};
use run_record::verdict::{Verdict, Word};

use crate::baseline::relative;
use crate::number;

/// The demands on one thing, such as a URL or a setup.
#[derive(Clone, Debug, PartialEq)]
pub struct Suite {
    /// What they are about.
    pub name: String,
    /// At least one.
    pub demands: Vec<Demand>,
}

/// One demand.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// What was demanded: `max delivery.p99=100ms`.
    pub name: String,
    /// What became of it.
    pub status: Status,
    /// The same in one line: `delivery.p99 3.9 s, limit 100 ms`.
    pub message: String,
    /// What it rests on, a line each; may be empty.
    pub evidence: Vec<String>,
}

/// What became of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Met.
    Met,
    /// Not met, by what was measured.
    Missed,
    /// It cannot be told: not measured, inconclusive, or spoiled by this machine.
    NotMeasured,
    /// Not tried.
    Skipped,
}

/// The demands on a run or a check: that it answers as demanded, and its limits.
pub fn of_record(record: &RunRecord) -> Suite {
    let mut demands = vec![whole(record)];
    demands.extend(record.limits.iter().map(limit));
    Suite {
        name: record.plan.url.clone(),
        demands,
    }
}

/// The demands on several runs, each under its name.
pub fn of_series(runs: &[(&str, &RunRecord)]) -> Vec<Suite> {
    let named = |(name, record): &(&str, &RunRecord)| Suite {
        name: (*name).to_owned(),
        ..of_record(record)
    };
    runs.iter().map(named).collect()
}

/// The demand of a comparison: that no quantity is worse.
pub fn of_diff(diff: &Diff) -> Suite {
    let demand = |quantity: &run_record::diff::DiffQuantity| Demand {
        name: format!("{} no worse", quantity.name),
        status: of_outcome(quantity.outcome),
        message: quantity.sentence.clone(),
        evidence: Vec::new(),
    };
    let mut demands: Vec<_> = diff.quantities.iter().map(demand).collect();
    if demands.is_empty() {
        demands.push(Demand {
            name: "compared".to_owned(),
            status: of_outcome(diff.outcome),
            message: diff.sentence.clone(),
            evidence: diff.notes.clone(),
        });
    }
    Suite {
        name: "diff".to_owned(),
        demands,
    }
}

/// The demands of a matrix: each setup is found as its file says.
pub fn of_matrix(record: &MatrixRecord) -> Suite {
    Suite {
        name: "matrix".to_owned(),
        demands: record.setups.iter().map(setup).collect(),
    }
}

/// Whether the stream itself is as demanded, apart from its limits.
fn whole(record: &RunRecord) -> Demand {
    let code = record.exit.as_ref().map_or(0, |exit| exit.code);
    let reason = record.exit.as_ref().map(|exit| exit.reason.clone());
    let has = |status| record.limits.iter().any(|limit| limit.status == status);
    let status = match code {
        0 => Status::Met,
        // A limit that was missed, or not measured, is a demand of its own.
        1 if has(LimitStatus::Missed) => Status::Met,
        4 if has(LimitStatus::NotMeasured) => Status::Met,
        1 | 3 => Status::Missed,
        _ => Status::NotMeasured,
    };
    let found = record.verdict.as_ref();
    let message = match (status, found) {
        (Status::Met, None) => "as expected".to_owned(),
        (_, None) => reason.unwrap_or_default(),
        (_, Some(verdict)) => {
            format!("{}: {}", verdict.word.label(), verdict.gloss)
        }
    };
    let name = match (record.kind, &record.plan.expect) {
        (Kind::Run, None) => "measured".to_owned(),
        (_, expect) => {
            let expect = expect.as_deref().unwrap_or("live");
            format!("verdict {expect}")
        }
    };
    Demand {
        name,
        status,
        message,
        evidence: found.map(evidence).unwrap_or_default(),
    }
}

/// The facts behind a verdict, what explains it and what cures it.
fn evidence(verdict: &Verdict) -> Vec<String> {
    let causes = verdict.causes.iter().flat_map(|cause| {
        let cure = cause.remedy.as_ref().map(|remedy| {
            let config = remedy.config.as_deref().unwrap_or_default();
            format!("fix: {} {config}", remedy.text)
        });
        std::iter::once(format!("cause: {} ({})", cause.code, cause.component)).chain(cure)
    });
    verdict.evidence.iter().cloned().chain(causes).collect()
}

fn limit(result: &LimitResult) -> Demand {
    let side = match result.side {
        Side::Max => "max",
        Side::Min => "min",
    };
    let subject = result.expression.split('=').next().unwrap_or_default();
    let value = |amount: Option<_>| amount.map_or_else(|| "-".to_owned(), number::amount);
    let (status, message) = match result.status {
        LimitStatus::NotMeasured => {
            let why = result.why.as_deref().unwrap_or("no reason is known");
            (
                Status::NotMeasured,
                format!("{subject} not measured: {why}"),
            )
        }
        measured => {
            let status = match measured {
                LimitStatus::Met => Status::Met,
                _ => Status::Missed,
            };
            let given = relative(result).map_or_else(String::new, |it| format!(" ({it})"));
            let message = format!(
                "{subject} {}, limit {side} {}{given}",
                value(result.measured),
                value(result.limit)
            );
            (status, message)
        }
    };
    Demand {
        name: format!("{side} {}", result.expression),
        status,
        message,
        evidence: Vec::new(),
    }
}

fn setup(setup: &SetupRecord) -> Demand {
    let summary = &setup.summary;
    let verdict = setup
        .record
        .as_ref()
        .and_then(|record| record.verdict.as_ref());
    let found = verdict.map_or_else(
        || "no verdict".to_owned(),
        |verdict| format!("{}: {}", verdict.word.label(), verdict.gloss),
    );
    let (status, message) = match (&summary.skipped, &summary.failed) {
        (Some(why), _) => (Status::Skipped, why.clone()),
        (None, Some(why)) => (Status::NotMeasured, why.clone()),
        (None, None) if summary.as_expected == Some(true) => (Status::Met, found),
        (None, None) => {
            let status = match verdict.map(|verdict| verdict.word) {
                None | Some(Word::Inconclusive | Word::Invalid) => Status::NotMeasured,
                Some(_) => Status::Missed,
            };
            (status, format!("{found}; expected {}", summary.expected))
        }
    };
    let mut facts = summary.differs.clone();
    facts.extend(verdict.map(evidence).unwrap_or_default());
    Demand {
        name: summary.setup.clone(),
        status,
        message,
        evidence: facts,
    }
}

fn of_outcome(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Worse => Status::Missed,
        Outcome::Refused => Status::NotMeasured,
        Outcome::Better | Outcome::NotShown | Outcome::BelowFloor => Status::Met,
    }
}
