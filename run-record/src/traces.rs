//! Arrival by arrival, for a few probe streams: what the drip picture is drawn from.
//!
//! Bounded in streams and in events of each. Which streams are kept depends on their key alone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{Interval, Wall};

/// The most streams that are kept.
pub const MAX_TRACES: usize = 16;

/// The most events of one stream that are kept: its first ones.
pub const MAX_TRACE_EVENTS: usize = 1_024;

/// The most comments of one stream that are kept: its first ones.
pub const MAX_TRACE_COMMENTS: usize = 64;

/// One event of a traced stream.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct TraceEvent {
    /// Its number in the stream, from 0.
    pub number: u64,
    /// Its sequence number, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Length of its id in bytes; 0 without one.
    #[serde(default)]
    pub id_bytes: u32,
    /// Bytes of the stream that it takes, its blank line included.
    pub bytes: u32,
    /// It had certainly not arrived before.
    pub earliest_us: Wall,
    /// It had certainly arrived then.
    pub latest_us: Wall,
    /// When this tool read it.
    pub read_us: Wall,
    /// Which read of the stream completed it, from 0: events of one read share their arrival.
    pub read: u64,
    /// Which chunk of the transfer coding completed it, from 0, where there are chunks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<u64>,
    /// When it was due, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_us: Option<Wall>,
    /// When it was emitted, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emitted_us: Option<Wall>,
}

impl TraceEvent {
    /// When it arrived, as far as that is known.
    pub fn arrival(&self) -> Interval {
        Interval::new(self.earliest_us, self.latest_us)
    }

    fn whole_micros(self) -> Self {
        Self {
            earliest_us: self.earliest_us.whole_micros(),
            latest_us: self.latest_us.whole_micros(),
            read_us: self.read_us.whole_micros(),
            due_us: self.due_us.map(Wall::whole_micros),
            emitted_us: self.emitted_us.map(Wall::whole_micros),
            ..self
        }
    }
}

/// One traced stream.
///
/// All times are whole microseconds: [`Trace::push`] and [`Traces::insert`] cut them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// Number of the subscriber, from 0.
    pub subscriber: u64,
    /// Number of the stream of that subscriber, from 0: above 0 after a reconnect.
    pub stream: u32,
    /// Remote address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// Request id that the response named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When the last byte of the request was accepted by the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_us: Option<Wall>,
    /// When the response head was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_us: Option<Wall>,
    /// When the first byte of the body arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_us: Option<Wall>,
    /// When comments (heartbeats) arrived, the first ones in order; several of one read once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments_us: Vec<Wall>,
    /// When the stream ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_us: Option<Wall>,
    /// How the stream ended, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// The first events, in order of their number.
    pub events: Vec<TraceEvent>,
}

impl Trace {
    /// Add an event; beyond [`MAX_TRACE_EVENTS`] it is dropped. Events must come in order.
    pub fn push(&mut self, event: TraceEvent) {
        if self.events.len() < MAX_TRACE_EVENTS {
            self.events.push(event.whole_micros());
        }
    }

    /// Add a comment; beyond [`MAX_TRACE_COMMENTS`] the latest are dropped.
    pub fn comment(&mut self, at: Wall) {
        self.comments_us.push(at);
        self.settle_comments();
    }

    /// The first instants, each once: whichever comes first, the same remain.
    fn settle_comments(&mut self) {
        for at in &mut self.comments_us {
            *at = at.whole_micros();
        }
        self.comments_us.sort_unstable();
        self.comments_us.dedup();
        self.comments_us.truncate(MAX_TRACE_COMMENTS);
    }

    /// Join two settled fragments of the same stream.
    fn join(&mut self, other: &Self) {
        later(&mut self.remote, &other.remote);
        later(&mut self.request_id, &other.request_id);
        later(&mut self.requested_us, &other.requested_us);
        later(&mut self.head_us, &other.head_us);
        later(&mut self.first_byte_us, &other.first_byte_us);
        later(&mut self.end_us, &other.end_us);
        later(&mut self.end, &other.end);
        self.comments_us.extend_from_slice(&other.comments_us);
        self.settle_comments();
        let in_order = self.events.last() < other.events.first();
        self.events.extend_from_slice(&other.events);
        if in_order {
            // The usual case: the next events of a stream, without sorting all of it again.
            self.events.truncate(MAX_TRACE_EVENTS);
        } else {
            self.settle();
        }
    }

    /// Bring the fragment into the one form: whole microseconds, ordered, bounded.
    fn settle(&mut self) {
        for time in [
            &mut self.requested_us,
            &mut self.head_us,
            &mut self.first_byte_us,
            &mut self.end_us,
        ] {
            *time = time.map(Wall::whole_micros);
        }
        for event in &mut self.events {
            *event = event.whole_micros();
        }
        self.events.sort_unstable();
        self.events.dedup();
        self.events.truncate(MAX_TRACE_EVENTS);
        self.settle_comments();
    }
}

/// The traced streams, at most [`MAX_TRACES`]: those with the smallest subscriber and stream.
///
/// A trace may come in fragments, one for each snapshot: those of the same subscriber and stream
/// are joined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<Trace>", into = "Vec<Trace>")]
#[schemars(with = "Vec<Trace>")]
pub struct Traces {
    traces: BTreeMap<(u64, u32), Trace>,
}

