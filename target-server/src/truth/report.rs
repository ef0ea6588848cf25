//! The truth log as `/truth/{stream}` shows it: plain data, put together from copies of each thread's part.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{End, SourceTruth, Stamped, SubscriberRecord, WorkerTruth};
use crate::clock::Nanos;
use crate::frame::Author;
use crate::skew::Shown;

/// What one source really did. All times are nanoseconds of the clock that the server shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StreamTruth {
    /// The process that answers.
    pub instance: u32,
    /// The source, as in the `X-Stream` header.
    pub stream: String,
    /// When this was put together.
    pub now: u64,
    /// Events and writes of this source that the bounded log has lost; zero means that nothing is missing here.
    pub evicted: u64,
    /// Closed subscribers, of any source, of whom not even the counters are kept.
    pub forgotten: u64,
    /// The events emitted, by number.
    pub events: Vec<EventTruth>,
    /// The subscribers, by number.
    pub subscribers: Vec<SubscriberTruth>,
}

/// One event emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTruth {
    /// Its number.
    pub seq: u64,
    /// When it should have been emitted.
    pub due: u64,
    /// When it was.
    pub emitted: u64,
}

/// What one subscriber was really sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubscriberTruth {
    /// Its number, as in the `X-Subscriber` header.
    pub id: u64,
    /// Its address and port; `unix` on a Unix socket.
    pub peer: String,
    /// When its response began.
    pub opened: u64,
    /// When its response ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<u64>,
    /// Why its response ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// Events written, duplicates counted twice; always exact.
    pub events: u64,
    /// Bytes written with head and framing, before TLS; always exact.
    pub bytes: u64,
    /// The event written first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seq: Option<u64>,
    /// The event written last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<u64>,
    /// Number, release and write of each event, in the order of writing; absent if they were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<Vec<Write>>,
    /// What the kernel told of each event, in the order of writing, once the peer has acknowledged it or is gone; absent
    /// unless the server was started with kernel stamps and writes were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kernel: Vec<KernelWrite>,
}

/// `[seq, released, written]` of one event and one subscriber.
pub type Write = (u64, u64, u64);

/// `[seq, sent, acked]` of one event and one subscriber: when its last byte left for the device, and when the peer's
/// kernel had acknowledged it; `null` where the kernel has told none of its own.
pub type KernelWrite = (u64, Option<u64>, Option<u64>);

/// Puts the parts together; `with_writes` decides about the bulk of it.
pub(crate) fn assemble(
    author: Author,
    now: Nanos,
    source: &SourceTruth,
    workers: &[WorkerTruth],
    with_writes: bool,
) -> StreamTruth {
    let events: Vec<EventTruth> = source
        .events
        .iter()
        .flat_map(|block| block.iter())
        .filter(|record| record.source == source.source)
        .map(|record| author.shown(record.stamp))
        .map(|stamp| EventTruth {
            seq: stamp.seq,
            due: stamp.due.0,
            emitted: stamp.emitted.0,
        })
        .collect();
    let mut writes = writes_by_subscriber(author.clock, source, workers);
    let mut kernel = kernel_by_subscriber(author.clock, source, workers);
    let mut evicted = source.last_seq - events.len() as u64;
    let mut subscribers: Vec<SubscriberTruth> = workers
        .iter()
        .flat_map(|worker| &worker.subscribers)
        .map(|record| {
            let writes = writes.remove(&(record.id as u32)).unwrap_or_default();
            let kernel = kernel.remove(&(record.id as u32)).unwrap_or_default();
            evicted += record.events - writes.len() as u64;
            let bulk = with_writes.then_some((writes, kernel));
            subscriber_truth(author.clock, record, bulk)
        })
        .collect();
    subscribers.sort_by_key(|subscriber| subscriber.id);
    StreamTruth {
        instance: author.instance,
        stream: source.source.to_string(),
        now: author.clock.at(now).0,
        evicted,
        forgotten: workers.iter().map(|worker| worker.forgotten).sum(),
        events,
        subscribers,
    }
}

fn writes_by_subscriber(
    clock: Shown,
    source: &SourceTruth,
    workers: &[WorkerTruth],
) -> HashMap<u32, Vec<Write>> {
    let mut writes: HashMap<u32, Vec<Write>> = HashMap::new();
    let records = workers
        .iter()
        .flat_map(|worker| &worker.writes)
        .flat_map(|block| block.iter());
    for record in records.filter(|record| record.source == source.source) {
        let write = (
            record.seq,
            clock.at(record.released).0,
            clock.at(record.written).0,
        );
        writes.entry(record.subscriber).or_default().push(write);
    }
    writes
}

fn kernel_by_subscriber(
    clock: Shown,
    source: &SourceTruth,
    workers: &[WorkerTruth],
) -> HashMap<u32, Vec<KernelWrite>> {
    let mut kernel: HashMap<u32, Vec<KernelWrite>> = HashMap::new();
    let records = workers
        .iter()
        .flat_map(|worker| &worker.kernel)
        .flat_map(|block| block.iter());
    for record in records.filter(|record| record.source == source.source) {
        let shown = |at: Option<Nanos>| at.map(|at| clock.at(at).0);
        let Stamped { seq, sent, acked } = record.stamped;
        let write = (seq, shown(sent), shown(acked));
        kernel.entry(record.subscriber).or_default().push(write);
    }
    kernel
}

fn subscriber_truth(
    clock: Shown,
    record: &SubscriberRecord,
    bulk: Option<(Vec<Write>, Vec<KernelWrite>)>,
) -> SubscriberTruth {
    let (writes, kernel) = bulk.unzip();
    SubscriberTruth {
        id: record.id,
        peer: record.peer.to_string(),
        opened: clock.at(record.opened).0,
        closed: record.closed.map(|(at, _)| clock.at(at).0),
        end: record.closed.map(|(_, end)| end),
        events: record.events,
        bytes: record.bytes,
        first_seq: record.seqs.map(|(first, _)| first),
        last_seq: record.seqs.map(|(_, last)| last),
        writes,
        kernel: kernel.unwrap_or_default(),
    }
}
