//! One thread that writes streams: a poll loop over its subscribers, fed by the pacer's queue.
//! It decides nothing about time: frames come when they are due, modes say when they want to be woken.

pub(crate) mod head;
pub(crate) mod outgoing;
pub(crate) mod stamps;
pub(crate) mod subscriber;
pub(crate) mod timers;
pub(crate) mod transport;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};
use slab::Slab;

use crate::clock::{self, Nanos};
use crate::counters::WorkerCounters;
use crate::frame::Frame;
use crate::messages::{Admission, ToPacer, ToWorker, WorkerQueue};
use crate::source::SourceId;
use crate::truth::{End, WorkerLog};
use subscriber::{Over, Subscriber, Terms};
use timers::Timers;

/// A thread's worth of subscribers.
#[derive(Debug)]
pub(crate) struct Worker {
    index: usize,
    terms: Terms,
    poll: Poll,
    /// Kept here too: if the pacer closed its last handle right after a wake-up, the kernel would forget the wake-up.
    _waker: Arc<Waker>,
    queue: Receiver<ToWorker>,
    pacer: mpsc::Sender<ToPacer>,
    subscribers: Slab<Subscriber>,
    /// The subscribers of each source, in no particular order.
    audiences: HashMap<SourceId, Vec<usize>>,
    timers: Timers<usize>,
    log: WorkerLog,
    counters: WorkerCounters,
    over: Vec<(usize, End)>,
    scratch: Vec<u8>,
    /// Set at shutdown: when those who do not read are left behind.
    deadline: Option<Nanos>,
}

const WAKER: Token = Token(usize::MAX);
const TIMER: Token = Token(usize::MAX - 1);

/// Frames, mostly, that may wait for a worker before the pacer waits for it.
const QUEUE_LENGTH: usize = 4096;
/// Messages taken between two looks at the sockets.
const MESSAGES_PER_TURN: usize = 256;
/// How long last bytes may take while the server stops.
const SHUTDOWN_LINGER: Duration = Duration::from_secs(1);

