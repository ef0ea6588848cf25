//! When a measurement counts, and how it is told.
//!
//! A criterion is held against its threshold on a machine that is quiet: a run counts only if the engine's own timers
//! fired within 5 ms at p99 (measuring section 9, "quiet gate") and it always ran when it should. A run on a noisy machine is repeated, and how often is
//! printed. A run that counts is never repeated: what it misses is a failure. A machine that is never quiet is no
//! excuse: the criterion then has to hold in a noisy run, which is harder.

use loadgen::engine::Outcome;
use run_record::metric::Metric;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};

const QUIET_NANOS: u64 = 5_000_000;
const TRIES: u32 = 20;

/// Held by the test that is running: another one beside it would be load on the same cores.
static ALONE: Mutex<()> = Mutex::new(());

pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the criteria are asked for in the sizes of measuring section 9, as `scripts/truth` does.
pub(crate) fn is_full() -> bool {
    std::env::var_os("STREAMGAUGE_TRUTH").is_some_and(|form| form == "full")
}

/// One figure beside its threshold; `scripts/truth` makes its table of these lines.
pub(crate) fn tell(criterion: &str, what: &str, measured: impl Display, threshold: impl Display) {
    println!("truth | {criterion} | {what} | {measured} | {threshold}");
}

/// What a criterion found in a run.
pub(crate) struct Found {
    pub(crate) what: String,
    pub(crate) measured: String,
    pub(crate) threshold: String,
    pub(crate) holds: bool,
}

impl Found {
    /// A time against the longest that is right, both in nanoseconds.
    pub(crate) fn at_most(what: impl Into<String>, nanos: u64, most: u64) -> Found {
        Found {
            what: what.into(),
            measured: us(nanos),
            threshold: format!("<= {}", us(most)),
            holds: nanos <= most,
        }
    }

    /// A share in percent against the least that is right.
    pub(crate) fn share(what: impl Into<String>, part: usize, whole: usize, least: f64) -> Found {
        let percent = part as f64 / whole.max(1) as f64 * 100.0;
        Found {
            what: what.into(),
            measured: format!("{percent:.3} % ({part} of {whole})"),
            threshold: format!(">= {least} %"),
            holds: percent >= least,
        }
    }
}

pub(crate) fn us(nanos: u64) -> String {
    format!("{:.1} us", nanos as f64 / 1e3)
}

/// Whether the engine's own timers fired in time, and nobody took its processor away: one such stop is hidden by a
/// percentile, and the server beside it was stopped as well.
pub(crate) fn was_quiet(outcome: &Outcome) -> bool {
    let total = outcome.measured.total();
    let ran = outcome.measured.hiccups.count() == 0;
    ran && total
        .histograms
        .get(Metric::TimerLag)
        .is_some_and(|lag| lag.value_at_quantile(0.99) < QUIET_NANOS)
}

/// Measures until the machine was quiet, and holds that run against the criterion.
///
/// On a machine that never is, a noisy run in which all of it holds shows the same.
pub(crate) fn hold(criterion: &str, mut measure: impl FnMut() -> (bool, Vec<Found>)) {
    let mut in_noise = None;
    for retries in 0..TRIES {
        let (quiet, found) = measure();
        if quiet {
            let before = match retries {
                0 => String::new(),
                n => format!(" ({n} noisy runs before)"),
            };
            tell_all(criterion, &found, &before);
            let missed: Vec<String> = found
                .iter()
                .filter(|one| !one.holds)
                .map(|one| format!("{}: {}, and not {}", one.what, one.measured, one.threshold))
                .collect();
            assert!(missed.is_empty(), "criterion {criterion}: {missed:#?}");
            return;
        }
        if found.iter().all(|one| one.holds) {
            in_noise = Some(found);
        }
    }
    let found = in_noise.unwrap_or_else(|| {
        panic!("criterion {criterion}: the machine was not quiet once in {TRIES} runs, and no noisy one held it")
    });
    tell_all(criterion, &found, " (in noise: never quiet)");
}

fn tell_all(criterion: &str, found: &[Found], when: &str) {
    for one in found {
        let measured = format!("{}{when}", one.measured);
        tell(criterion, &one.what, measured, &one.threshold);
    }
}
