//! Whether a server carried the subscribers of a step, and who did not allow it if not.
//!
//! Pure. What is certain comes first: failures and ends need no clock, so this machine's own lateness does not touch them.

use super::step::Held;
use crate::plan::{CapacityPlan, Endpoint, Plan};
use reports::number;
use run_record::capacity::{LimitedBy, Step};
use run_record::errors::ErrorKind;
use run_record::limits::{LimitResult, LimitStatus};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::self_check::CheckStatus;
use run_record::time::Nanos;

/// Events that came out of order, in percent: from here on the way to the server loses segments.
const LOSSY_PERCENT: f64 = 1.0;

/// Why subscribers were not carried, and because of whom.
type Refusal = (LimitedBy, String);

/// Judges a step.
pub(super) fn judge(held: &Held, plan: &Plan, asked: &CapacityPlan) -> Step {
    let total = held.outcome.measured.total();
    let bound = plan.server_clock.reading().bound();
    let limits: Vec<LimitResult> = plan
        .limits
        .iter()
        .map(|limit| limit.evaluate_plainly(&total, bound))
        .collect();
    let refusal = failed(held, plan, &total)
        .or_else(|| ended(held, &total))
        .or_else(|| waits(held, &total, asked))
        .or_else(|| not_measured(&limits))
        .or_else(|| missed(held, &limits, &total));
    let connections = &total.counters.connections;
    let p99 = total.histograms.quantile(Metric::Delivery, Quantile::P99);
    Step {
        subscribers: held.subscribers,
        carried: refusal.is_none(),
        why: refusal.as_ref().map(|(_, why)| why.clone()),
        limited_by: refusal.map(|(by, _)| by),
        lasted_us: held.outcome.ended - held.outcome.started,
        streaming: held.outcome.gauges.streaming,
        waiting: held.outcome.gauges.opening + held.outcome.gauges.open,
        failed: connections.failed,
        ended: connections.closed_by_server,
        events: total.counters.events.received,
        delivery_p99_us: p99,
        limits,
        self_check: held.checks.status(),
        server: held.server,
    }
}

fn failed(held: &Held, plan: &Plan, total: &Group) -> Option<Refusal> {
    let failed = total.counters.connections.failed;
    if failed == 0 {
        return None;
    }
    let errors = held.outcome.measured.errors.by_count();
    let kinds: Vec<ErrorKind> = errors.iter().map(|(kind, _)| *kind).collect();
    let sample = errors.first().map_or("", |(_, group)| &group.sample);
    let ours = [ErrorKind::NoDescriptor, ErrorKind::NoPort];
    let is_here = plan.target.endpoints.iter().all(Endpoint::is_loopback);
    let by = if kinds.iter().any(|kind| ours.contains(kind)) {
        LimitedBy::Machine
    } else if !is_here && kinds == [ErrorKind::ConnectTimeout] {
        // A server whose queue is full drops them too; from here it looks the same.
        LimitedBy::Network
    } else {
        LimitedBy::Server
    };
    Some((
        by,
        format!("{failed} of {} attempts failed: {sample}", held.subscribers),
    ))
}

fn ended(held: &Held, total: &Group) -> Option<Refusal> {
    let ended = total.counters.connections.closed_by_server;
    if ended == 0 {
        return None;
    }
    // Nobody was in the way of a single one: that is how this stream is.
    let by = if held.subscribers == 1 {
        LimitedBy::Unknown
    } else {
        LimitedBy::Server
    };
    let errors = held.outcome.measured.errors.by_count();
    let how = errors.first().map_or_else(
        || "properly; only streams that stay open can be counted".to_owned(),
        |(_, group)| group.sample.clone(),
    );
    Some((
        by,
        format!("{ended} of {} streams ended: {how}", held.subscribers),
    ))
}

/// Subscribers without an event in time: with a response head or, queued by the server, even without one.
fn waits(held: &Held, total: &Group, asked: &CapacityPlan) -> Option<Refusal> {
    let all = u64::from(held.subscribers);
    let streaming = held.outcome.gauges.streaming;
    let limit = Nanos::from(asked.first_event);
    let slowest = total.histograms.max(Metric::FirstEvent);
    let is_late = slowest.is_some_and(|slowest| slowest > limit);
    if streaming >= all && !is_late {
        return None;
    }
    let seconds = limit.as_secs_f64();
    let why = if streaming >= all {
        format!("a first event came later than {seconds} s after its request")
    } else {
        let queued = all.saturating_sub(total.counters.connections.opened);
        let silent = (all - streaming).saturating_sub(queued);
        let mut waiting = Vec::new();
        if queued > 0 {
            waiting.push(format!("{queued} queued without a response head"));
        }
        if silent > 0 {
            waiting.push(format!("{silent} with a head and no event"));
        }
        format!(
            "{streaming} of {all} had an event within {seconds} s of their request; {}",
            waiting.join(", ")
        )
    };
    // One alone that hears nothing may be on a quiet stream.
    let by = if held.subscribers == 1 {
        LimitedBy::Unknown
    } else {
        LimitedBy::Server
    };
    Some((by, why))
}

fn not_measured(limits: &[LimitResult]) -> Option<Refusal> {
    let unknown = limits
        .iter()
        .find(|limit| limit.status == LimitStatus::NotMeasured)?;
    let why = unknown.why.clone().unwrap_or_default();
    Some((
        LimitedBy::Unknown,
        format!("{} was not measured: {why}", unknown.expression),
    ))
}

fn missed(held: &Held, limits: &[LimitResult], total: &Group) -> Option<Refusal> {
    let missed: Vec<String> = limits
        .iter()
        .filter(|limit| limit.status == LimitStatus::Missed)
        .map(|limit| {
            let measured = limit.measured.map(number::amount);
            format!("{} was {}", limit.expression, measured.unwrap_or_default())
        })
        .collect();
    if missed.is_empty() {
        return None;
    }
    let missed = missed.join(", ");
    let broken: Vec<&str> = held
        .checks
        .by_status()
        .into_iter()
        .filter(|(name, check)| {
            check.status == CheckStatus::Invalid
                || *name == "cpu" && check.status != CheckStatus::Ok
        })
        .map(|(name, _)| name)
        .collect();
    if !broken.is_empty() {
        let why = format!(
            "{missed}, and this machine was at its end itself ({})",
            broken.join(", ")
        );
        return Some((LimitedBy::Machine, why));
    }
    let events = total.counters.events.received.max(1) as f64;
    let reordered = total.counters.arrivals.reordered as f64 / events * 100.0;
    if reordered > LOSSY_PERCENT {
        let why = format!("{missed}, and {reordered:.1} % of the events waited for lost segments");
        return Some((LimitedBy::Network, why));
    }
    Some((LimitedBy::Server, missed))
}
