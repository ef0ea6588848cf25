//! The engine: workers that hold the subscribers, and the collector that puts together what they observe.
//!
//! Way of an event: kernel stamp -> `connection` -> `session` -> `recorder` -> once a second a batch
//! -> the record. It must not know the command line, and it prints nothing.

mod breaker;
mod collector;
mod hiccups;
mod pace;
mod slot;
mod timers;
mod worker;

use crate::clock;
use crate::connection::receive::StampingKeptOn;
use crate::plan::{Endpoint, Plan, ServerClock};
use crate::request::Request;
use crate::schedule::Schedule;
use crate::session::Spec;
use crate::session::recorder::{Recorder, Rows, Tap};
use mio::{Poll, Token, Waker};
use run_record::measured::Measured;
use run_record::time::{Mono, Nanos, Wall};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

pub use collector::{Gauges, Progress};
pub(crate) use hiccups::HICCUP;

const WAKER: Token = Token(usize::MAX);

/// Batches that wait for the collector before a worker keeps its own for another second.
const BATCHES_WAITING: usize = 4;

/// What a run has yielded.
#[derive(Debug)]
pub struct Outcome {
    /// Everything that was measured.
    pub measured: Measured,
    /// When the first connection was due.
    pub started: Wall,
    /// When the last worker was done.
    pub ended: Wall,
    /// Why it ended.
    pub end: EndOfRun,
    /// Processor time of the workers, and how long they ran.
    pub workers_cpu: Nanos,
    /// The largest movement of the wall clock against the monotonic one.
    pub clock_step: Nanos,
    /// The states of the subscribers at the end.
    pub gauges: Gauges,
    /// Every event, where [`Instrument::tap`] asked for it.
    pub tapped: Tap,
    /// Every event since the last look, where the plan asks for a file of them.
    pub rows: Vec<Rows>,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndOfRun {
    /// Its time was over.
    Time,
    /// No subscriber was left: all streams have ended for good.
    NobodyLeft,
    /// The interrupt was set.
    Interrupted,
    /// Half of the last attempts were refused.
    CircuitBreaker,
}

/// What tests switch on: it changes what is kept, and on purpose how fast the engine is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instrument {
    /// Keep every event of every stream.
    pub tap: bool,
    /// Waste this much time on each event, as a slow generator would.
    pub work_per_event: Duration,
    /// Waste this much time on each read, whatever it brought, as a generator would that is stopped again and again.
    pub work_per_read: Duration,
}

impl Instrument {
    /// The time to waste after a read that completed so many events.
    fn work(&self, events: u32) -> Duration {
        self.work_per_read + self.work_per_event * events
    }
}

/// What the workers of a run share; nothing of it changes but the two flags.
#[derive(Debug)]
struct Shared {
    plan: Plan,
    spec: Spec,
    schedule: Schedule,
    instrument: Instrument,
    /// The request of a first connection.
    request: Box<[u8]>,
    start: Mono,
    end: Mono,
    stop: AtomicBool,
    tripped: AtomicBool,
}

/// What a worker hands over.
#[derive(Debug)]
struct Batch {
    worker: usize,
    recorder: Recorder,
    gauges: Gauges,
    /// Present in the worker's last batch: the processor time it has used.
    cpu: Option<Nanos>,
}

