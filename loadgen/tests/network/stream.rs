//! The bytes of one connection, put together from segments by sequence number, and when each could first be read.

use memchr::memmem;
use std::collections::{BTreeMap, HashMap};

/// What one side of a connection sent.
pub(crate) struct Stream {
    /// Sequence number of the first byte.
    first: u32,
    bytes: Vec<u8>,
    /// In order; each ends where the next begins.
    runs: Vec<Run>,
    /// Segments behind a hole, by offset.
    waiting: BTreeMap<usize, Vec<u8>>,
}

/// Bytes that became readable at one instant.
struct Run {
    end: usize,
    at: u64,
    /// A hole before them, or behind which they had waited, was filled at that instant.
    repaired: bool,
}

/// An event as the capture saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    /// When its last byte, and all before it, had arrived.
    pub(crate) at: u64,
    /// It waited for a segment that came late, or was in it.
    pub(crate) repaired: bool,
    /// Segments that carried it, from its id on.
    pub(crate) segments: usize,
}

impl Stream {
    pub(crate) fn new(first: u32) -> Stream {
        Stream {
            first,
            bytes: Vec::new(),
            runs: Vec::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// Takes in one segment, in the order of arrival.
    pub(crate) fn observe(&mut self, sequence: u32, payload: &[u8], at: u64) {
        let here = self.first.wrapping_add(self.bytes.len() as u32);
        let ahead = sequence.wrapping_sub(here) as i32;
        if payload.is_empty() {
            return;
        }
        if ahead > 0 {
            let offset = self.bytes.len() + ahead as usize;
            self.waiting.insert(offset, payload.to_vec());
            return;
        }
        // What was there already had arrived before.
        let Some(fresh) = payload.get(ahead.unsigned_abs() as usize..) else {
            return;
        };
        let repaired = !self.waiting.is_empty();
        self.append(fresh, at, repaired);
        while let Some(entry) = self.waiting.first_entry() {
            let Some(known) = self.bytes.len().checked_sub(*entry.key()) else {
                break;
            };
            let segment = entry.remove();
            self.append(segment.get(known..).unwrap_or_default(), at, true);
        }
    }

    fn append(&mut self, bytes: &[u8], at: u64, repaired: bool) {
        if !bytes.is_empty() {
            self.bytes.extend_from_slice(bytes);
            let end = self.bytes.len();
            self.runs.push(Run { end, at, repaired });
        }
    }

    /// The events of a price stream by their ids, each of which it must have once.
    pub(crate) fn events(&self) -> HashMap<u64, Sighting> {
        let mut events = HashMap::new();
        let mut from = 0;
        while let Some(found) = memmem::find(&self.bytes[from..], b"\nid: ") {
            let id = from + found + "\nid: ".len();
            let rest = &self.bytes[id..];
            let Some(length) = memmem::find(rest, b"\n\n") else {
                break;
            };
            let digits = rest.split(|byte| *byte == b'\n').next().unwrap();
            let seq = std::str::from_utf8(digits).unwrap().parse().unwrap();
            let end = id + length + 2;
            let twice = events.insert(seq, self.sighting(id, end));
            assert!(twice.is_none(), "event {seq} was captured twice");
            from = end - 1;
        }
        events
    }

    fn sighting(&self, start: usize, end: usize) -> Sighting {
        let first = self.runs.partition_point(|run| run.end <= start);
        let last = self.runs.partition_point(|run| run.end < end);
        Sighting {
            at: self.runs[last].at,
            repaired: self.runs[last].repaired,
            segments: last - first + 1,
        }
    }
}

/// Ten bytes a segment.
#[test]
fn an_event_arrives_when_the_last_segment_that_it_needs_has_come() {
    let bytes = b"\nid: 1\ndata: a\n\n\nid: 2\ndata: b\n\n";
    let segments: Vec<&[u8]> = bytes.chunks(10).collect();
    let mut stream = Stream::new(u32::MAX - 4);
    let sequence = |segment: usize| (u32::MAX - 4).wrapping_add(10 * segment as u32);
    // The second comes late, the third twice.
    for (segment, at) in [(0, 100), (2, 300), (3, 400), (1, 500), (2, 600)] {
        stream.observe(sequence(segment), segments[segment], at);
    }
    let events = stream.events();
    assert_eq!((events[&1].at, events[&1].segments), (500, 2));
    assert_eq!((events[&2].at, events[&2].segments), (500, 2));
    assert!(events[&1].repaired && events[&2].repaired);
}
