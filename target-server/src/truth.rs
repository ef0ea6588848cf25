//! The truth log: what was really emitted and really written, to whom and when.
//! Each thread keeps its own part without a lock; a report is put together from copies of the parts.

pub(crate) mod report;
pub(crate) mod ring;

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::connection::Peer;
use crate::frame::Stamp;
use crate::source::SourceId;
use ring::Ring;

/// One event handed to one subscriber's socket. 32 bytes: two million of them are 64 MB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteRecord {
    /// The source of the event.
    pub source: SourceId,
    /// The subscriber's number, modulo 2^32.
    pub subscriber: u32,
    /// The event's number.
    pub seq: u64,
    /// When a mode let it go; when it was emitted, if none held it.
    pub released: Nanos,
    /// The clock just before the write that completed it into the kernel.
    pub written: Nanos,
}

/// What the kernel told of one event on its way to one subscriber.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KernelRecord {
    /// The source of the event.
    pub source: SourceId,
    /// The subscriber's number, modulo 2^32.
    pub subscriber: u32,
    /// The event, and its stamps.
    pub stamped: Stamped,
}

/// The kernel's stamps of one event on one socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamped {
    /// The event's number.
    pub seq: u64,
    /// When its last byte left for the device.
    pub sent: Option<Nanos>,
    /// When the peer's kernel had acknowledged it.
    pub acked: Option<Nanos>,
}

/// One event built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventRecord {
    /// Its source.
    pub source: SourceId,
    /// Its number and times.
    pub stamp: Stamp,
}

/// Why a response ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The client closed, or its connection broke.
    Client,
    /// The number of events it had asked for was reached.
    Count,
    /// The source has nothing more to say.
    Finished,
    /// A mode ended it.
    Mode,
    /// The subscriber read too slowly and its backlog was full.
    Slow,
    /// The server stopped.
    Shutdown,
}

impl End {
    /// All of them, in the order of `/metrics`.
    pub const ALL: [Self; 6] = [
        Self::Client,
        Self::Count,
        Self::Finished,
        Self::Mode,
        Self::Slow,
        Self::Shutdown,
    ];

    /// The word for it in `/truth` and `/metrics`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Count => "count",
            Self::Finished => "finished",
            Self::Mode => "mode",
            Self::Slow => "slow",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What is always known exactly of a subscriber, however much the ring has lost.
#[derive(Clone, Debug)]
pub(crate) struct SubscriberRecord {
    /// Its number, unique in this process.
    pub id: u64,
    /// Its source.
    pub source: SourceId,
    /// Where it connected from.
    pub peer: Peer,
    /// When the stream writer took it over.
    pub opened: Nanos,
    /// When and why its response ended.
    pub closed: Option<(Nanos, End)>,
    /// Events written, duplicates counted twice.
    pub events: u64,
    /// Bytes written: head, framing and body, before TLS.
    pub bytes: u64,
    /// The first and the last event written, in the order of writing.
    pub seqs: Option<(u64, u64)>,
}

/// The part of the truth log that one worker keeps.
#[derive(Debug)]
pub(crate) struct WorkerLog {
    writes: Ring<WriteRecord>,
    kernel: Ring<KernelRecord>,
    closed: VecDeque<SubscriberRecord>,
    closed_capacity: usize,
    forgotten: u64,
}

impl WorkerLog {
    /// An empty log that will keep so many writes and so many closed subscribers.
    pub(crate) fn new(writes: usize, closed_capacity: usize) -> Self {
        Self {
            writes: Ring::new(writes),
            kernel: Ring::new(writes),
            closed: VecDeque::new(),
            closed_capacity,
            forgotten: 0,
        }
    }

    /// Notes that an event went to a subscriber.
    pub(crate) fn record(
        &mut self,
        subscriber: &mut SubscriberRecord,
        seq: u64,
        released: Nanos,
        written: Nanos,
    ) {
        subscriber.events += 1;
        subscriber.seqs = Some((subscriber.seqs.map_or(seq, |(first, _)| first), seq));
        self.writes.push(WriteRecord {
            source: subscriber.source,
            subscriber: subscriber.id as u32,
            seq,
            released,
            written,
        });
    }

    /// Notes what the kernel told of an event that went to a subscriber.
    pub(crate) fn stamp(&mut self, subscriber: &SubscriberRecord, stamped: Stamped) {
        self.kernel.push(KernelRecord {
            source: subscriber.source,
            subscriber: subscriber.id as u32,
            stamped,
        });
    }

    /// Keeps the counters of a subscriber that is gone; the oldest go if there are too many.
    pub(crate) fn close(&mut self, subscriber: SubscriberRecord) {
        self.closed.push_back(subscriber);
        if self.closed.len() > self.closed_capacity {
            self.closed.pop_front();
            self.forgotten += 1;
        }
    }

    /// A copy of what concerns one source; `open` are the subscribers still connected.
    pub(crate) fn snapshot<'a>(
        &'a self,
        source: SourceId,
        open: impl Iterator<Item = &'a SubscriberRecord>,
    ) -> WorkerTruth {
        WorkerTruth {
            writes: self.writes.snapshot(),
            kernel: self.kernel.snapshot(),
            subscribers: self
                .closed
                .iter()
                .chain(open)
                .filter(|one| one.source == source)
                .cloned()
                .collect(),
            forgotten: self.forgotten,
        }
    }
}

/// A copy of one worker's part.
#[derive(Debug)]
pub(crate) struct WorkerTruth {
    /// Writes of all sources, oldest first.
    pub writes: Vec<Arc<Vec<WriteRecord>>>,
    /// What the kernel told of them, oldest first; empty unless it was asked.
    pub kernel: Vec<Arc<Vec<KernelRecord>>>,
    /// The subscribers of the source asked for, closed ones first.
    pub subscribers: Vec<SubscriberRecord>,
    /// Closed subscribers, of any source, whose counters are no longer kept.
    pub forgotten: u64,
}

/// A copy of the pacer's part.
#[derive(Debug)]
pub(crate) struct SourceTruth {
    /// The source.
    pub source: SourceId,
    /// How many events it emitted so far.
    pub last_seq: u64,
    /// Events of all sources, oldest first.
    pub events: Vec<Arc<Vec<EventRecord>>>,
}