/// Runs the plan until its end, or until `interrupt` is set; `watch` is called about once a second.
///
/// Errors: the machine refuses threads, descriptors for the polls, or the stamping socket.
pub fn run(
    plan: Plan,
    instrument: Instrument,
    interrupt: &AtomicBool,
    watch: impl FnMut(&mut Progress<'_>),
) -> io::Result<Outcome> {
    let _stamping = StampingKeptOn::begin()?;
    let hiccups = hiccups::Watch::begin()?;
    let shared = Arc::new(Shared::new(plan, instrument));
    let workers = shared.plan.load.workers;
    let (batches_in, batches) = sync_channel(BATCHES_WAITING * workers);
    let mut threads = Vec::with_capacity(workers);
    let mut links = Vec::with_capacity(workers);
    for number in 0..workers {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let (spares_in, spares) = sync_channel(2);
        let worker = worker::Worker::new(shared.clone(), poll, number, batches_in.clone(), spares);
        let name = format!("worker-{number}");
        threads.push(
            std::thread::Builder::new()
                .name(name)
                .spawn(move || worker.run())?,
        );
        links.push(collector::Link {
            waker,
            spares: spares_in,
        });
    }
    drop(batches_in);
    let sources = collector::Sources {
        batches,
        links: &links,
        hiccups,
    };
    let collected = collector::collect(&shared, sources, interrupt, watch);
    for thread in threads {
        thread
            .join()
            .map_err(|_| io::Error::other("a worker panicked"))??;
    }
    Ok(collected)
}

impl Outcome {
    /// Streams were open, and at the end none is although subscribers still try: the target has gone.
    pub fn target_is_gone(&self) -> bool {
        let Gauges {
            open,
            streaming,
            opening,
            waiting,
            ..
        } = self.gauges;
        let had_streams = self.measured.total().counters.connections.opened > 0;
        had_streams && open + streaming == 0 && opening + waiting > 0
    }
}

impl Shared {
    fn new(plan: Plan, instrument: Instrument) -> Shared {
        let start = start(plan.load.start_at);
        let length = Nanos::from(plan.load.ramp) + Nanos::from(plan.load.hold);
        Shared {
            spec: Spec {
                format: plan.format,
                stamps: match plan.server_clock {
                    ServerClock::Same => plan.stamps.clone().on_this_machine(clock::boot()),
                    _ => plan.stamps.clone(),
                },
                sequence: plan.sequence.clone(),
                due_every: plan.due_every,
                policy: plan.subscriber.clone(),
                remotes: plan.target.endpoints.iter().map(remote).collect(),
                by: plan.by.clone(),
            },
            schedule: Schedule::new(plan.load.connections, plan.load.ramp, plan.load.arrivals),
            instrument,
            request: plan.request.to_bytes(&plan.target.host, None).into(),
            start,
            end: start + length,
            stop: AtomicBool::new(false),
            tripped: AtomicBool::new(false),
            plan,
        }
    }

    /// The request of a subscriber, and the value of its `Host` header.
    fn request_of(&self, subscriber: u32) -> (Cow<'_, Request>, Cow<'_, str>) {
        let Plan {
            users,
            request,
            target,
            ..
        } = &self.plan;
        match users {
            Some(users) => {
                let (request, host) = users.request(subscriber);
                (Cow::Owned(request), Cow::Owned(host))
            }
            None => (Cow::Borrowed(request), Cow::Borrowed(&target.host)),
        }
    }

    /// What a subscriber that has seen this id sends; `None` where it is what all send.
    fn bytes_of(&self, subscriber: u32, last_event_id: &[u8]) -> Option<Box<[u8]>> {
        let id = (!last_event_id.is_empty()).then_some(last_event_id);
        if id.is_none() && self.plan.users.is_none() {
            return None;
        }
        let (request, host) = self.request_of(subscriber);
        Some(request.to_bytes(&host, id).into())
    }

    /// An empty recorder for one of the workers.
    fn recorder(&self) -> Recorder {
        let mut recorder =
            Recorder::new(self.plan.trace).apart(&self.spec.remotes, self.spec.by.as_deref());
        if self.instrument.tap {
            recorder.tap();
        }
        if self.plan.output.raw.is_some() {
            recorder.keep_rows();
        }
        recorder
    }

    /// The circuit breaker stops the run.
    fn trip(&self) {
        self.tripped.store(true, Ordering::Relaxed);
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// When the first connection is due: as soon as can be where nobody has said when, even if that is past.
fn start(at: Option<Wall>) -> Mono {
    let now = clock::now();
    match at {
        None => now.mono,
        Some(at) => now.mono + (at - now.wall) - (now.wall - at),
    }
}

fn remote(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Tcp(address) => address.to_string(),
        Endpoint::Unix(path) => format!("unix:{}", path.display()),
    }
}
