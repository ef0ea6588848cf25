//! One number of subscribers, held by the engine of `run` until it is known whether they are carried.
//! It must not judge that.

use crate::capacity::watch;
use crate::engine::{self, Instrument, Outcome, Progress};
use crate::plan::{CapacityPlan, Load, Plan, SubscriberPolicy, TracePlan};
use crate::self_check;
use crate::usage::Usage;
use run_record::self_check::SelfCheck;
use run_record::time::Nanos;
use run_record::watched::Watched;
use std::io;
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
/// stream, or has waited for longer than `asked.first_event`.
pub(super) fn hold(
    plan: &Plan,
    asked: &CapacityPlan,
    subscribers: u32,
    interrupt: &AtomicBool,
) -> io::Result<Held> {
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
    let outcome = engine::run(plan.clone(), Instrument::default(), &stop, &mut look)?;
    Ok(Held {
        subscribers,
        checks: self_check::check(&outcome, &plan),
        server: server.used(),
        was_interrupted: interrupt.load(Ordering::Relaxed),
        outcome,
    })
}

fn plan_of(plan: &Plan, asked: &CapacityPlan, subscribers: u32) -> Plan {
    let longest = asked.first_event + asked.hold + 2 * LOOK;
    Plan {
        load: Load {
            connections: subscribers,
            ramp: asked.ramp_of(subscribers),
            hold: longest,
            workers: plan.load.workers.min(subscribers as usize),
            ..plan.load.clone()
        },
        subscriber: SubscriberPolicy {
            reconnect: false,
            ..plan.subscriber.clone()
        },
        trace: TracePlan {
            streams: 0,
            ..plan.trace
        },
        // The first that fails ends the step.
        keep_going: true,
        ..plan.clone()
    }
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
