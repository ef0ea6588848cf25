//! One number of subscribers, held by the engine of `run` until it is known whether they are carried.
//! It must not judge that.

use crate::capacity::watch;
use crate::engine::{self, Instrument, Outcome, Progress};
use crate::plan::{CapacityPlan, Load, Plan};
use crate::processes;
use crate::self_check;
use crate::usage::Usage;
use anyhow::{Context, Result};
use run_record::self_check::SelfCheck;
use run_record::time::Nanos;
use run_record::watched::Watched;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// By so much the states that are looked at may be old.
const LOOK: Duration = Duration::from_millis(2_500);

/// What was held, and what came of it.
pub(super) struct Held {
    pub(super) subscribers: u32,
    pub(super) outcome: Outcome,
    pub(super) checks: SelfCheck,
    /// The server's process at the end, its processor time that of the step.
    pub(super) server: Option<Watched>,
    pub(super) was_interrupted: bool,
}

/// Holds so many subscribers: for `asked.hold` once all of them have had an event, or until one has failed, has lost its
/// stream, or has waited for longer than `asked.first_event`. More than one process can hold are held by several, each
/// started by `command`.
///
/// Errors: the machine refuses threads, processes or descriptors.
pub(super) fn hold(
    plan: &Plan,
    asked: &CapacityPlan,
    subscribers: u32,
    command: &dyn Fn(&Path) -> Result<Command>,
    interrupt: &AtomicBool,
) -> Result<Held> {
    let plan = plan_of(plan, asked, subscribers);
    let deadline = Nanos::from(plan.load.ramp) + Nanos::from(asked.first_event);
    let stop = AtomicBool::new(false);
    let mut all_since = None;
    let mut server = Server::at(watch(asked));
    let mut look = |progress: &mut Progress<'_>| {
        server.look(watch(asked), progress);
        let group = progress.measured.groups.values();
        let broken = group
            .map(|group| &group.counters.connections)
            .map(|connections| connections.failed + connections.closed_by_server)
            .sum::<u64>();
        if progress.gauges.streaming == u64::from(subscribers) {
            all_since.get_or_insert(progress.elapsed);
        }
        let is_known = match all_since {
            Some(since) => progress.elapsed >= since + Nanos::from(asked.hold),
            None => progress.elapsed >= deadline + Nanos::from(LOOK),
        };
        if broken > 0 || is_known || interrupt.load(Ordering::Relaxed) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let (outcome, checks) = if plan.load.processes > 1 {
        // One that is lost fails the checks.
        let together = processes::run(&plan, command, &stop, &mut look, |_| ())?;
        (together.outcome, together.checks)
    } else {
        let outcome = engine::run(plan.clone(), Instrument::default(), &stop, &mut look)
            .context("the engine could not run")?;
        let checks = self_check::check(&outcome, &plan);
        (outcome, checks)
    };
    Ok(Held {
        subscribers,
        checks,
        server: server.used(),
        was_interrupted: interrupt.load(Ordering::Relaxed),
        outcome,
    })
}

fn plan_of(plan: &Plan, asked: &CapacityPlan, subscribers: u32) -> Plan {
    let longest = asked.first_event + asked.hold + 2 * LOOK;
    let part = u64::from(subscribers) * u64::from(plan.load.processes);
    let processes = part.div_ceil(u64::from(plan.load.connections).max(1));
    let mut plan = Plan {
        load: Load {
            connections: subscribers,
            processes: u32::try_from(processes).unwrap_or(plan.load.processes),
            ramp: asked.ramp_of(subscribers),
            hold: longest,
            workers: plan.load.workers.min(subscribers as usize),
            ..plan.load.clone()
        },
        ..plan.clone()
    };
    as_a_step(&mut plan);
    plan
}

/// What every step has in common, in whichever process: the first subscriber that fails ends it, and none is repaired.
pub fn as_a_step(plan: &mut Plan) {
    plan.subscriber.reconnect = false;
    plan.trace.streams = 0;
    plan.keep_going = true;
}

/// The server's process during a step.
struct Server {
    begin: Option<Usage>,
    before: Option<Usage>,
    now: Option<Usage>,
}

impl Server {
    fn at(usage: Option<Usage>) -> Server {
        Server {
            begin: usage,
            before: usage,
            now: usage,
        }
    }

    /// Puts what it uses into the timeline.
    fn look(&mut self, usage: Option<Usage>, progress: &mut Progress<'_>) {
        let (Some(before), Some(now)) = (self.before, usage) else {
            return;
        };
        let at = crate::clock::wall();
        progress.measured.timeline.watched(at, since(before, now));
        (self.before, self.now) = (usage, usage);
    }

    fn used(&self) -> Option<Watched> {
        Some(since(self.begin?, self.now?))
    }
}

fn since(before: Usage, now: Usage) -> Watched {
    Watched {
        memory_bytes: now.memory_bytes,
        cpu_us: now.cpu - before.cpu,
        descriptors: now.descriptors,
    }
}
