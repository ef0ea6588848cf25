//! The thread that owns all sources: it builds each event when it is due, once, and hands it to the workers that have
//! subscribers for it. New subscribers and published messages pass through here too, so that one order holds for all.
//! It writes to no socket.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::clock::{self, Nanos};
use crate::counters::{PacerCounters, SourceSummary};
use crate::frame::{Author, Frame};
use crate::messages::{
    Admission, CountersQuery, Publication, Published, Subscription, ToPacer, ToWorker,
    TooManyTopics, TruthQuery, WorkerQueue,
};
use crate::source::topic::TopicName;
use crate::source::{Source, SourceId, SourceSpec};
use crate::truth::ring::Ring;
use crate::truth::{EventRecord, SourceTruth};

/// The owner of all sources.
#[derive(Debug)]
pub(crate) struct Pacer {
    author: Author,
    queue: Receiver<ToPacer>,
    workers: Vec<WorkerQueue>,
    /// Subscribers of each worker: a new one goes where there are fewest.
    load: Vec<u64>,
    sources: HashMap<SourceId, Entry>,
    shared: HashMap<SourceSpec, SourceId>,
    /// Sources without subscribers, those longest alone first.
    idle: BTreeMap<u64, SourceId>,
    /// When each source is due next.
    agenda: BTreeSet<(Nanos, SourceId)>,
    events: Ring<EventRecord>,
    counters: PacerCounters,
    topics: usize,
    last_source: u32,
    last_subscriber: u64,
    last_idle: u64,
    frames: Vec<Frame>,
}

#[derive(Debug)]
struct Entry {
    spec: SourceSpec,
    source: Source,
    /// Subscribers on each worker.
    audience: Vec<u32>,
    /// Where it stands on the agenda.
    on_agenda: Option<Nanos>,
    /// Its place among the idle.
    idle: Option<u64>,
}

/// The most topics, because each keeps a ring of messages for as long as the server runs.
const MAX_TOPICS: usize = 1_000;
/// The most sources that are remembered after their last subscriber left.
const MAX_IDLE_SOURCES: usize = 10_000;
/// Ticks between two looks at the queue.
const TICKS_PER_TURN: usize = 64;
/// Messages between two looks at the agenda.
const MESSAGES_PER_TURN: usize = 256;

impl Pacer {
    /// A pacer without sources, whose log keeps so many events.
    pub(crate) fn new(
        author: Author,
        queue: Receiver<ToPacer>,
        workers: Vec<WorkerQueue>,
        events: usize,
    ) -> Self {
        Self {
            author,
            queue,
            load: vec![0; workers.len()],
            workers,
            sources: HashMap::new(),
            shared: HashMap::new(),
            idle: BTreeMap::new(),
            agenda: BTreeSet::new(),
            events: Ring::new(events),
            counters: PacerCounters::default(),
            topics: 0,
            last_source: 0,
            last_subscriber: 0,
            last_idle: 0,
            frames: Vec::new(),
        }
    }

    /// Works until it is told to stop, or until nobody is left who could tell it anything.
    pub(crate) fn run(mut self) {
        // By default the kernel may delay a wake-up by 50 us to save power. Where it refuses, ticks are that much later
        // and say so themselves.
        nix::sys::prctl::set_timerslack(1).unwrap_or_default();
        while self.turn() {}
    }

