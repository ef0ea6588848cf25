//! The same check at several places on the way of a stream, the origin first.
//!
//! One hop after the other, because a server may have one worker. At the end one stream of each at once, where two at
//! once are welcome in any case, so that the same events can be compared. It must not know what is made of it.

use super::{Outcome, Progress, outline, patience, prober, questions};
use crate::check::questions::Questions;
use crate::plan::CheckPlan;
use run_record::time::Nanos;
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use verdict::observations::Probe;

/// How long the hops are watched side by side: a few events say what a hop adds to each.
const BESIDE: Nanos = Nanos::from_secs(3);

/// A place on the way, and the check to be made there.
#[derive(Clone, Debug)]
pub struct Hop {
    /// What the user calls it.
    pub name: String,
    /// The check.
    pub plan: CheckPlan,
}

/// What a comparison has found.
#[derive(Clone, Debug)]
pub struct HopsOutcome {
    /// What each hop showed by itself, the origin first; fewer than hops if it was stopped or refused.
    pub hops: Vec<Outcome>,
    /// One stream of each hop, watched at the same time; empty where that was not welcome.
    pub beside: Vec<Probe>,
}

impl HopsOutcome {
    /// Whether it was stopped before its time.
    pub fn is_interrupted(&self) -> bool {
        self.hops.iter().any(|hop| hop.interrupted)
    }
}

/// Checks each hop, as [`super::run`] checks one; whoever is refused at one of them asks no other.
///
/// `watch` is told which hop is looked at, by its index.
///
/// Errors: as those of [`super::run`].
pub fn compare(
    hops: &[Hop],
    waits: bool,
    interrupt: &AtomicBool,
    watch: &mut dyn FnMut(usize, &Progress),
) -> io::Result<HopsOutcome> {
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(hops.len());
    for (index, hop) in hops.iter().enumerate() {
        let outcome = super::run(&hop.plan, waits, interrupt, &mut |progress| {
            watch(index, progress);
        })?;
        let is_refused = outcome.observations.probes.iter().any(patience::is_refusal);
        let is_over = outcome.interrupted || is_refused;
        outcomes.push(outcome);
        if is_over {
            break;
        }
    }
    let is_welcome = outcomes.len() == hops.len() && are_welcome_beside(hops, &outcomes);
    let beside = if is_welcome && !interrupt.load(Ordering::Relaxed) {
        side_by_side(hops, interrupt)?
    } else {
        Vec::new()
    };
    Ok(HopsOutcome {
        hops: outcomes,
        beside,
    })
}

/// Behind the hops stands one server: of target-server on this machine two streams at once are no burden, of any
/// other it is for the user to allow.
fn are_welcome_beside(hops: &[Hop], outcomes: &[Outcome]) -> bool {
    let is_of_target_server = |outcome: &Outcome| {
        let mut probes = outcome.observations.probes.iter();
        probes.any(questions::is_of_target_server)
    };
    let is_asked_for = outline::may_stand_beside(hops);
    let allows = |hop: &Hop| hop.plan.streams.is_some();
    is_asked_for && (hops.iter().all(allows) || outcomes.iter().all(is_of_target_server))
}

/// One stream of each hop at the same time, each watched by a thread of its own.
fn side_by_side(hops: &[Hop], interrupt: &AtomicBool) -> io::Result<Vec<Probe>> {
    thread::scope(|scope| {
        let watched: Vec<_> = hops
            .iter()
            .map(|hop| scope.spawn(|| one_beside(&hop.plan, interrupt)))
            .collect();
        watched
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|fault| resume_unwind(fault)))
            .collect()
    })
}

fn one_beside(plan: &CheckPlan, interrupt: &AtomicBool) -> io::Result<Probe> {
    let mut prober = prober(plan)?;
    let questions = Questions::new(plan);
    let number = prober.start(questions.order(&questions.first(), 0));
    let began = prober.now().wall;
    let limit = BESIDE.min(Nanos::from(plan.watch));
    while prober.now().wall - began < limit && !interrupt.load(Ordering::Relaxed) {
        prober.turn()?;
        if prober.witness(number).is_over() {
            break;
        }
    }
    prober.stop(number);
    Ok(prober.witness(number).probe().clone())
}
