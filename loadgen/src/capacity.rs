//! How many subscribers a server carries: more and more of them by the engine of `run`, until it is too many.
//!
//! It must not know the command line, and prints nothing.

mod cost;
mod judge;
mod search;
mod step;

use crate::clock;
use crate::engine::Outcome;
use crate::plan::{CapacityPlan, Plan};
use crate::usage::Usage;
use anyhow::{Context, Result};
use run_record::capacity::{LimitedBy, Step};
use run_record::measured::Measured;
use run_record::metric::Metric;
use run_record::self_check::SelfCheck;
use run_record::time::{Nanos, Wall};
use search::Search;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use step::Held;
pub use step::as_a_step;

/// How long a server has at least to notice that the subscribers of a step have left.
const SHORTEST_PAUSE: Nanos = Nanos::from_millis(500);
/// And at most: one that writes less often is not waited for longer.
const LONGEST_PAUSE: Nanos = Nanos::from_secs(10);
/// A server notices at its next write, or the one after it, that a subscriber has left.
const WRITES_TO_NOTICE: u64 = 3;
/// How soon an interrupt is noticed.
const TICK: Duration = Duration::from_millis(50);

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// What was tried, in this order.
    pub steps: Vec<Step>,
    /// The most subscribers that were carried.
    pub carried: u32,
    /// The fewest that were not, twice.
    pub broke_at: Option<u32>,
    /// What did not allow more.
    pub limited_by: LimitedBy,
    /// The same in a sentence.
    pub reason: String,
    /// Memory of the server for each further subscriber, in KiB.
    pub kib_per_subscriber: Option<f64>,
    /// Processor time of the server for each event.
    pub cpu_per_event: Option<Nanos>,
    /// All steps together; the states are those of the last one.
    pub outcome: Outcome,
    /// The checks of all steps, the worst of each.
    pub checks: SelfCheck,
}

/// Looks for the most subscribers that are carried; `tell` is told of each step, and `command` starts another process where one is
/// too few for a step.
///
/// Errors: the machine refuses threads, processes or descriptors.
pub fn find(
    plan: &Plan,
    asked: &CapacityPlan,
    command: &dyn Fn(&Path) -> Result<Command>,
    interrupt: &AtomicBool,
    tell: &mut dyn FnMut(&Step),
) -> Result<Found> {
    let mut search = Search::up_to(plan.load.connections);
    let mut tried = Tried::default();
    let mut pause = Nanos::ZERO;
    while let Some(subscribers) = search.next() {
        let length = if search.repeats() {
            pause + pause
        } else {
            pause
        };
        rest(length, interrupt);
        if interrupt.load(Ordering::Relaxed) {
            break;
        }
        let held = step::hold(plan, asked, subscribers, command, interrupt)?;
        if held.was_interrupted {
            break;
        }
        pause = pause_after(&held);
        let step = judge::judge(&held, plan, asked);
        tell(&step);
        search.observe(subscribers, step.carried);
        tried.add(step, held);
    }
    tried.found(&search)
}

/// All that was tried.
#[derive(Default)]
struct Tried {
    steps: Vec<Step>,
    measured: Measured,
    checks: SelfCheck,
    started: Option<Wall>,
    last: Option<Outcome>,
}

impl Tried {
    fn add(&mut self, step: Step, held: Held) {
        self.steps.push(step);
        self.measured.merge(&held.outcome.measured);
        self.checks.merge(&held.checks);
        self.started.get_or_insert(held.outcome.started);
        self.last = Some(held.outcome);
    }

    /// What it amounts to.
    ///
    /// Errors: nothing was tried, as it was interrupted before.
    fn found(self, search: &Search) -> Result<Found> {
        let last = self.last.context("interrupted before the first step")?;
        let broken = self
            .steps
            .iter()
            .rev()
            .find(|step| Some(step.subscribers) == search.too_many());
        let (limited_by, reason) = match broken {
            Some(step) => (
                step.limited_by.unwrap_or(LimitedBy::Unknown),
                format!(
                    "{} {} not carried: {}",
                    step.subscribers,
                    if step.subscribers == 1 {
                        "subscriber was"
                    } else {
                        "subscribers were"
                    },
                    step.why.clone().unwrap_or_default()
                ),
            ),
            None if search.next().is_none() => (
                LimitedBy::Nothing,
                format!(
                    "all {} that were to be tried were carried",
                    search.carried()
                ),
            ),
            None => (
                LimitedBy::Unknown,
                "it was not searched to the end".to_owned(),
            ),
        };
        let costs = cost::costs(&self.steps);
        Ok(Found {
            carried: search.carried(),
            broke_at: search.too_many(),
            limited_by,
            reason,
            kib_per_subscriber: costs.kib_per_subscriber,
            cpu_per_event: costs.cpu_per_event,
            outcome: Outcome {
                measured: self.measured,
                started: self.started.unwrap_or(last.started),
                ..last
            },
            checks: self.checks,
            steps: self.steps,
        })
    }
}

/// What a server that writes as often as it has done needs to notice that its subscribers have left.
fn pause_after(held: &Held) -> Nanos {
    let total = held.outcome.measured.total();
    let gaps = total.histograms.get(Metric::Gap);
    let usual = gaps.map_or(0, |gaps| gaps.value_at_quantile(0.5));
    Nanos(usual.saturating_mul(WRITES_TO_NOTICE)).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

fn rest(length: Nanos, interrupt: &AtomicBool) {
    let until = clock::mono() + length;
    while clock::mono() < until && !interrupt.load(Ordering::Relaxed) {
        thread::sleep(TICK);
    }
}

/// The server's process at an instant; nothing once it has ended.
fn watch(asked: &CapacityPlan) -> Option<Usage> {
    asked.watch_pid.and_then(Usage::of_tree)
}
