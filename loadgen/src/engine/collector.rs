//! Puts together what the workers hand over, watches the clocks, and tells whoever watches how it goes.
//!
//! It runs beside the workers and can not slow them: they never wait for it.

use super::{Batch, EndOfRun, Outcome, Shared, hiccups};
use crate::clock;
use crate::session::recorder::{Recorder, Rows, Tap};
use crate::usage;
use mio::Waker;
use run_record::hiccups::Hiccup;
use run_record::measured::{Measured, UNNAMED_GROUP};
use run_record::time::{Mono, Nanos};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

/// How soon an interrupt is noticed.
const TICK: Duration = Duration::from_millis(100);

const SECOND: Nanos = Nanos::from_secs(1);
/// By so much after the second all workers have handed over what they have: they sleep no longer than this.
const HANDED_OVER: Nanos = Nanos::from_millis(150);

/// How many subscribers are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gauges {
    /// Subscribers of the run.
    pub subscribers: u64,
    /// Connecting, or sending their request.
    pub opening: u64,
    /// The request is out; no event yet on this stream.
    pub open: u64,
    /// Events flow.
    pub streaming: u64,
    /// Waiting to reconnect.
    pub waiting: u64,
    /// Closed for good.
    pub over: u64,
}

impl Gauges {
    /// Adds those of another worker or process.
    pub fn add(&mut self, other: &Gauges) {
        self.subscribers += other.subscribers;
        self.opening += other.opening;
        self.open += other.open;
        self.streaming += other.streaming;
        self.waiting += other.waiting;
        self.over += other.over;
    }
}

/// What is known while the run goes on.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Time since the first connection was due.
    pub elapsed: Nanos,
    /// How long the run is to be.
    pub length: Nanos,
    /// Everything measured so far. Who takes it away gets the rest at the end.
    pub measured: &'a mut Measured,
    /// Every event since the last look, where the plan asks for a file of them; to be taken away.
    pub rows: &'a mut Vec<Rows>,
    /// The states of the subscribers, a second old at most.
    pub gauges: Gauges,
    /// Processor time of the generator so far, all its processes together.
    pub cpu: Nanos,
    /// Its descriptors in use, and how many it may use.
    pub descriptors: (u64, u64),
}

/// The collector's end of what joins it to a worker.
pub(super) struct Link {
    pub(super) waker: Waker,
    pub(super) spares: SyncSender<Recorder>,
}

/// Where the collector has everything from.
pub(super) struct Sources<'a> {
    pub(super) batches: Receiver<Batch>,
    pub(super) links: &'a [Link],
    pub(super) hiccups: hiccups::Watch,
}

pub(super) fn collect(
    shared: &Shared,
    sources: Sources<'_>,
    interrupt: &AtomicBool,
    mut watch: impl FnMut(&mut Progress<'_>),
) -> Outcome {
    let began = clock::together();
    let Sources {
        batches,
        links,
        hiccups,
    } = sources;
    let mut collector = Collector::new(links.len());
    for link in links {
        // The channel is empty and the worker alive.
        let _ = link.spares.try_send(shared.recorder());
    }
    let mut next_watch = first_look(began, shared.start);
    let mut interrupted = false;
    loop {
        match batches.recv_timeout(TICK) {
            Ok(batch) => collector.take(batch, links),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let now = clock::together();
        collector.watch_clocks(began, now);
        collector.charge(hiccups.found());
        if interrupt.load(Ordering::Relaxed) && !interrupted {
            interrupted = true;
            shared.stop.store(true, Ordering::Relaxed);
            for link in links {
                // A worker that is gone needs no waking.
                let _ = link.waker.wake();
            }
        }
        if now.mono >= next_watch {
            next_watch = next_watch + Nanos::from_secs(1);
            watch(&mut collector.progress(shared, now.mono));
        }
    }
    let ended = clock::now();
    collector.charge(hiccups.end());
    let end = match (shared.tripped.load(Ordering::Relaxed), interrupted) {
        (true, _) => EndOfRun::CircuitBreaker,
        (false, true) => EndOfRun::Interrupted,
        (false, false) if ended.mono < shared.end => EndOfRun::NobodyLeft,
        (false, false) => EndOfRun::Time,
    };
    let gauges = collector.gauges();
    let started = began.wall - (began.mono - shared.start);
    Outcome {
        measured: collector.measured,
        started: shared.plan.load.start_at.unwrap_or(started),
        ended: ended.wall,
        end,
        workers_cpu: collector.workers_cpu,
        clock_step: collector.clock_step,
        gauges,
        tapped: collector.tapped,
        rows: collector.rows,
    }
}

/// When whoever watches is told for the first time: once a second shortly after the workers hand over theirs, so that
/// what is told is not a second old.
fn first_look(began: clock::Now, start: Mono) -> Mono {
    let into_second = Nanos(began.wall.0 % SECOND.0);
    let mut look = began.mono + (SECOND - into_second) + HANDED_OVER;
    while look < start + SECOND {
        look = look + SECOND;
    }
    look
}

struct Collector {
    measured: Measured,
    gauges: Vec<Gauges>,
    workers_cpu: Nanos,
    clock_step: Nanos,
    tapped: Tap,
    rows: Vec<Rows>,
}

impl Collector {
    fn new(workers: usize) -> Collector {
        let mut measured = Measured::default();
        measured.group_mut(UNNAMED_GROUP);
        Collector {
            measured,
            gauges: vec![Gauges::default(); workers],
            workers_cpu: Nanos::ZERO,
            clock_step: Nanos::ZERO,
            tapped: Tap::default(),
            rows: Vec::new(),
        }
    }

    /// Adds a batch, and gives its recorder back empty.
    fn take(&mut self, mut batch: Batch, links: &[Link]) {
        batch.recorder.drain_into(&mut self.measured);
        self.rows.extend(batch.recorder.take_rows());
        self.gauges[batch.worker] = batch.gauges;
        match batch.cpu {
            Some(cpu) => {
                self.workers_cpu = self.workers_cpu + cpu;
                self.tapped.append(batch.recorder.take_tapped());
            }
            // The worker may have ended meanwhile.
            None => drop(links[batch.worker].spares.try_send(batch.recorder)),
        }
    }

    /// Times in which this process did not run are its own.
    fn charge(&mut self, found: impl Iterator<Item = Hiccup>) {
        found.for_each(|hiccup| self.measured.hiccup(hiccup));
    }

    /// A step of the wall clock shows as a change of its distance from the monotonic clock.
    fn watch_clocks(&mut self, began: clock::Now, now: clock::Now) {
        let wall = i128::from(now.wall.0) - i128::from(began.wall.0);
        let mono = i128::from(now.mono.0) - i128::from(began.mono.0);
        let moved = u64::try_from((wall - mono).unsigned_abs()).unwrap_or(u64::MAX);
        self.clock_step = self.clock_step.max(Nanos(moved));
    }

    fn gauges(&self) -> Gauges {
        let mut gauges = Gauges::default();
        self.gauges.iter().for_each(|worker| gauges.add(worker));
        gauges
    }

    fn progress(&mut self, shared: &Shared, now: Mono) -> Progress<'_> {
        let gauges = self.gauges();
        Progress {
            elapsed: now - shared.start,
            length: shared.end - shared.start,
            measured: &mut self.measured,
            rows: &mut self.rows,
            gauges,
            cpu: Nanos(clock::process_cpu_ns()),
            descriptors: usage::descriptors(),
        }
    }
}