    /// Emits what is due, then waits for what comes first: a message or the next tick. False when it is time to stop.
    fn turn(&mut self) -> bool {
        self.emit_due();
        self.workers.iter_mut().for_each(WorkerQueue::wake);
        let next = self.agenda.first().map(|(due, _)| due.since(clock::now()));
        let mut message = match self.queue.recv_timeout(next.unwrap_or(Duration::MAX)) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        };
        for _ in 0..MESSAGES_PER_TURN {
            if !self.on_message(message) {
                return false;
            }
            match self.queue.try_recv() {
                Ok(next) => message = next,
                Err(_) => return true,
            }
        }
        self.on_message(message)
    }

    /// False if it was the last message.
    fn on_message(&mut self, message: ToPacer) -> bool {
        match message {
            ToPacer::Subscribe(subscription) => self.subscribe(*subscription),
            ToPacer::Leave { source, worker } => self.leave(source, worker),
            // Whoever asked may have gone.
            ToPacer::OpenTopic(topic, reply) => reply
                .send(self.open_topic(topic).map(drop))
                .unwrap_or_default(),
            ToPacer::Publish(publication) => self.publish(publication),
            ToPacer::Truth(query) => self.tell_truth(query),
            ToPacer::Counters(query) => self.tell_counters(query),
            ToPacer::Shutdown => return false,
        }
        true
    }

    fn emit_due(&mut self) {
        for _ in 0..TICKS_PER_TURN {
            match self.agenda.first() {
                Some(&(due, id)) if due <= clock::now() => self.tick(id),
                _ => return,
            }
        }
    }

    fn tick(&mut self, id: SourceId) {
        let entry = self
            .sources
            .get_mut(&id)
            .expect("what is on the agenda is not forgotten");
        let mut frames = std::mem::take(&mut self.frames);
        entry.source.tick(clock::now, &mut frames);
        let finished = entry.source.is_finished();
        for frame in frames.drain(..) {
            self.distribute(id, frame);
        }
        self.frames = frames;
        if finished {
            self.send_to_audience(id, || ToWorker::Finished(id));
        }
        self.reschedule(id);
    }

    /// Puts a source where it belongs on the agenda, after anything that may have changed that.
    fn reschedule(&mut self, id: SourceId) {
        let Some(entry) = self.sources.get_mut(&id) else {
            return;
        };
        let due = if entry.idle.is_some() {
            None
        } else {
            entry.source.next()
        };
        let before = std::mem::replace(&mut entry.on_agenda, due);
        if let Some(before) = before {
            self.agenda.remove(&(before, id));
        }
        self.agenda.extend(due.map(|due| (due, id)));
    }

    /// Logs an event and hands it to the workers concerned; tells how many subscribers that are.
    fn distribute(&mut self, id: SourceId, frame: Frame) -> u64 {
        if let Some(stamp) = frame.stamp() {
            let lateness = stamp.emitted.since(stamp.due);
            self.counters.events += 1;
            self.counters.lateness += lateness;
            self.counters.max_lateness = self.counters.max_lateness.max(lateness);
            self.events.push(EventRecord { source: id, stamp });
        }
        self.send_to_audience(id, || ToWorker::Frame(id, frame.clone()))
    }

    fn send_to_audience(&mut self, id: SourceId, message: impl Fn() -> ToWorker) -> u64 {
        let Some(entry) = self.sources.get(&id) else {
            return 0;
        };
        let mut reached = 0;
        for (worker, &subscribers) in self.workers.iter_mut().zip(&entry.audience) {
            if subscribers > 0 {
                worker.send(message());
                reached += u64::from(subscribers);
            }
        }
        reached
    }

    fn subscribe(&mut self, subscription: Subscription) {
        let now = clock::now();
        let request = &subscription.request;
        let id = self.find_or_create(&request.source, now);
        let entry = self
            .sources
            .get_mut(&id)
            .expect("it was just found or created");
        if let Some(place) = entry.idle.take() {
            self.idle.remove(&place);
            entry.source.restart(now);
        }
        let replay = request
            .last_event_id
            .map_or_else(Vec::new, |last| entry.source.replay(last));
        let worker = (0..self.load.len())
            .min_by_key(|&worker| self.load[worker])
            .expect("there is a worker");
        self.load[worker] += 1;
        entry.audience[worker] += 1;
        self.last_subscriber += 1;
        let admission = Admission {
            id: self.last_subscriber,
            source: id,
            subscription,
            replay,
        };
        self.workers[worker].send(ToWorker::Admit(Box::new(admission)));
        self.reschedule(id);
    }

    fn leave(&mut self, id: SourceId, worker: usize) {
        self.load[worker] -= 1;
        let entry = self
            .sources
            .get_mut(&id)
            .expect("a source with subscribers is not forgotten");
        entry.audience[worker] -= 1;
        if entry.audience.iter().any(|&subscribers| subscribers > 0) {
            return;
        }
        self.set_idle(id);
        self.reschedule(id);
    }

    /// Gives a source a place among those without subscribers; who is there longest may have to go.
    fn set_idle(&mut self, id: SourceId) {
        self.last_idle += 1;
        let Some(entry) = self.sources.get_mut(&id) else {
            return;
        };
        entry.idle = Some(self.last_idle);
        // Topics are bounded by their number; forgetting one would lose what it keeps for replay.
        if !matches!(entry.spec, SourceSpec::Topic(_)) {
            self.idle.insert(self.last_idle, id);
        }
        if self.idle.len() > MAX_IDLE_SOURCES {
            let forgotten = self
                .idle
                .pop_first()
                .and_then(|(_, id)| self.sources.remove(&id));
            if let Some(entry) = forgotten.filter(|entry| entry.spec.is_shared()) {
                self.shared.remove(&entry.spec);
            }
        }
    }

    fn publish(&mut self, publication: Publication) {
        let Publication {
            topic,
            message,
            reply,
        } = publication;
        let outcome = self.open_topic(topic).map(|id| {
            let entry = self
                .sources
                .get_mut(&id)
                .expect("it was just found or created");
            let frame = entry
                .source
                .publish(&message, clock::now())
                .expect("a topic takes messages");
            let seq = entry.source.last_seq();
            let subscribers = self.distribute(id, frame);
            self.reschedule(id);
            Published {
                id: seq,
                subscribers,
            }
        });
        reply.send(outcome).unwrap_or_default();
    }

    fn open_topic(&mut self, topic: TopicName) -> Result<SourceId, TooManyTopics> {
        let spec = SourceSpec::Topic(topic);
        if self.topics >= MAX_TOPICS && !self.shared.contains_key(&spec) {
            return Err(TooManyTopics(MAX_TOPICS));
        }
        Ok(self.find_or_create(&spec, clock::now()))
    }

    fn find_or_create(&mut self, spec: &SourceSpec, now: Nanos) -> SourceId {
        if let Some(&id) = self.shared.get(spec) {
            return id;
        }
        self.last_source += 1;
        let id = SourceId(self.last_source);
        if spec.is_shared() {
            self.shared.insert(spec.clone(), id);
        }
        self.topics += usize::from(matches!(spec, SourceSpec::Topic(_)));
        let entry = Entry {
            spec: spec.clone(),
            source: Source::new(spec, self.author, now),
            audience: vec![0; self.workers.len()],
            on_agenda: None,
            idle: None,
        };
        self.sources.insert(id, entry);
        self.set_idle(id);
        id
    }

    fn tell_truth(&mut self, query: TruthQuery) {
        let TruthQuery {
            source,
            pacer,
            workers,
        } = query;
        let truth = self.sources.get(&source).map(|entry| SourceTruth {
            source,
            last_seq: entry.source.last_seq(),
            events: self.events.snapshot(),
        });
        if truth.is_some() {
            self.workers
                .iter_mut()
                .for_each(|worker| worker.send(ToWorker::Truth(source, workers.clone())));
        }
        pacer.send(truth).unwrap_or_default();
    }

    fn tell_counters(&mut self, query: CountersQuery) {
        let mut counters = self.counters.clone();
        counters.sources = self
            .sources
            .iter()
            .map(|(id, entry)| entry.summary(*id))
            .collect();
        self.workers
            .iter_mut()
            .for_each(|worker| worker.send(ToWorker::Counters(query.workers.clone())));
        query.pacer.send(counters).unwrap_or_default();
    }
}

impl Entry {
    fn summary(&self, id: SourceId) -> SourceSummary {
        SourceSummary {
            stream: id.to_string(),
            kind: self.spec.kind(),
            topic: match &self.spec {
                SourceSpec::Topic(name) => Some(name.to_string()),
                _ => None,
            },
            shared: self.spec.is_shared(),
            events: self.source.last_seq(),
            subscribers: self
                .audience
                .iter()
                .map(|&subscribers| u64::from(subscribers))
                .sum(),
        }
    }
}