impl Worker {
    /// A worker and the queue that feeds it.
    ///
    /// Errors: the system has no descriptors left for its poll and its timer.
    pub(crate) fn new(
        index: usize,
        terms: Terms,
        log: WorkerLog,
        pacer: mpsc::Sender<ToPacer>,
    ) -> io::Result<(Self, WorkerQueue)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let timers = Timers::new(poll.registry(), TIMER)?;
        let (sender, queue): (SyncSender<ToWorker>, _) = mpsc::sync_channel(QUEUE_LENGTH);
        let worker = Self {
            index,
            terms,
            poll,
            _waker: waker.clone(),
            queue,
            pacer,
            subscribers: Slab::new(),
            audiences: HashMap::new(),
            timers,
            log,
            counters: WorkerCounters::default(),
            over: Vec::new(),
            scratch: vec![0; 16 * 1024],
            deadline: None,
        };
        Ok((worker, WorkerQueue::new(sender, waker)))
    }

    /// Works until it is told to stop, or until nobody is left who could tell it anything.
    ///
    /// Errors: the poll itself fails; there is nothing that a worker could still do.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut has_more = false;
        while !self.is_done() {
            self.timers.arm()?;
            let patience = has_more.then_some(Duration::ZERO);
            match self.poll.poll(&mut events, patience) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                outcome => outcome?,
            }
            for event in &events {
                match event.token() {
                    WAKER => {}
                    TIMER => self.timers.fired(),
                    Token(key) => self.on_socket(key, event.is_readable(), event.is_writable()),
                }
            }
            has_more = self.take_messages();
            self.wake_sleepers();
            self.bury();
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| self.subscribers.is_empty() || clock::now() >= deadline)
    }

    /// Returns whether more may be waiting.
    fn take_messages(&mut self) -> bool {
        for _ in 0..MESSAGES_PER_TURN {
            match self.queue.try_recv() {
                Ok(message) => self.on_message(message),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => {
                    self.begin_shutdown();
                    return false;
                }
            }
        }
        true
    }

    fn on_message(&mut self, message: ToWorker) {
        match message {
            ToWorker::Admit(admission) => self.admit(*admission),
            ToWorker::Frame(source, frame) => self.fan_out(source, &frame),
            ToWorker::Finished(source) => self.finish_all(Some(source), End::Finished),
            ToWorker::Truth(source, reply) => {
                let open = self
                    .subscribers
                    .iter()
                    .map(|(_, subscriber)| subscriber.record());
                // Whoever asked may have gone.
                reply
                    .send(self.log.snapshot(source, open))
                    .unwrap_or_default();
            }
            ToWorker::Counters(reply) => reply.send(self.count()).unwrap_or_default(),
            ToWorker::Shutdown => self.begin_shutdown(),
        }
    }

    fn admit(&mut self, admission: Admission) {
        let Admission {
            id,
            source,
            subscription,
            replay,
        } = admission;
        let retry = subscription.request.retry.map(Frame::retry);
        let mut subscriber = Subscriber::new(id, source, subscription, self.terms);
        let entry = self.subscribers.vacant_entry();
        let key = entry.key();
        let registered = subscriber
            .transport()
            .register(self.poll.registry(), Token(key));
        let audience = self.audiences.entry(source).or_default();
        subscriber.slot = audience.len();
        audience.push(key);
        let subscriber = entry.insert(subscriber);
        self.counters.admitted += 1;
        let (terms, log) = (self.terms, &mut self.log);
        let outcome = registered.map_err(|_| Over(End::Client)).and_then(|()| {
            subscriber.open(terms, log)?;
            retry
                .iter()
                .chain(&replay)
                .try_for_each(|frame| subscriber.deliver(frame, terms, log))
        });
        follow_up(key, subscriber, outcome, &mut self.timers, &mut self.over);
        self.bury();
    }

    fn fan_out(&mut self, source: SourceId, frame: &Frame) {
        let Some(audience) = self.audiences.get(&source) else {
            return;
        };
        for &key in audience {
            clock::spend(self.terms.cost);
            let subscriber = &mut self.subscribers[key];
            let outcome = subscriber.deliver(frame, self.terms, &mut self.log);
            follow_up(key, subscriber, outcome, &mut self.timers, &mut self.over);
        }
        self.bury();
    }

    fn finish_all(&mut self, source: Option<SourceId>, end: End) {
        let keys: Vec<usize> = match source {
            Some(source) => self.audiences.get(&source).cloned().unwrap_or_default(),
            None => self.subscribers.iter().map(|(key, _)| key).collect(),
        };
        for key in keys {
            let subscriber = &mut self.subscribers[key];
            let outcome = subscriber.finish(end, self.terms, &mut self.log);
            follow_up(key, subscriber, outcome, &mut self.timers, &mut self.over);
        }
        self.bury();
    }

    fn begin_shutdown(&mut self) {
        if self.deadline.is_none() {
            let deadline = clock::now() + SHUTDOWN_LINGER;
            self.deadline = Some(deadline);
            // A wake-up for nobody: the loop looks at the deadline.
            self.timers.add(deadline, usize::MAX);
            self.finish_all(None, End::Shutdown);
        }
    }

    fn on_socket(&mut self, key: usize, readable: bool, writable: bool) {
        let Some(subscriber) = self.subscribers.get_mut(key) else {
            return;
        };
        // The kernel says by an event of its own that stamps are ready.
        subscriber.collect_stamps(&mut self.log);
        let mut outcome = Ok(());
        if readable {
            outcome = subscriber.discard_input(&mut self.scratch);
        }
        if writable && outcome.is_ok() {
            outcome = subscriber.flush(self.terms, &mut self.log);
        }
        follow_up(key, subscriber, outcome, &mut self.timers, &mut self.over);
        self.bury();
    }

    fn wake_sleepers(&mut self) {
        let now = clock::now();
        while let Some(key) = self.timers.pop_due(now) {
            let Some(subscriber) = self.subscribers.get_mut(key) else {
                continue;
            };
            let outcome = subscriber.wake(now, self.terms, &mut self.log);
            follow_up(key, subscriber, outcome, &mut self.timers, &mut self.over);
        }
    }

    /// Removes those whose response is over.
    fn bury(&mut self) {
        while let Some((key, end)) = self.over.pop() {
            let Some(subscriber) = self.subscribers.try_remove(key) else {
                continue;
            };
            subscriber
                .armed()
                .into_iter()
                .for_each(|at| self.timers.remove(at, key));
            let source = subscriber.record().source;
            if let Some(audience) = self.audiences.get_mut(&source) {
                audience.swap_remove(subscriber.slot);
                if let Some(&moved) = audience.get(subscriber.slot) {
                    self.subscribers[moved].slot = subscriber.slot;
                } else if audience.is_empty() {
                    self.audiences.remove(&source);
                }
            }
            self.counters.count_end(end);
            let record = subscriber.close(end, &mut self.log);
            self.counters.events += record.events;
            self.counters.bytes += record.bytes;
            self.log.close(record);
            // The pacer is gone only when the server stops.
            self.pacer
                .send(ToPacer::Leave {
                    source,
                    worker: self.index,
                })
                .unwrap_or_default();
        }
    }

    fn count(&self) -> WorkerCounters {
        let mut counters = self.counters.clone();
        counters.subscribers = self.subscribers.len() as u64;
        for (_, subscriber) in &self.subscribers {
            counters.events += subscriber.record().events;
            counters.bytes += subscriber.record().bytes;
            counters.backlog_bytes += subscriber.backlog_bytes() as u64;
        }
        counters
    }
}

/// Notes what has to happen after anything was done with a subscriber: it is over, or wants to be woken.
fn follow_up(
    key: usize,
    subscriber: &mut Subscriber,
    outcome: Result<(), Over>,
    timers: &mut Timers<usize>,
    over: &mut Vec<(usize, End)>,
) {
    match outcome {
        Err(Over(end)) => over.push((key, end)),
        Ok(()) => {
            let before = subscriber.armed();
            if let Some(at) = subscriber.rearm() {
                before
                    .into_iter()
                    .for_each(|before| timers.remove(before, key));
                timers.add(at, key);
            }
        }
    }
}
