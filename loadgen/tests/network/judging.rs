//! How a criterion is judged and told: a line for each figure beside its threshold, and the quiet gate.

use crate::witness::Watched;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};

const TRIES: u32 = 10;

/// Held by the test that is running: others beside it would be load on the same cores.
static ALONE: Mutex<()> = Mutex::new(());

pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the whole suite is asked for, and not its short form.
pub(crate) fn is_full() -> bool {
    std::env::var("STREAMGAUGE_TRUTH").is_ok_and(|form| form == "full")
}

/// One figure of a criterion beside what it may be.
pub(crate) struct Figure {
    pub(crate) what: &'static str,
    pub(crate) measured: String,
    pub(crate) threshold: String,
    pub(crate) holds: bool,
}

impl Figure {
    /// A time that may not exceed a limit, in nanoseconds.
    pub(crate) fn at_most(what: &'static str, ns: u64, most: u64) -> Figure {
        Figure {
            what,
            measured: micros(ns),
            threshold: format!("<= {}", micros(most)),
            holds: ns <= most,
        }
    }

    /// A share that may not be less than a limit.
    pub(crate) fn at_least(what: &'static str, share: f64, least: f64) -> Figure {
        Figure {
            what,
            measured: format!("{:.4} %", share * 100.0),
            threshold: format!(">= {:.4} %", least * 100.0),
            holds: share >= least,
        }
    }

    /// A number that must be this one.
    pub(crate) fn equal<T: Display + PartialEq>(what: &'static str, is: T, must: T) -> Figure {
        Figure {
            what,
            measured: is.to_string(),
            threshold: format!("= {must}"),
            holds: is == must,
        }
    }
}

/// Repeats the run until the machine was quiet, then wants all figures to hold.
///
/// A noisy run that misses a figure proves nothing; a quiet one decides. On a machine that is never quiet, a noisy run
/// in which all of them hold shows the same, and is harder. How often it had to be repeated is told.
pub(crate) fn judge(
    criterion: &str,
    mut run: impl FnMut() -> Watched,
    figures: impl Fn(&Watched) -> Vec<Figure>,
) {
    let mut noise = Vec::new();
    let mut in_noise = None;
    for retries in 0..TRIES {
        let watched = run();
        let mut figures = figures(&watched);
        let tries = |what| Figure {
            what,
            measured: retries.to_string(),
            threshold: format!("< {TRIES}"),
            holds: true,
        };
        let Err(why) = watched.is_quiet() else {
            figures.push(tries("retries"));
            return judge_at_once(criterion, &figures);
        };
        noise.push(why);
        if figures.iter().all(|figure| figure.holds) {
            figures.push(tries("never quiet: held in the noise of try"));
            in_noise = Some(figures);
        }
    }
    match in_noise {
        Some(figures) => judge_at_once(criterion, &figures),
        None => panic!(
            "{criterion}: not once quiet in {TRIES} tries, and no noisy one held it: {noise:#?}"
        ),
    }
}

/// Prints figures, and wants all of them to hold.
pub(crate) fn judge_at_once(criterion: &str, figures: &[Figure]) {
    // The line that libtest has begun ends here.
    println!();
    for figure in figures {
        println!(
            "truth | {criterion} | {} | {} | {}",
            figure.what, figure.measured, figure.threshold
        );
    }
    let missed = figures.iter().filter(|figure| !figure.holds);
    let missed: Vec<String> = missed
        .map(|f| format!("{}: {} ({})", f.what, f.measured, f.threshold))
        .collect();
    assert!(missed.is_empty(), "{criterion}: {missed:#?}");
}

fn micros(ns: u64) -> String {
    format!("{:.2} us", ns as f64 / 1_000.0)
}
