//! What the command exits with, and why in one line: the first reason of the highest precedence.

use crate::commands::check::of_verdict;
use crate::engine::Outcome;
use crate::exit::Exit;
use crate::plan::Expect;
use crate::processes::{LOST, Together};
use run_record::end::{self, EndReason};
use run_record::limits::LimitStatus;
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use run_record::verdict::Word;

/// Judges a run, and writes the judgement into its record.
pub(super) fn judge(record: &mut RunRecord, together: &Together, expect: Option<Expect>) -> Exit {
    let outcome = &together.outcome;
    let reasons = [
        failed(record),
        interrupted(record),
        unfit(record),
        no_stream(record, outcome),
        word(record, expect),
        limits(record, LimitStatus::Missed, Exit::Server, "not met"),
        limits(
            record,
            LimitStatus::NotMeasured,
            Exit::Inconclusive,
            "not measured",
        ),
        silent(record),
    ];
    let worst = reasons.into_iter().flatten().max_by_key(|(exit, _)| *exit);
    let (exit, reason) = worst.unwrap_or((Exit::AsExpected, "as expected".to_owned()));
    record.exit = Some(end::Exit {
        code: exit.code(),
        reason,
    });
    exit
}

/// A process of this program has ended by a fault of its own.
fn failed(record: &RunRecord) -> Option<(Exit, String)> {
    (record.end.reason == EndReason::Internal).then(|| (Exit::Internal, record.end.text.clone()))
}

fn interrupted(record: &RunRecord) -> Option<(Exit, String)> {
    (record.end.reason == EndReason::Interrupted)
        .then(|| (Exit::Interrupted, record.end.text.clone()))
}

fn unfit(record: &RunRecord) -> Option<(Exit, String)> {
    if record.self_check.status() != CheckStatus::Invalid {
        return None;
    }
    let checks = record.self_check.by_status();
    let broken: Vec<&str> = checks
        .iter()
        .filter(|(_, check)| check.status == CheckStatus::Invalid)
        .map(|(name, _)| *name)
        .collect();
    if broken == [LOST] {
        return Some((Exit::Machine, format!("INVALID: {}", record.end.text)));
    }
    let reason = format!(
        "INVALID: this machine was the limit ({}); fewer connections, or a second machine",
        broken.join(", ")
    );
    Some((Exit::Machine, reason))
}

fn no_stream(record: &RunRecord, outcome: &Outcome) -> Option<(Exit, String)> {
    let opened = record.total().counters.connections.opened;
    let errors = record.measured.errors.by_count();
    let sample = errors
        .first()
        .map_or_else(String::new, |(_, group)| format!(": {}", group.sample));
    let reason = match record.end.reason {
        EndReason::CircuitBreaker => record.end.text.clone(),
        EndReason::TargetGone => format!("{}{sample}", record.end.text),
        _ if opened == 0 && errors.is_empty() => {
            let waiting = outcome.gauges.opening + outcome.gauges.open;
            format!("no stream: {waiting} requests were sent and none has a response head")
        }
        _ if opened == 0 => format!("no stream{sample}"),
        _ => return None,
    };
    Some((Exit::NoStream, reason))
}

/// Another verdict than the one demanded, LIVE unless the user named one. Whoever asked for figures alone is not told
/// by the exit code that it cannot be known, only whoever asked for a verdict.
fn word(record: &RunRecord, expect: Option<Expect>) -> Option<(Exit, String)> {
    let verdict = record.verdict.as_ref()?;
    // Both are told with what led to them.
    if matches!(verdict.word, Word::NoStream | Word::Invalid) {
        return None;
    }
    match of_verdict(verdict, expect.unwrap_or(Expect::Live)) {
        (Exit::AsExpected, _) => None,
        (Exit::Inconclusive, _) if expect.is_none() => None,
        told => Some(told),
    }
}

fn limits(
    record: &RunRecord,
    status: LimitStatus,
    exit: Exit,
    what: &str,
) -> Option<(Exit, String)> {
    let hit: Vec<&str> = record
        .limits
        .iter()
        .filter(|limit| limit.status == status)
        .map(|limit| limit.expression.as_str())
        .collect();
    let total = record.limits.len();
    (!hit.is_empty()).then(|| {
        (
            exit,
            format!("{} of {total} limits {what}: {}", hit.len(), hit.join(", ")),
        )
    })
}

/// Streams that say nothing prove nothing: neither that they are well nor that they are held back.
fn silent(record: &RunRecord) -> Option<(Exit, String)> {
    let counters = record.total().counters;
    let silent = counters.connections.opened > 0 && counters.events.received == 0;
    silent.then(|| {
        let comments = counters.fields.comments;
        let reason = format!(
            "no event on {} open streams ({comments} comments): silent, or held back; hold them longer with --for",
            counters.connections.opened
        );
        (Exit::Inconclusive, reason)
    })
}
