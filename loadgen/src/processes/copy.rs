//! The side of a copy: it takes its orders, runs the engine, and tells its parent once a second.

use super::link::{Reader, say};
use super::message::{Ending, Message, Orders, Snapshot};
use crate::clock;
use crate::engine::{self, Gauges, Instrument, Outcome, Progress};
use crate::plan::{Draft, Endpoint, Plan};
use crate::self_check;
use crate::usage;
use anyhow::{Context, Result};
use run_record::measured::Measured;
use run_record::offset::ClockRecord;
use run_record::time::Nanos;
use std::io;
use std::net::IpAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A copy with its orders.
pub struct Duty {
    parent: UnixStream,
    reader: Reader,
    orders: Orders,
}

/// What a copy has measured, and how it ended.
pub struct Copied {
    parent: UnixStream,
    last: Snapshot,
    outcome: Outcome,
    plan: Plan,
}

impl Duty {
    /// Tells the parent at `socket` that this copy is there, and takes its orders.
    ///
    /// Errors: the parent has gone.
    pub fn take(socket: &Path) -> Result<Duty> {
        let mut parent = UnixStream::connect(socket).context("the parent is gone")?;
        let mut reader = Reader::new(parent.try_clone()?);
        say(&mut parent, &Message::Ready)?;
        let orders = reader.next()?.context("the parent is gone")?;
        Ok(Duty {
            parent,
            reader,
            orders,
        })
    }

    /// Where the connections go, and the addresses they start from: the parent has tried them.
    pub fn way(&self) -> (Vec<Endpoint>, Vec<IpAddr>) {
        (self.orders.endpoints.clone(), self.orders.sources.clone())
    }

    /// What was asked for, with what is this copy's own.
    #[must_use]
    pub fn of(&self, draft: Draft) -> Draft {
        let Orders {
            share,
            connections,
            ramp,
            hold,
            workers,
            start_at,
            request,
            users,
            ..
        } = &self.orders;
        draft.change(|plan| {
            plan.load.share = *share;
            plan.load.connections = *connections;
            plan.load.ramp = *ramp;
            plan.load.hold = *hold;
            plan.load.workers = *workers;
            plan.load.start_at = Some(*start_at);
            plan.request = request.clone();
            plan.users = users.clone().map(Arc::new);
        })
    }

    /// Runs the plan, until its end, an interrupt, or until the parent asks for its end or has gone.
    ///
    /// Errors: those of the engine.
    pub fn run(self, plan: Plan, interrupt: &Arc<AtomicBool>) -> Result<Copied> {
        let Duty {
            mut parent,
            mut reader,
            ..
        } = self;
        let stop = interrupt.clone();
        thread::Builder::new()
            .name("parent".to_owned())
            .spawn(move || {
                reader.until_the_end();
                stop.store(true, Ordering::Relaxed);
            })?;
        let mut all = Measured::default();
        let mut tell = |progress: &mut Progress<'_>| -> io::Result<()> {
            let measured = std::mem::take(progress.measured);
            all.merge(&measured);
            say(
                &mut parent,
                &Message::Snapshot(Box::new(snapshot(measured, progress.gauges))),
            )
        };
        let outcome = engine::run(plan.clone(), Instrument::default(), interrupt, |progress| {
            // A parent that has gone is noticed by the thread that listens.
            let _ = tell(progress);
        })
        .context("the engine could not run")?;
        let last = snapshot(outcome.measured.clone(), outcome.gauges);
        all.merge(&outcome.measured);
        let outcome = Outcome {
            measured: all,
            ..outcome
        };
        Ok(Copied {
            parent,
            last,
            outcome,
            plan,
        })
    }
}

impl Copied {
    /// Hands over the rest, with what it has found out about the server's clock.
    ///
    /// Errors: the parent has gone.
    pub fn report(mut self, clock: Option<ClockRecord>) -> Result<()> {
        let checks = self_check::check(&self.outcome, &self.plan);
        let Outcome {
            ended,
            end,
            workers_cpu,
            clock_step,
            ..
        } = self.outcome;
        let ending = Ending {
            last: self.last,
            ended,
            end,
            workers_cpu,
            clock_step,
            checks,
            clock,
        };
        say(&mut self.parent, &Message::End(Box::new(ending))).context("the parent is gone")
    }
}

fn snapshot(measured: Measured, gauges: Gauges) -> Snapshot {
    Snapshot {
        measured,
        gauges,
        cpu: Nanos(clock::process_cpu_ns()),
        descriptors: usage::descriptors(),
    }
}
