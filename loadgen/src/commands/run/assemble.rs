//! The record of a run, from what the engine has measured and what was asked for.

use super::watch::lost_text;
use crate::commands::machine;
use crate::engine::{EndOfRun, Outcome};
use crate::plan::{Expect, Plan, SequenceSource, StampSource};
use crate::processes::{Lost, Together};
use crate::schedule::Arrivals;
use run_record::end::{End, EndReason};
use run_record::plan::PlanRecord;
use run_record::record::{Kind, Moment, RunRecord};
use run_record::redact;
use run_record::time::Nanos;

/// Everything but the limits and the exit code.
pub(in crate::commands) fn record(
    together: &Together,
    plan: &Plan,
    command_line: &[String],
) -> RunRecord {
    let outcome = &together.outcome;
    let asked = plan_record(plan, command_line);
    let mut record = RunRecord::new(Kind::Run, outcome.started, asked, machine::environment());
    record.ended = Moment::at(outcome.ended);
    record.measured = outcome.measured.clone();
    record.self_check = together.checks.clone();
    record.clock.clone_from(&together.clock);
    record.end = end(outcome, &together.lost);
    record
}

/// What the streams were found to be, and what was demanded.
pub(super) fn add_verdict(record: &mut RunRecord, expect: Option<Expect>) {
    record.plan.expect = expect.map(|expect| expect.name().to_owned());
    record.verdict = Some(verdict::of_run(record));
}

fn plan_record(plan: &Plan, command_line: &[String]) -> PlanRecord {
    PlanRecord {
        url: redact::url(plan.url.as_str()),
        method: plan.request.method.clone(),
        request_headers: plan
            .request
            .headers
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
        request_body_bytes: (!plan.request.body.is_empty())
            .then_some(plan.request.body.len() as u64),
        users: plan.users.as_ref().map(|users| users.count() as u64),
        connections: plan.load.own().into(),
        rate_per_s: None,
        ramp_us: Some(plan.load.ramp.into()),
        arrivals: (plan.load.arrivals != Arrivals::Constant)
            .then(|| plan.load.arrivals.to_string()),
        duration_us: Some(Nanos::from(plan.load.ramp) + Nanos::from(plan.load.hold)),
        sent_at: match &plan.stamps {
            StampSource::Auto => None,
            StampSource::Json { pointer, unit, .. } => Some(format!("json:{pointer}:{unit}")),
            StampSource::None => Some("none".to_owned()),
        },
        sequence_by: match &plan.sequence {
            SequenceSource::Auto => {
                Some("target-server's numbers, or consecutive event ids".to_owned())
            }
            SequenceSource::Id => Some("the ids of the events".to_owned()),
            SequenceSource::Json { pointer } => Some(format!("{pointer} of the data")),
            SequenceSource::None => None,
        },
        expect: None,
        command_line: redact::command_line(command_line),
    }
}

/// How the run ended; processes that did not see the end are named first.
fn end(outcome: &Outcome, lost: &[Lost]) -> End {
    let mut end = end_of(outcome);
    if lost.iter().any(|lost| !lost.killed) {
        end.reason = EndReason::Internal;
    }
    let mut texts: Vec<String> = lost.iter().map(lost_text).collect();
    texts.extend((!end.text.is_empty()).then_some(end.text));
    end.text = texts.join("; ");
    end
}

fn end_of(outcome: &Outcome) -> End {
    let (reason, text) = match outcome.end {
        EndOfRun::Time if outcome.target_is_gone() => (
            EndReason::TargetGone,
            "the target was there and is there no more: no stream was open at the end",
        ),
        EndOfRun::Time => return End::completed(),
        EndOfRun::NobodyLeft => {
            let reason = EndReason::Completed;
            return End {
                reason,
                text: "no subscriber was left: all streams had ended for good".to_owned(),
            };
        }
        EndOfRun::Interrupted => (
            EndReason::Interrupted,
            "interrupted; this is what was measured until then",
        ),
        EndOfRun::CircuitBreaker => (
            EndReason::CircuitBreaker,
            "stopped: half of the last attempts were refused or answered 429 or 503 (--keep-going goes on)",
        ),
    };
    End {
        reason,
        text: text.to_owned(),
    }
}
