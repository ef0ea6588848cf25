//! Everything that is counted, in one struct with one merge.
//!
//! The structs are made by one macro, so that no field can be forgotten by `merge` and so that a
//! report or a limit finds a counter by the name it has here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Structs of saturating `u64` counters: `merge` and `iter` cover every field by construction.
macro_rules! counters {
    ($($(#[$struct_meta:meta])* $name:ident { $($(#[$meta:meta])* $field:ident,)+ })+) => {$(
        $(#[$struct_meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(default)]
        pub struct $name {
            $($(#[$meta])* pub $field: u64,)+
        }

        impl $name {
            /// Add the counts of `other`; saturates.
            pub fn merge(&mut self, other: &Self) {
                $(self.$field = self.$field.saturating_add(other.$field);)+
            }

            /// Name and count of each counter, in the order of the declaration.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$((stringify!($field), self.$field)),+].into_iter()
            }
        }
    )+};
}

counters! {
    /// Subscribers: each is one EventSource, a sequence of streams.
    Subscribers {
        /// Began to connect.
        started,
        /// Got a stream at least once: status 200 and a type that is accepted.
        connected,
        /// Had an open stream when the run ended.
        streaming_at_end,
        /// Ended for good before the run did: 204, another status, a wrong type.
        given_up,
    }

    /// TCP connections and the attempts at them.
    Connections {
        /// Attempts, reconnects included.
        attempted,
        /// Attempts that became a stream.
        opened,
        /// Attempts that did not become a stream.
        failed,
        /// Attempts after the first one of their subscriber.
        reconnects,
        /// Opened connections that the other side closed or reset.
        closed_by_server,
        /// Opened connections that this side closed.
        closed_by_us,
        /// Redirects followed.
        redirects,
    }

    /// How streams ended. Those still open at the end of the run are not among them.
    Ends {
        /// By the last chunk or the announced length.
        complete,
        /// By closing the connection where nothing else marks an end.
        closed,
        /// By closing the connection before the last chunk or the announced length.
        truncated,
        /// By a connection reset.
        reset,
        /// By bytes that break the framing, the coding or a bound of this tool.
        broken,
        /// By this tool, before the end of the run.
        stopped,
    }

    /// Events, and what their sequence says about them.
    Events {
        /// Dispatched, duplicates included.
        received,
        /// Received with a sequence number or an id that can be counted on.
        sequenced,
        /// Never received although later ones of the same stream were.
        lost,
        /// Missed between two streams of one subscriber: written while it was reconnecting.
        missed_between_streams,
        /// Received again by the same subscriber.
        duplicated,
        /// Received after a later one of the same stream.
        reordered,
        /// Begun and not ended by a blank line when the stream ended.
        unfinished,
        /// Received with a due time.
        with_due,
        /// Received with a send time.
        with_emitted,
        /// Arrived before they were due or emitted, by the clocks: on one host a bug.
        before_sent,
        /// Received with a send time of a clock that nobody knows the offset of: they have no `delivery` and no
        /// `transit` by it.
        without_clock,
        /// Arrived while the generator itself did not run, nobody knows when within that time: they have no
        /// `delivery` and no `transit`.
        untimed,
    }

    /// How exactly arrivals are known; each event is in one class (measuring section 1.1).
    Arrivals {
        /// Last event of a read that drained the socket, with a stamp.
        exact,
        /// Earlier event of a read that returned several, or of a read that did not drain.
        bounded,
        /// The stamp is earlier than the socket was empty: loss or reordering on the path.
        reordered,
        /// Without a kernel stamp.
        unstamped,
    }

    /// Bytes received.
    Bytes {
        /// From sockets: heads, framing and, with TLS, ciphertext.
        wire,
        /// Of bodies after the transfer coding was removed.
        body,
        /// Of bodies after the content coding was removed.
        decoded,
    }

    /// What streams held besides events.
    Fields {
        /// Comment lines, heartbeats among them.
        comments,
        /// Valid `retry` fields.
        retries,
        /// Streams that began with a byte order mark.
        byte_order_marks,
    }

    /// Reads from sockets.
    Reads {
        /// Calls that returned bytes.
        returned,
        /// Calls that returned bytes with a kernel stamp.
        stamped,
        /// Calls that completed at least one event.
        with_events,
    }

    /// Streams by whether they stalled: a gap longer than three times the usual one.
    Stalls {
        /// Streams with enough gaps to tell what is usual.
        judged_streams,
        /// Streams among them that stalled at least once.
        stalled_streams,
    }
}

/// All counters of one group of subscribers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Counters {
    /// Subscribers.
    pub subscribers: Subscribers,
    /// Connections and attempts.
    pub connections: Connections,
    /// How streams ended.
    pub ends: Ends,
    /// Events by what became of them.
    pub events: Events,
    /// Events by how exactly their arrival is known.
    pub arrivals: Arrivals,
    /// Bytes received.
    pub bytes: Bytes,
    /// What streams held besides events.
    pub fields: Fields,
    /// Reads from sockets.
    pub reads: Reads,
    /// Streams by whether they stalled.
    pub stalls: Stalls,
}

impl Counters {
    /// Add the counts of `other`; saturates.
    pub fn merge(&mut self, other: &Self) {
        // Destructured, so that a new part cannot be forgotten.
        let Self {
            subscribers,
            connections,
            ends,
            events,
            arrivals,
            bytes,
            fields,
            reads,
            stalls,
        } = self;
        subscribers.merge(&other.subscribers);
        connections.merge(&other.connections);
        ends.merge(&other.ends);
        events.merge(&other.events);
        arrivals.merge(&other.arrivals);
        bytes.merge(&other.bytes);
        fields.merge(&other.fields);
        reads.merge(&other.reads);
        stalls.merge(&other.stalls);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn merge_adds_every_field() {
        // By way of JSON, so that a field which `merge` forgets is seen here.
        let mut one = serde_json::to_value(Counters::default()).unwrap();
        let mut expected = one.clone();
        let mut number = 0_u64;
        for (part, fields) in one.as_object_mut().unwrap() {
            for (name, value) in fields.as_object_mut().unwrap() {
                number += 1;
                *value = number.into();
                expected[part][name] = (2 * number).into();
            }
        }
        let counters: Counters = serde_json::from_value(one).unwrap();
        let mut doubled = counters;
        doubled.merge(&counters);
        assert_eq!(serde_json::to_value(doubled).unwrap(), expected);
        assert!(number > 30);
    }

    proptest! {
        #[test]
        fn merge_saturates(a: u64, b: u64) {
            let mut events = Events { received: a, ..Events::default() };
            events.merge(&Events { received: b, ..Events::default() });
            prop_assert_eq!(events.received, a.saturating_add(b));
            prop_assert_eq!(events.iter().next(), Some(("received", a.saturating_add(b))));
        }
    }
}
