//! Whether the numbers of a run can be trusted: what the engine measured about itself, against its limits.
//!
//! Pure. The limits are those of measuring section 4 and DESIGN section 3: INVALID is damage that cannot be
//! corrected; lateness on stamped arrivals only warns, because the arrivals are right all the same.

use crate::engine::{HICCUP, Outcome};
use crate::plan::{Endpoint, Plan};
use run_record::hiccups::Hiccups;
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::self_check::{Check, CheckStatus, SelfCheck};
use run_record::time::Nanos;

/// Connections opened later than this are late: measured, counted from their schedule, and a warning.
const SCHEDULE_LAG: Nanos = Nanos::from_millis(10);
/// From here on the load is not the one that was asked for.
const SCHEDULE_LAG_DAMAGE: Nanos = Nanos::from_millis(500);
/// A timer of the engine fires within this time on a machine that has room (measuring 2.11).
const TIMER_LAG: Nanos = Nanos::from_millis(5);
/// Reading later than this after the kernel means that the engine can not keep up.
const GENERATOR_LAG: Nanos = Nanos::from_millis(100);
/// Twice the engine's longest sleep while events come together: an arrival can be that uncertain only if the engine itself was late.
const WIDE_INTERVAL: Nanos = Nanos::from_millis(20);
/// Events whose arrival is that uncertain, in percent: a warning, and damage.
const WIDE_SHARE: (f64, f64) = (1.0, 5.0);
/// Reads with a kernel stamp, in percent: below the first a warning, below the second damage.
const STAMP_COVERAGE: (f64, f64) = (99.0, 90.0);
/// Reads from which on their share with a stamp says something: the first of each connection may have none.
const ENOUGH_READS: u64 = 1_000;
/// Processor time of the engine's threads, in percent of the time they ran.
const CPU_SHARE: f64 = 80.0;
/// A movement of the wall clock against the monotonic one that is no rounding.
const CLOCK_STEP: Nanos = Nanos::from_millis(1);

/// The checks of a run.
pub fn check(outcome: &Outcome, plan: &Plan) -> SelfCheck {
    let total = outcome.measured.total();
    let mut checks = SelfCheck::default();
    if let Some(lag) = high(&total, Metric::ScheduleLag) {
        checks.observe(
            "schedule_lag.p99",
            two_limits(lag, us(SCHEDULE_LAG), us(SCHEDULE_LAG_DAMAGE), "us"),
        );
    }
    if let Some(lag) = high(&total, Metric::TimerLag) {
        checks.observe(
            "timer_lag.p99",
            Check::at_most(lag, us(TIMER_LAG), "us", CheckStatus::Warn),
        );
    }
    if let Some(lag) = high(&total, Metric::GeneratorLag) {
        checks.observe(
            "generator_lag.p99",
            Check::at_most(lag, us(GENERATOR_LAG), "us", CheckStatus::Warn),
        );
    }
    checks.observe("hiccup.max", hiccup(&outcome.measured.hiccups));
    checks.observe(
        "wide_intervals",
        two_limits(wide_share(&total), WIDE_SHARE.0, WIDE_SHARE.1, "%"),
    );
    observe_stamps(&mut checks, &total, plan);
    let ran = (outcome.ended - outcome.started).0.max(1) as f64 * plan.load.workers as f64;
    let cpu = outcome.workers_cpu.0 as f64 / ran * 100.0;
    checks.observe(
        "cpu",
        Check::at_most(cpu, CPU_SHARE, "%", CheckStatus::Warn),
    );
    checks.observe("clock_step", clock_step(outcome.clock_step));
    checks
}

/// A movement of the wall clock against the monotonic one.
pub(crate) fn clock_step(step: Nanos) -> Check {
    Check::at_most(us(step), us(CLOCK_STEP), "us", CheckStatus::Invalid)
}

/// The longest time in which a process did not run; zero where none was long enough to be told. Events that it hid have
/// no time, and what has one is right: a warning.
fn hiccup(hiccups: &Hiccups) -> Check {
    let longest = hiccups.longest().first();
    let longest = longest.map_or(Nanos::ZERO, |hiccup| hiccup.lasted_us);
    Check::at_most(us(longest), us(HICCUP), "us", CheckStatus::Warn)
}

/// Reads with a kernel stamp among all reads.
pub(crate) fn stamp_coverage(stamped: u64, returned: u64) -> Check {
    let coverage = stamped as f64 / returned.max(1) as f64 * 100.0;
    let (limit, beyond) = if coverage < STAMP_COVERAGE.1 {
        (STAMP_COVERAGE.1, CheckStatus::Invalid)
    } else {
        (STAMP_COVERAGE.0, CheckStatus::Warn)
    };
    Check::at_least(coverage, limit, "%", beyond)
}

/// Beyond the first limit a warning, beyond the second damage.
pub(crate) fn two_limits(value: f64, warn: f64, damage: f64, unit: &str) -> Check {
    if value > damage {
        Check::at_most(value, damage, unit, CheckStatus::Invalid)
    } else {
        Check::at_most(value, warn, unit, CheckStatus::Warn)
    }
}

fn observe_stamps(checks: &mut SelfCheck, total: &Group, plan: &Plan) {
    let reads = &total.counters.reads;
    let stamps = plan
        .target
        .endpoints
        .iter()
        .any(|endpoint| matches!(endpoint, Endpoint::Tcp(_)));
    if !stamps || reads.returned < ENOUGH_READS {
        return;
    }
    checks.observe(
        "stamp_coverage",
        stamp_coverage(reads.stamped, reads.returned),
    );
}

/// The 99th percentile in microseconds, whatever the number of samples: a check looks at what there is.
fn high(total: &Group, metric: Metric) -> Option<f64> {
    total
        .histograms
        .get(metric)
        .map(|histogram| us(Nanos(histogram.value_at_quantile(0.99))))
}

fn us(time: Nanos) -> f64 {
    time.as_micros_f64()
}

/// Events whose arrival is known only within an interval that our own lateness made wide, in percent.
fn wide_share(total: &Group) -> f64 {
    let events = total.counters.events.received;
    let Some(widths) = total
        .histograms
        .get(Metric::IntervalWidth)
        .filter(|_| events > 0)
    else {
        return 0.0;
    };
    let wide = widths.count_between(WIDE_INTERVAL.0 + 1, u64::MAX);
    wide as f64 / events as f64 * 100.0
}
