//! What the copies have said, added up to what one process would have measured.
//! It must not know how it came here.

use super::message::{Ending, Message, Snapshot};
use super::{LOST, Lost, Together};
use crate::clock::Now;
use crate::engine::{EndOfRun, Gauges, Outcome, Progress};
use crate::plan::{Part, Plan};
use crate::session::recorder::{Rows, Tap};
use run_record::measured::{Measured, UNNAMED_GROUP};
use run_record::offset::ClockRecord;
use run_record::self_check::{Check, CheckStatus, SelfCheck};
use run_record::time::{Mono, Nanos, Wall};

/// The sum so far.
pub(super) struct Sum {
    measured: Measured,
    copies: Vec<Standing>,
    started: Wall,
    start: Mono,
    ended: Wall,
    ends: Vec<EndOfRun>,
    workers_cpu: Nanos,
    clock_step: Nanos,
    checks: SelfCheck,
    clock: Option<ClockRecord>,
    lost: Vec<Lost>,
    /// None: a run of several processes keeps no events one by one.
    rows: Vec<Rows>,
}

/// How one copy stands.
#[derive(Clone, Copy, Default)]
struct Standing {
    gauges: Gauges,
    subscribers: u64,
    cpu: Nanos,
    descriptors: (u64, u64),
    is_over: bool,
}

impl Sum {
    /// Nothing yet of so many copies of a run whose first connection is due at `started`.
    pub(super) fn new(plan: &Plan, started: Wall, copies: usize) -> Sum {
        let mut measured = Measured::default();
        measured.group_mut(UNNAMED_GROUP);
        let now = crate::clock::now();
        let of = copies as u32;
        let standing = (0..of).map(|number| {
            let share = plan.load.share.of_process(Part { number, of });
            Standing {
                subscribers: share.count(plan.load.connections).into(),
                ..Standing::default()
            }
        });
        Sum {
            measured,
            copies: standing.collect(),
            started,
            start: now.mono + (started - now.wall) - (now.wall - started),
            ended: started,
            ends: Vec::new(),
            workers_cpu: Nanos::ZERO,
            clock_step: Nanos::ZERO,
            checks: SelfCheck::default(),
            clock: None,
            lost: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// When the first connection is due.
    pub(super) fn start(&self) -> Mono {
        self.start
    }

    /// Adds what a copy has said.
    pub(super) fn take(&mut self, number: usize, message: Message) {
        match message {
            Message::Ready => {}
            Message::Snapshot(snapshot) => self.add(number, &snapshot),
            Message::End(ending) => self.add_ending(number, *ending),
        }
    }

    /// Whether the run is over before its time because of what a copy has met.
    pub(super) fn stops(&self) -> bool {
        self.ends.contains(&EndOfRun::CircuitBreaker)
    }

    /// Whether a copy has neither said its last word nor been lost.
    pub(super) fn is_waiting_for(&self, number: usize) -> bool {
        !self.copies[number].is_over
    }

    /// A copy has gone without its last word: its streams are closed with it.
    pub(super) fn lose(&mut self, number: usize, how: String, killed: bool, now: Now) -> &Lost {
        let of = self.copies.len() as u32;
        let copy = &mut self.copies[number];
        copy.is_over = true;
        let Gauges {
            open, streaming, ..
        } = std::mem::take(&mut copy.gauges);
        let streams = open + streaming;
        self.measured.timeline.slice_mut(now.wall).closed += streams;
        let counters = &mut self.measured.group_mut(UNNAMED_GROUP).counters;
        counters.connections.closed_by_us += streams;
        counters.ends.stopped += streams;
        self.ended = self.ended.max(now.wall);
        let part = Part {
            number: number as u32,
            of,
        };
        self.lost.push(Lost {
            part,
            how,
            killed,
            after: now.mono - self.start,
            subscribers: copy.subscribers,
        });
        &self.lost[self.lost.len() - 1]
    }

    fn add(&mut self, number: usize, snapshot: &Snapshot) {
        self.measured.merge(&snapshot.measured);
        let copy = &mut self.copies[number];
        copy.gauges = snapshot.gauges;
        copy.cpu = snapshot.cpu;
        copy.descriptors = snapshot.descriptors;
    }

    fn add_ending(&mut self, number: usize, ending: Ending) {
        self.add(number, &ending.last);
        self.copies[number].is_over = true;
        self.ended = self.ended.max(ending.ended);
        self.ends.push(ending.end);
        self.workers_cpu = self.workers_cpu + ending.workers_cpu;
        self.clock_step = self.clock_step.max(ending.clock_step);
        self.checks.merge(&ending.checks);
        match (&mut self.clock, ending.clock) {
            (Some(known), Some(clock)) => known.merge(&clock),
            (None, clock) => self.clock = clock,
            (Some(_), None) => {}
        }
    }

    /// How it goes.
    pub(super) fn progress(&mut self, now: Mono, length: Nanos) -> Progress<'_> {
        let gauges = self.gauges();
        let mut cpu = Nanos(crate::clock::process_cpu_ns());
        let mut descriptors = (0, 0);
        for copy in &self.copies {
            cpu = cpu + copy.cpu;
            descriptors.0 += copy.descriptors.0;
            descriptors.1 += copy.descriptors.1;
        }
        Progress {
            elapsed: now - self.start,
            length,
            measured: &mut self.measured,
            rows: &mut self.rows,
            gauges,
            cpu,
            descriptors,
        }
    }

    fn gauges(&self) -> Gauges {
        let mut sum = Gauges::default();
        self.copies.iter().for_each(|copy| sum.add(&copy.gauges));
        sum
    }

    /// All of it.
    pub(super) fn end(mut self) -> Together {
        if self.copies.len() > 1 {
            let lost = Check::at_most(self.lost.len() as f64, 0.0, "", CheckStatus::Invalid);
            self.checks.observe(LOST, lost);
        }
        let gauges = self.gauges();
        let outcome = Outcome {
            measured: self.measured,
            started: self.started,
            ended: self.ended,
            end: end(&self.ends),
            workers_cpu: self.workers_cpu,
            clock_step: self.clock_step,
            gauges,
            tapped: Tap::default(),
            rows: self.rows,
        };
        Together {
            outcome,
            checks: self.checks,
            clock: self.clock,
            lost: self.lost,
        }
    }
}

/// The end of the whole: the gravest of them, and that nobody is left only if that holds for all.
fn end(ends: &[EndOfRun]) -> EndOfRun {
    let any = |end| ends.contains(&end);
    if any(EndOfRun::CircuitBreaker) {
        EndOfRun::CircuitBreaker
    } else if any(EndOfRun::Interrupted) {
        EndOfRun::Interrupted
    } else if any(EndOfRun::Time) || ends.is_empty() {
        EndOfRun::Time
    } else {
        EndOfRun::NobodyLeft
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_end_is_that_of_the_run() {
        use EndOfRun::{CircuitBreaker, Interrupted, NobodyLeft, Time};
        assert_eq!(end(&[NobodyLeft, NobodyLeft]), NobodyLeft);
        assert_eq!(end(&[NobodyLeft, Time]), Time);
        assert_eq!(end(&[Time, Interrupted]), Interrupted);
        assert_eq!(end(&[Interrupted, CircuitBreaker, Time]), CircuitBreaker);
        assert_eq!(end(&[]), Time);
    }
}
