//! What the threads tell each other. Everything goes one way: front to pacer, pacer to workers;
//! a worker tells the pacer only that a subscriber left.
//!
//! One queue per receiver is the only order there is, and it is enough: a truth report asked for after an event was
//! read contains that event, because the question passes the same queues behind it.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use mio::Waker;
use tokio::sync::{mpsc, oneshot};

use crate::connection::{Peer, Socket};
use crate::counters::{PacerCounters, WorkerCounters};
use crate::frame::Frame;
use crate::request::StreamRequest;
use crate::source::SourceId;
use crate::source::topic::{Message, TopicName};
use crate::truth::{SourceTruth, WorkerTruth};

/// What the pacer is told.
#[derive(Debug)]
pub(crate) enum ToPacer {
    /// A client wants a stream.
    Subscribe(Box<Subscription>),
    /// A subscriber's response ended.
    Leave {
        /// What it was fed from.
        source: SourceId,
        /// Who wrote to it.
        worker: usize,
    },
    /// Make a topic, unless it is there; the answer is whether there was room for it.
    OpenTopic(TopicName, oneshot::Sender<Result<(), TooManyTopics>>),
    /// Somebody published.
    Publish(Publication),
    /// Somebody wants the truth about a source.
    Truth(TruthQuery),
    /// Somebody wants the counters of everything.
    Counters(CountersQuery),
    /// End all streams, then yourself.
    Shutdown,
}

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum ToWorker {
    /// Write to this subscriber from now on.
    Admit(Box<Admission>),
    /// Write this to all subscribers of the source.
    Frame(SourceId, Frame),
    /// The source has nothing more to say: end the responses of all of its subscribers.
    Finished(SourceId),
    /// Answer with your part of the truth.
    Truth(SourceId, mpsc::UnboundedSender<WorkerTruth>),
    /// Answer with your counters.
    Counters(mpsc::UnboundedSender<WorkerCounters>),
    /// End all responses, then yourself.
    Shutdown,
}

/// A connection whose request asks for a stream.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// The socket, all of the request read from it.
    pub socket: Socket,
    /// Its far end.
    pub peer: Peer,
    /// What it asks for.
    pub request: StreamRequest,
}

/// A subscription that the pacer has connected to its source.
#[derive(Debug)]
pub(crate) struct Admission {
    /// The number of the subscriber.
    pub id: u64,
    /// Its source.
    pub source: SourceId,
    /// The connection.
    pub subscription: Subscription,
    /// What it missed since it was here last.
    pub replay: Vec<Frame>,
}

/// A message for a topic.
#[derive(Debug)]
pub(crate) struct Publication {
    /// Where to.
    pub topic: TopicName,
    /// What.
    pub message: Message,
    /// Told when it was passed on; the error is that there are too many topics already.
    pub reply: oneshot::Sender<Result<Published, TooManyTopics>>,
}

/// What became of a publication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Published {
    /// The number of the event.
    pub id: u64,
    /// How many subscribers it went to.
    pub subscribers: u64,
}

/// No further topic can be made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there are already {0} topics, the most this server keeps; use one of them")]
pub(crate) struct TooManyTopics(pub usize);

/// A question for the truth about one source.
#[derive(Debug)]
pub(crate) struct TruthQuery {
    /// The source.
    pub source: SourceId,
    /// Answered by the pacer; nothing if there is no such source, or no longer.
    pub pacer: oneshot::Sender<Option<SourceTruth>>,
    /// Answered by each worker.
    pub workers: mpsc::UnboundedSender<WorkerTruth>,
}

/// A question for the counters.
#[derive(Debug)]
pub(crate) struct CountersQuery {
    /// Answered by the pacer.
    pub pacer: oneshot::Sender<PacerCounters>,
    /// Answered by each worker.
    pub workers: mpsc::UnboundedSender<WorkerCounters>,
}

/// The pacer's end of the queue to a worker.
#[derive(Debug)]
pub(crate) struct WorkerQueue {
    sender: SyncSender<ToWorker>,
    waker: Arc<Waker>,
    has_news: bool,
}

impl WorkerQueue {
    /// A queue to the worker that `waker` wakes.
    pub(crate) fn new(sender: SyncSender<ToWorker>, waker: Arc<Waker>) -> Self {
        Self {
            sender,
            waker,
            has_news: false,
        }
    }

    /// Puts a message into the queue; waits while it is full, so that a slow worker slows the schedule down and not
    /// the memory up. A worker that is gone loses it.
    pub(crate) fn send(&mut self, message: ToWorker) {
        self.has_news = true;
        if let Err(std::sync::mpsc::TrySendError::Full(message)) = self.sender.try_send(message) {
            self.wake();
            self.sender.send(message).unwrap_or_default();
        }
    }

    /// Wakes the worker if there is something new for it: once for all messages of a tick.
    pub(crate) fn wake(&mut self) {
        if std::mem::take(&mut self.has_news) {
            // A failed wake means that the worker's poll is gone, and the worker with it.
            self.waker.wake().unwrap_or_default();
        }
    }
}

impl Drop for WorkerQueue {
    /// A worker without a pacer has nothing left to do.
    fn drop(&mut self) {
        self.send(ToWorker::Shutdown);
        self.wake();
    }
}
