//! One run from several processes of this program, because each may have so many descriptors only.
//!
//! The parent starts copies of itself and tells each which connections are its own and when they are due; a copy runs the
//! engine, and once a second hands over what it has measured since. Everything merges, so their sum is what one process
//! would have measured, and one that is killed loses what it measured since its last snapshot. The parent measures nothing.
//! It must not know the command line, and prints nothing.

mod copy;
mod link;
mod message;
mod sum;

use crate::child::Child;
use crate::clock;
use crate::engine::{Outcome, Progress};
use crate::plan::{Part, Plan};
use anyhow::{Context, Result};
use link::Link;
use message::Orders;
use run_record::offset::ClockRecord;
use run_record::self_check::SelfCheck;
use run_record::time::{Mono, Nanos, Wall};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;
use sum::Sum;

pub use copy::{Copied, Duty};

/// The check that says how many copies did not see the end.
pub const LOST: &str = "processes_lost";
/// How soon an interrupt is noticed.
const TICK: Duration = Duration::from_millis(100);
/// Time between the orders and the first connection: for orders to arrive and workers to start.
const LEAD: Nanos = Nanos::from_millis(250);
/// How much later than planned a copy may end: it closes its streams and writes what is left.
const GRACE: Nanos = Nanos::from_secs(15);
/// Snapshots that wait to be added: a copy that has more to say waits, and its workers do not.
const WAITING: usize = 2;

/// What the copies have yielded together.
#[derive(Debug)]
pub struct Together {
    /// What one process would have yielded.
    pub outcome: Outcome,
    /// The checks of each, and whether all of them saw the end.
    pub checks: SelfCheck,
    /// How the server's clock stood, where somebody asked.
    pub clock: Option<ClockRecord>,
    /// The copies that did not see the end.
    pub lost: Vec<Lost>,
}

/// A copy that ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which one.
    pub part: Part,
    /// What became of it: `killed by signal 9`.
    pub how: String,
    /// Whether somebody else ended it, and not a fault of its own.
    pub killed: bool,
    /// After this time of the run.
    pub after: Nanos,
    /// Subscribers that it held.
    pub subscribers: u64,
}

/// Runs the plan in `plan.load.processes` copies, each started by `command`, which is given its socket.
///
/// `watch` is called about once a second; `lost` for each copy that ends before its time, at once.
/// Errors: a copy cannot be started, or says why it cannot run.
pub fn run(
    plan: &Plan,
    command: &dyn Fn(&Path) -> Result<Command>,
    interrupt: &AtomicBool,
    mut watch: impl FnMut(&mut Progress<'_>),
    mut lost: impl FnMut(&Lost),
) -> Result<Together> {
    let directory = tempfile::tempdir().context("no temporary directory for the processes")?;
    let mut copies = start(plan, command, directory.path())?;
    let start_at = give_orders(plan, &mut copies)?;
    let (into, messages) = sync_channel(WAITING * copies.len());
    for (number, copy) in copies.iter_mut().enumerate() {
        copy.link.listen(number, into.clone())?;
    }
    drop(into);
    let mut fleet = Fleet {
        sum: Sum::new(plan, start_at, copies.len()),
        copies,
        ends_by: None,
    };
    fleet.attend(plan, &messages, interrupt, &mut watch, &mut lost);
    Ok(fleet.sum.end())
}

/// A process that was started, and the way to it.
struct Copy {
    process: Child,
    link: Link,
}

/// The copies at work.
struct Fleet {
    copies: Vec<Copy>,
    sum: Sum,
    /// When those that are left are given up; nothing while the run goes on.
    ends_by: Option<Mono>,
}

impl Fleet {
    /// Adds up what they say until nobody is left.
    fn attend(
        &mut self,
        plan: &Plan,
        messages: &Receiver<link::Said>,
        interrupt: &AtomicBool,
        watch: &mut dyn FnMut(&mut Progress<'_>),
        lost: &mut dyn FnMut(&Lost),
    ) {
        let length = Nanos::from(plan.load.ramp) + Nanos::from(plan.load.hold);
        let start = self.sum.start();
        let planned_end = start + length + GRACE;
        let mut next_watch = start + Nanos::from_secs(1);
        loop {
            match messages.recv_timeout(TICK) {
                Ok(said) => self.take(said, lost),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = clock::mono();
            if (interrupt.load(Ordering::Relaxed) || self.sum.stops()) && self.ends_by.is_none() {
                self.ends_by = Some(now + GRACE);
                self.copies.iter_mut().for_each(|copy| copy.link.stop());
            }
            if now >= self.ends_by.unwrap_or(planned_end) {
                // It hangs: the end of its connection shows as that of any other that is lost.
                self.copies.iter_mut().for_each(|copy| copy.process.stop());
            }
            if now >= next_watch {
                next_watch = next_watch + Nanos::from_secs(1);
                watch(&mut self.sum.progress(now, length));
            }
        }
    }

    fn take(&mut self, (number, message): link::Said, lost: &mut dyn FnMut(&Lost)) {
        match message {
            Some(message) => self.sum.take(number, message),
            None if self.sum.is_waiting_for(number) => {
                let (how, killed) = self.copies[number].fate();
                lost(self.sum.lose(number, how, killed, clock::now()));
            }
            None => {}
        }
    }
}

impl Copy {
    /// How the process has ended, in words, and whether somebody else ended it.
    fn fate(&mut self) -> (String, bool) {
        // Its end of the socket is closed: it is as good as gone.
        let mut waited = Duration::ZERO;
        while self.process.exited().is_none() && waited < Duration::from_secs(1) {
            std::thread::sleep(TICK / 10);
            waited += TICK / 10;
        }
        let status = self.process.exited();
        let signal = status.and_then(|status| status.signal());
        let last_words = self.process.last_lines(1).join(" ");
        match (signal, status.and_then(|status| status.code())) {
            (Some(signal), _) => (format!("killed by signal {signal}"), true),
            (None, Some(code)) => (format!("exit code {code}: {last_words}"), false),
            (None, None) => (format!("it closed its connection: {last_words}"), false),
        }
    }
}

/// Starts all copies and waits until each has read what it was asked.
fn start(
    plan: &Plan,
    command: &dyn Fn(&Path) -> Result<Command>,
    directory: &Path,
) -> Result<Vec<Copy>> {
    let mut started = Vec::new();
    for number in 0..plan.load.processes {
        let socket = directory.join(number.to_string());
        let door = link::Door::open(&socket)?;
        let log = tempfile::tempfile_in(directory).context("no log for a process")?;
        let process =
            Child::start(command(&socket)?, log).context("this program cannot be started again")?;
        started.push((door, process));
    }
    let joined = started.into_iter().map(|(door, mut process)| {
        let link = door.admit(&mut process)?;
        Ok(Copy { process, link })
    });
    joined.collect()
}

/// Tells each copy what is its own; when the first connection is due.
fn give_orders(plan: &Plan, copies: &mut [Copy]) -> Result<Wall> {
    for copy in copies.iter_mut() {
        copy.link.ready()?;
    }
    let start_at = plan.load.start_at.unwrap_or_else(|| clock::wall() + LEAD);
    let of = copies.len() as u32;
    for (number, copy) in (0..).zip(copies) {
        let part = Part { number, of };
        copy.link.send(&Orders::of(plan, part, start_at))?;
    }
    Ok(start_at)
}