impl Traces {
    /// Whether a stream would be kept: worth asking before tracing it.
    pub fn would_keep(&self, subscriber: u64, stream: u32) -> bool {
        self.traces.len() < MAX_TRACES
            || self
                .traces
                .last_key_value()
                .is_some_and(|(&last, _)| (subscriber, stream) <= last)
    }

    /// Add a trace or a fragment of one.
    pub fn insert(&mut self, mut trace: Trace) {
        if !self.would_keep(trace.subscriber, trace.stream) {
            return;
        }
        trace.settle();
        let key = (trace.subscriber, trace.stream);
        match self.traces.get_mut(&key) {
            Some(known) => known.join(&trace),
            None => {
                self.traces.insert(key, trace);
            }
        }
        if self.traces.len() > MAX_TRACES {
            self.traces.pop_last();
        }
    }

    /// Add an event to the trace of a stream, which begins with it if there is none.
    ///
    /// Allocates only when the trace begins or grows: cheaper than a fragment for each event.
    pub fn observe(&mut self, subscriber: u64, stream: u32, event: TraceEvent) {
        let Some(known) = self.traces.get_mut(&(subscriber, stream)) else {
            let events = vec![event];
            return self.insert(Trace {
                subscriber,
                stream,
                events,
                ..Trace::default()
            });
        };
        let event = event.whole_micros();
        let in_order = known.events.last() < Some(&event);
        known.events.push(event);
        if in_order {
            known.events.truncate(MAX_TRACE_EVENTS);
        } else {
            known.settle();
        }
    }

    /// Add the traces of `other`.
    pub fn merge(&mut self, other: &Self) {
        for trace in other.traces.values() {
            self.insert(trace.clone());
        }
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.traces.clear();
    }

    /// The traces, by subscriber and stream.
    pub fn iter(&self) -> impl Iterator<Item = &Trace> + '_ {
        self.traces.values()
    }
}

impl From<Vec<Trace>> for Traces {
    fn from(traces: Vec<Trace>) -> Self {
        let mut kept = Self::default();
        traces.into_iter().for_each(|trace| kept.insert(trace));
        kept
    }
}

impl From<Traces> for Vec<Trace> {
    fn from(traces: Traces) -> Self {
        traces.traces.into_values().collect()
    }
}

/// Keep the later of two facts that should be equal: any fixed choice merges in any order.
fn later<T: Ord + Clone>(mine: &mut Option<T>, theirs: &Option<T>) {
    if *theirs > *mine {
        mine.clone_from(theirs);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Fragments of streams: which subscriber, and the events from a number on.
    fn fragments() -> impl Strategy<Value = Vec<(u64, u64, u64)>> {
        prop::collection::vec((0_u64..24, 0_u64..1_100, 0_u64..300), 0..30)
    }

    fn inserted(fragments: &[(u64, u64, u64)]) -> Traces {
        let mut traces = Traces::default();
        for &(subscriber, first, count) in fragments {
            let mut trace = Trace {
                subscriber,
                ..Trace::default()
            };
            for number in first..first + count {
                trace.push(TraceEvent {
                    number,
                    latest_us: Wall(number * 1_500),
                    ..TraceEvent::default()
                });
                if number % 3 == 0 {
                    trace.comment(Wall(number * 700));
                }
            }
            traces.insert(trace);
        }
        traces
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_order_and_no_sharding_changes_the_traces(a in fragments(), b in fragments()) {
            let mut merged = inserted(&b);
            merged.merge(&inserted(&a));
            let whole = inserted(&[a, b].concat());
            prop_assert_eq!(&merged, &whole);
            prop_assert!(whole.iter().count() <= MAX_TRACES);
            prop_assert!(whole.iter().all(|trace| trace.events.len() <= MAX_TRACE_EVENTS));
            prop_assert!(whole.iter().all(|trace| trace.comments_us.len() <= MAX_TRACE_COMMENTS));
            prop_assert!(whole.iter().all(|trace| trace.events.is_sorted_by(|a, b| a.number < b.number)));
        }

        #[test]
        fn a_record_gives_back_the_traces(a in fragments()) {
            let traces = inserted(&a);
            let json = serde_json::to_string(&traces).unwrap();
            prop_assert_eq!(serde_json::from_str::<Traces>(&json).unwrap(), traces);
        }
    }

    #[test]
    fn event_by_event_gives_what_a_fragment_gives() {
        let event = |number| TraceEvent {
            number,
            read_us: Wall(number),
            ..TraceEvent::default()
        };
        let numbers = [0, 1, 2, 2, 7, 5, 1_500];
        let mut one_by_one = Traces::default();
        numbers
            .iter()
            .for_each(|&number| one_by_one.observe(3, 1, event(number)));
        let events = numbers.map(event).to_vec();
        let at_once = Traces::from(vec![Trace {
            subscriber: 3,
            stream: 1,
            events,
            ..Trace::default()
        }]);
        assert_eq!(one_by_one, at_once);
    }

    #[test]
    fn fragments_of_one_stream_are_joined_whichever_comes_first() {
        let head = Trace {
            head_us: Some(Wall(2_999)),
            ..Trace::default()
        };
        let end = Trace {
            end: Some("reset".to_owned()),
            ..Trace::default()
        };
        for order in [[head.clone(), end.clone()], [end, head]] {
            let traces = Traces::from(order.to_vec());
            let joined: Vec<_> = traces.iter().collect();
            assert_eq!(joined.len(), 1);
            assert_eq!(joined[0].head_us, Some(Wall(2_000)));
            assert_eq!(joined[0].end.as_deref(), Some("reset"));
        }
    }
}
