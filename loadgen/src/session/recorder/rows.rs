//! Every event as a row, for a file: kept for about a second, then handed over as a whole.
//!
//! Pure and bounded: what does not fit is counted. It must not know the file or how a row looks in it.

use super::{Event, StreamOf};
use run_record::time::{Interval, Wall};

/// The most rows that wait; a worker that decodes for all of a second has about as many.
const MOST: usize = 1 << 18;
/// Bytes kept of an id.
const ID_BYTES: usize = 64;

/// The events of about a second, in the order in which they were booked.
#[derive(Debug, Default)]
pub struct Rows {
    rows: Vec<Row>,
    /// The ids of the rows, one behind the other.
    ids: Vec<u8>,
    /// The id of the event that has been heard and is not booked yet.
    heard: Vec<u8>,
    missed: u64,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Number of the subscriber.
    pub subscriber: u32,
    /// Number of its stream, from 0.
    pub stream: u32,
    /// Number of the event in the stream, from 0.
    pub event: u64,
    /// Length of the id in bytes; no more than the first 64 are kept.
    pub id_bytes: u32,
    /// Length of the data in bytes.
    pub data_bytes: u32,
    /// When it was due.
    pub due: Option<Wall>,
    /// When it was sent.
    pub sent: Option<Wall>,
    /// When it arrived.
    pub arrival: Interval,
    /// When it was read.
    pub read: Wall,
}

impl Rows {
    /// An event has been heard; the next row is its.
    #[inline]
    pub(super) fn hear(&mut self, id: &[u8]) {
        self.heard.clear();
        self.heard.extend_from_slice(&id[..id.len().min(ID_BYTES)]);
    }

    /// An event is booked.
    #[inline]
    pub(super) fn push(&mut self, event: &Event, of: &StreamOf<'_>) {
        if self.rows.len() == MOST {
            self.missed += 1;
            return;
        }
        let small = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        self.rows.push(Row {
            subscriber: of.subscriber,
            stream: of.stream,
            event: of.events,
            id_bytes: small(event.id_bytes),
            data_bytes: small(event.data_bytes),
            due: event.facts.due,
            sent: event.facts.emitted,
            arrival: event.arrival,
            read: event.read,
        });
        self.ids.extend_from_slice(&self.heard);
    }

    /// Gives the rows away and makes room for as many again.
    pub(super) fn take(&mut self) -> Rows {
        let next = Rows {
            rows: Vec::with_capacity(self.rows.len()),
            ids: Vec::with_capacity(self.ids.len()),
            heard: std::mem::take(&mut self.heard),
            missed: 0,
        };
        std::mem::replace(self, next)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Events for which there was no room.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The rows, each with the first bytes of its id.
    pub fn iter(&self) -> impl Iterator<Item = (&Row, &[u8])> + '_ {
        let mut ids = self.ids.as_slice();
        self.rows.iter().map(move |row| {
            let kept = (row.id_bytes as usize).min(ID_BYTES).min(ids.len());
            let (id, rest) = ids.split_at(kept);
            ids = rest;
            (row, id)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::payload::Facts;
    use crate::session::recorder::Class;

    fn event(id: &[u8]) -> Event {
        Event {
            facts: Facts::default(),
            data_bytes: 7,
            id_bytes: id.len(),
            arrival: Interval::default(),
            class: Class::Exact,
            stamp: None,
            read: Wall(9),
            duplicate: false,
        }
    }

    fn of(events: u64) -> StreamOf<'static> {
        StreamOf {
            subscriber: 1,
            stream: 0,
            events,
            reads: 0,
            worst: None,
            request_id: None,
            remote: "",
            endpoint: 0,
            value: None,
        }
    }

    #[test]
    fn each_row_has_its_own_id_and_a_long_one_is_cut() {
        let mut rows = Rows::default();
        for (number, id) in [&b"one"[..], b"", &[b'x'; 100], b"four"].iter().enumerate() {
            rows.hear(id);
            rows.push(&event(id), &of(number as u64));
        }
        let taken = rows.take();
        let ids: Vec<_> = taken.iter().map(|(row, id)| (row.id_bytes, id)).collect();
        assert_eq!(
            ids,
            [(3, &b"one"[..]), (0, b""), (100, &[b'x'; 64]), (4, b"four")]
        );
        assert!(rows.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut rows = Rows::default();
        for number in 0..MOST as u64 + 3 {
            rows.push(&event(b""), &of(number));
        }
        assert_eq!((rows.len(), rows.missed()), (MOST, 3));
        let taken = rows.take();
        assert_eq!((taken.missed(), rows.missed()), (3, 0));
    }
}
