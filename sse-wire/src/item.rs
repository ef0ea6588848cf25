//! What a decoder hands out. Borrows from the input or from the decoder; copies nothing.

use alloc::borrow::Cow;
use alloc::string::String;

/// One thing a stream said, handed out when its last byte is in the input.
///
/// `end` is always an offset into the `input` of the current call: just after
/// the byte that completed the item. It is at least 1 and maps an item to the
/// read that completed it. Of a CRLF the CR completes, so `end` lies between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// An event was dispatched.
    Event(Event<'a>),
    /// A comment line, which servers send as a heartbeat.
    Comment {
        /// Raw bytes after the colon, without one leading space; may be empty.
        text: &'a [u8],
        /// Offset in the input just after the line's end.
        end: usize,
    },
    /// A valid `retry` field: the new reconnection time, in force at once.
    Retry {
        /// Reconnection time in milliseconds; a number above `u64::MAX` saturates.
        ms: u64,
        /// Offset in the input just after the line's end.
        end: usize,
    },
}

/// A dispatched event.
///
/// Source: WHATWG HTML 9.2.6, "dispatch the event".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    pub(crate) data: &'a [u8],
    pub(crate) name: &'a [u8],
    pub(crate) id: &'a str,
    pub(crate) names_its_id: bool,
    /// Offset in the input just after the byte that dispatched the event.
    pub end: usize,
}

impl<'a> Event<'a> {
    /// The data as it came, lines joined by LF; may be empty or invalid UTF-8.
    pub fn data_bytes(&self) -> &'a [u8] {
        self.data
    }

    /// The data as text; each invalid UTF-8 sequence becomes one U+FFFD.
    pub fn data(&self) -> Cow<'a, str> {
        text_of(self.data)
    }

    /// The `event` field as it came; empty when there was none.
    pub fn name_bytes(&self) -> &'a [u8] {
        self.name
    }

    /// The event type as a browser sees it: `message` when the field was empty or absent.
    pub fn name(&self) -> Cow<'a, str> {
        match self.name {
            [] => Cow::Borrowed("message"),
            name => text_of(name),
        }
    }

    /// The last event ID in force at dispatch, in UTF-8; see [`id`](Self::id).
    pub fn id_bytes(&self) -> &'a [u8] {
        self.id.as_bytes()
    }

    /// The last event ID in force at dispatch: of this block or of an earlier one; empty if none.
    pub fn id(&self) -> Cow<'a, str> {
        Cow::Borrowed(self.id)
    }

    /// Whether the event's own block has a valid `id` field; without one the ID is that of
    /// an earlier block, which says nothing about this event's place in a sequence.
    pub fn names_its_id(&self) -> bool {
        self.names_its_id
    }
}

/// Decodes with U+FFFD. Valid text, which is nearly all, is checked several times faster
/// than by `from_utf8_lossy` (measured: Rust 1.95).
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}
