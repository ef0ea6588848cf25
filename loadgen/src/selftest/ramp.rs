//! What the machine can hold: more and more subscribers, held by the engine of `run`, until something is too late.

use super::Address;
use super::judge::{self, Held};
use super::target::{Script, Target};
use crate::engine::{self, EndOfRun, Instrument};
use crate::plan::{
    Format, Load as Shape, Output, Plan, SequenceSource, ServerClock, Share, StampSource,
    SubscriberPolicy, TracePlan,
};
use crate::schedule::Arrivals;
use crate::self_check;
use run_record::metric::Metric;
use run_record::selftest::{Load, Step, Stop, Tally};
use run_record::time::Nanos;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

/// What is tried, in this order.
const LADDER: [Rung; 5] = [
    Rung::new(100, 100),
    Rung::new(500, 100),
    Rung::new(1_000, 50),
    Rung::new(2_000, 50),
    Rung::new(4_000, 50),
];
/// Time over which the connections of a rung are opened.
const OPENED_WITHIN: Duration = Duration::from_millis(200);
/// Length of each stream.
const STREAM: Duration = Duration::from_millis(800);
/// By then a machine that keeps pace is long done.
const LIMIT: Duration = Duration::from_millis(2_500);
/// Descriptors beside those of the connections: standard streams, polls, the stamping socket, the listener.
const OTHER_DESCRIPTORS: u64 = 128;

/// One step of the ramp.
#[derive(Clone, Copy, Debug)]
struct Rung {
    connections: u32,
    interval: Duration,
}

/// How far it went.
#[derive(Debug)]
pub(super) struct Climb {
    pub(super) load: Load,
    /// How far the wall clock stepped meanwhile.
    pub(super) clock_step: Nanos,
}

/// Goes up to `most` connections, `descriptors` and the limits of the engine's self-check, whichever comes first;
/// `watch` is told how many connections are next.
///
/// Errors: this machine refuses a thread or a descriptor.
pub(super) fn measure(
    most: u32,
    descriptors: Option<u64>,
    interrupt: &AtomicBool,
    watch: &mut dyn FnMut(u32),
) -> io::Result<Climb> {
    let mut steps = Vec::new();
    let mut clock_step = Nanos::ZERO;
    let mut stop = Stop::Top;
    for rung in LADDER.iter().filter(|rung| rung.connections <= most) {
        if descriptors.is_some_and(|limit| limit < rung.descriptors()) {
            stop = Stop::Descriptors;
            break;
        }
        watch(rung.connections);
        let (step, moved, beyond) = rung.hold(interrupt)?;
        // Streams that were cut off in the middle say nothing.
        if interrupt.load(Ordering::Relaxed) {
            stop = Stop::Interrupted;
            break;
        }
        steps.push(step);
        clock_step = clock_step.max(moved);
        if let Some(beyond) = beyond {
            stop = beyond;
            break;
        }
    }
    Ok(Climb {
        load: Load { steps, stop },
        clock_step,
    })
}

impl Rung {
    const fn new(connections: u32, interval_ms: u64) -> Rung {
        Rung {
            connections,
            interval: Duration::from_millis(interval_ms),
        }
    }

    /// Each connection has two ends in this process.
    fn descriptors(self) -> u64 {
        u64::from(self.connections) * 2 + OTHER_DESCRIPTORS
    }

    fn script(self) -> Script {
        let events = STREAM.as_millis() / self.interval.as_millis().max(1);
        Script {
            interval: self.interval,
            events: u32::try_from(events).unwrap_or(u32::MAX).max(1),
        }
    }

    /// Holds it once: what was measured, the movement of the clocks, and the limit it went beyond.
    fn hold(self, interrupt: &AtomicBool) -> io::Result<(Step, Nanos, Option<Stop>)> {
        let script = self.script();
        let target = Target::start(script)?;
        let plan = self.plan(Address::of(target.address()));
        let outcome = engine::run(plan.clone(), Instrument::default(), interrupt, |_| {})?;
        let log = target.stop()?;
        let checks = self_check::check(&outcome, &plan);
        let total = outcome.measured.total();
        let events = Tally {
            sent: log.sent,
            received: total.counters.events.received,
            duplicated: total.counters.events.duplicated,
        };
        let beyond = judge::beyond(&Held {
            checks: &checks,
            expected: u64::from(self.connections) * u64::from(script.events),
            sent: log.sent,
            all_ended: outcome.end == EndOfRun::NobodyLeft,
            behind: log.behind,
            interval: script.interval.into(),
        });
        let ran = (outcome.ended - outcome.started).as_secs_f64();
        let lag = total.histograms.get(Metric::GeneratorLag);
        let step = Step {
            connections: self.connections,
            events,
            events_per_s: (events.received as f64 / ran.max(1e-9)) as u64,
            cpu_percent: checks.get("cpu").map_or(0.0, |check| check.value),
            generator_lag_p99_us: lag.map_or(Nanos::ZERO, |lag| Nanos(lag.value_at_quantile(0.99))),
            held: beyond.is_none(),
        };
        Ok((step, outcome.clock_step, beyond))
    }

    fn plan(self, address: Address) -> Plan {
        let cores = available_parallelism().map_or(1, usize::from);
        Plan {
            url: address.url,
            target: address.target,
            request: address.request,
            users: None,
            load: Shape {
                connections: self.connections,
                share: Share::WHOLE,
                processes: 1,
                start_at: None,
                ramp: OPENED_WITHIN,
                arrivals: Arrivals::Constant,
                hold: LIMIT,
                workers: cores.min(self.connections as usize),
                sources: Vec::new(),
            },
            subscriber: SubscriberPolicy {
                reconnect: false,
                ..SubscriberPolicy::default()
            },
            stamps: StampSource::Auto,
            server_clock: ServerClock::Same,
            sequence: SequenceSource::Auto,
            due_every: None,
            format: Format::Sse,
            by: None,
            limits: Vec::new(),
            trace: TracePlan {
                streams: 0,
                events_per_stream: 0,
            },
            output: Output::default(),
            keep_going: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_descriptors_end_it_before_it_begins() {
        let idle = AtomicBool::new(false);
        let climb = measure(4_000, Some(64), &idle, &mut |_| {}).unwrap();
        assert_eq!(
            (climb.load.steps.len(), climb.load.stop),
            (0, Stop::Descriptors)
        );
    }

    #[test]
    fn an_interrupt_keeps_no_half_step() {
        let interrupted = AtomicBool::new(true);
        let climb = measure(4_000, None, &interrupted, &mut |_| {}).unwrap();
        assert_eq!(
            (climb.load.steps.len(), climb.load.stop),
            (0, Stop::Interrupted)
        );
    }

    #[test]
    fn every_event_of_the_first_step_is_counted_once() {
        let idle = AtomicBool::new(false);
        let mut tried = Vec::new();
        let climb = measure(100, None, &idle, &mut |next| tried.push(next)).unwrap();
        assert_eq!(tried, [100]);
        let [step] = climb.load.steps.as_slice() else {
            panic!("{climb:?}");
        };
        // A machine too busy to hold this much may cut streams off; what it held is counted to the last event.
        if step.held {
            assert_eq!((step.events.sent, step.events.received), (800, 800));
        }
        assert!(step.events.received <= step.events.sent, "{step:?}");
        assert_eq!(step.events.duplicated, 0);
    }
}
