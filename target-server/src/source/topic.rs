//! A topic of publish and subscribe: numbered messages and a bounded ring of them for those who come back.
//! It knows nothing of who subscribes.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use sse_wire::{EncodeError, Frame as Block};

use crate::clock::Nanos;
use crate::frame::{Frame, Stamp};

/// A topic's name: 1 to 64 letters, digits, dots, dashes or underscores.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TopicName(String);

/// The name is empty, too long, or has a character that a topic must not have.
#[derive(Debug, thiserror::Error)]
#[error("a topic has 1 to 64 of these characters: A-Z a-z 0-9 . - _")]
pub(crate) struct BadTopicName;

impl FromStr for TopicName {
    type Err = BadTopicName;

    fn from_str(name: &str) -> Result<Self, BadTopicName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(Self(name.to_owned()))
        } else {
            Err(BadTopicName)
        }
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was published: text, and the event type it is dispatched under.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    event: Option<String>,
    data: String,
}

impl Message {
    /// A message of any text; without an event type browsers call it `message`.
    ///
    /// Errors: the event type has a line end, which the format cannot express.
    pub(crate) fn new(event: Option<String>, data: String) -> Result<Self, EncodeError> {
        let message = Self { event, data };
        let unsent = Stamp {
            seq: 0,
            due: Nanos(0),
            emitted: Nanos(0),
        };
        message.frame(unsent).map(|_| message)
    }

    fn frame(&self, stamp: Stamp) -> Result<Frame, EncodeError> {
        let id = stamp.seq.to_string();
        let name = self.event.as_deref();
        Frame::event(
            stamp,
            &Block {
                name,
                id: Some(&id),
                data: Some(&self.data),
                ..Block::default()
            },
        )
    }
}

/// The most messages that a topic keeps.
pub(crate) const RING_EVENTS: usize = 256;
/// The most bytes that a topic keeps; the newest message is kept whatever its size.
pub(crate) const RING_BYTES: usize = 256 * 1024;

/// One topic's recent messages, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Topic {
    ring: VecDeque<Frame>,
    bytes: usize,
}

impl Topic {
    /// Builds the event of a message and keeps it for replay.
    pub(crate) fn event(&mut self, stamp: Stamp, message: &Message) -> Frame {
        let frame = message
            .frame(stamp)
            .expect("it could be expressed when it was made");
        self.bytes += frame.chunk().len();
        self.ring.push_back(frame.clone());
        while self.ring.len() > RING_EVENTS || (self.bytes > RING_BYTES && self.ring.len() > 1) {
            let oldest = self
                .ring
                .pop_front()
                .expect("the loop runs on a ring that is not empty");
            self.bytes -= oldest.chunk().len();
        }
        frame
    }

    /// What came after the event that a subscriber saw last, as far as it is still kept.
    pub(crate) fn replay(&self, last_event_id: u64) -> impl Iterator<Item = &Frame> {
        self.ring
            .iter()
            .filter(move |frame| frame.stamp().is_some_and(|stamp| stamp.seq > last_event_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(topic: &mut Topic, seq: u64, data: &str) -> String {
        let stamp = Stamp {
            seq,
            due: Nanos(0),
            emitted: Nanos(0),
        };
        let message = Message::new(Some("note".to_owned()), data.to_owned()).unwrap();
        String::from_utf8(topic.event(stamp, &message).plain().to_vec()).unwrap()
    }

    #[test]
    fn every_kind_of_line_end_begins_a_data_field() {
        let text = publish(&mut Topic::default(), 3, "a\r\nb\rc\nd\n");
        assert_eq!(
            text,
            "event: note\nid: 3\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"
        );
    }

    #[test]
    fn replay_begins_after_the_id_and_is_bounded() {
        let mut topic = Topic::default();
        for seq in 1..=300 {
            publish(&mut topic, seq, "x");
        }
        let seqs = |last| {
            topic
                .replay(last)
                .map(|frame| frame.stamp().unwrap().seq)
                .collect::<Vec<_>>()
        };
        assert_eq!(seqs(298), [299, 300]);
        assert_eq!(seqs(300), [0_u64; 0]);
        assert_eq!(seqs(0).len(), RING_EVENTS);
        assert_eq!(seqs(0)[0], 300 - RING_EVENTS as u64 + 1);
    }

    #[test]
    fn a_ring_of_large_messages_is_bounded_by_bytes() {
        let mut topic = Topic::default();
        for seq in 1..=10 {
            publish(&mut topic, seq, &"x".repeat(60_000));
        }
        assert_eq!(topic.replay(0).count(), 4);
        publish(&mut topic, 11, &"x".repeat(2 * RING_BYTES));
        assert_eq!(topic.replay(0).count(), 1);
    }

    #[test]
    fn names_are_checked() {
        assert!("news.eu-1_a".parse::<TopicName>().is_ok());
        for bad in ["", "a b", "a/b", "é", &"x".repeat(65)] {
            assert!(bad.parse::<TopicName>().is_err(), "{bad}");
        }
    }
}
