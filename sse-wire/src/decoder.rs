//! Bytes of one stream to items, as soon as their last byte is there.
//!
//! Whole lines are found with `memchr` and read where they lie; only what the
//! next input must know about is copied. Must not know sockets, clocks or text.

mod block;
mod field;

use alloc::boxed::Box;
use alloc::string::String;

use memchr::memchr2;

use crate::item::text_of;
use crate::{DecodeError, Event, Item, Limits};
use block::{Block, Kept, empty};
use field::Field;

pub use block::RETAINED_BYTES;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Decodes one `text/event-stream`, in inputs split anywhere.
///
/// Shape: 96 bytes inline. The heap holds the last event ID and, once an input
/// ended inside a block, the part of that block to be remembered; every buffer
/// is used again. Between blocks none keeps more than [`RETAINED_BYTES`].
///
/// Where the rules leave a choice: an empty `retry` is ignored; a `retry` too
/// large for 64 bits saturates; the last event ID outlives
/// [`reset_stream`](Self::reset_stream), as in browsers; a line without its end
/// is never read.
///
/// Source: WHATWG HTML 9.2.6, "interpreting an event stream".
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    /// The committed one. Text, because a client sends it back as UTF-8.
    last_event_id: String,
    retry_ms: Option<u64>,
    failed: Option<DecodeError>,
    /// What earlier inputs left; allocated by the first input that leaves something.
    kept: Option<Box<Kept>>,
    /// Bytes of a leading BOM seen; its full length once the start is behind us.
    bom_seen: u8,
    /// The last input ended in a CR: a LF at the start of the next belongs to it.
    after_cr: bool,
}

/// What the end of the stream discards: the rules drop a block without its blank line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Bytes of a last line that has no line end.
    pub line_bytes: usize,
    /// Bytes of data in whole lines, with the LFs that join them.
    pub data_bytes: usize,
    /// Whole lines of a block have come, but not its blank line: data, an event name or an
    /// ID that will never be in force.
    pub block: bool,
    /// One more blank line would have dispatched an event: the server sent one and
    /// did not end it, or was cut off.
    pub event: bool,
}

impl Decoder {
    /// A decoder at the start of a subscriber's first stream.
    pub fn new(limits: Limits) -> Self {
        Self::with_last_event_id(limits, b"")
    }

    /// A decoder whose first stream continues after `id`, as after a reconnect.
    ///
    /// `id` is taken as it is; invalid UTF-8 becomes U+FFFD.
    pub fn with_last_event_id(limits: Limits, id: &[u8]) -> Self {
        Self {
            limits,
            last_event_id: text_of(id).into_owned(),
            retry_ms: None,
            failed: None,
            kept: None,
            bom_seen: 0,
            after_cr: false,
        }
    }

    /// Takes the next bytes of the stream, of any length, and calls `on` for each
    /// item in stream order, as soon as its last byte is in `input`.
    ///
    /// How the stream is split into inputs changes neither the items nor the error.
    ///
    /// Errors: a line or an event above its limit, after the items before it. The
    /// decoder then drops what it held and returns the same error until
    /// [`reset_stream`](Self::reset_stream).
    pub fn decode(
        &mut self,
        input: &[u8],
        mut on: impl FnMut(Item<'_>),
    ) -> Result<(), DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let outcome = self.decode_lines(input, &mut on);
        if let Err(error) = outcome {
            self.failed = Some(error);
            self.kept = None;
        }
        outcome
    }

    /// The last event ID to reconnect with: committed by a whole block, with or
    /// without data. Always UTF-8; empty if there is none.
    pub fn last_event_id(&self) -> &[u8] {
        self.last_event_id.as_bytes()
    }

    /// The last valid `retry`, in milliseconds; `None` if the server never sent one.
    pub fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    /// What would be discarded if the stream ended now; all zero after an error.
    pub fn finish(&self) -> Unfinished {
        // The bytes of a BOM that never became whole are a line that never ended.
        let bom_bytes = if self.at_start() {
            usize::from(self.bom_seen)
        } else {
            0
        };
        let Some(kept) = &self.kept else {
            return Unfinished {
                line_bytes: bom_bytes,
                ..Unfinished::default()
            };
        };
        let data = kept.block().data(Some(kept)).map(<[u8]>::len);
        let begun_data = matches!(Field::parse(&kept.line), Field::Data(_));
        Unfinished {
            line_bytes: bom_bytes + kept.line.len(),
            data_bytes: data.unwrap_or_default(),
            block: !kept.block().is_empty(),
            event: data.is_some() || begun_data,
        }
    }

    /// Heap bytes held now, to account for memory per connection.
    pub fn heap_bytes(&self) -> usize {
        let kept = self
            .kept
            .as_ref()
            .map_or(0, |kept| size_of::<Kept>() + kept.capacity());
        kept + self.last_event_id.capacity()
    }

    /// Makes ready for the next stream of the same subscriber: forgets partial
    /// input, the start of the stream and any error; keeps the last event ID, the
    /// retry time and small buffers.
    pub fn reset_stream(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
        self.failed = None;
        self.bom_seen = 0;
        self.after_cr = false;
    }

    fn at_start(&self) -> bool {
        usize::from(self.bom_seen) < BOM.len()
    }

    fn decode_lines(
        &mut self,
        input: &[u8],
        on: &mut impl FnMut(Item<'_>),
    ) -> Result<(), DecodeError> {
        let Some(mut at) = self.enter(input) else {
            return Ok(());
        };
        let kept = self.kept.as_deref();
        let mut block = kept.map_or_else(Block::default, Kept::block);
        let mut line_begun = kept.is_some_and(|kept| !kept.line.is_empty());

        while let Some(length) = memchr2(b'\n', b'\r', &input[at..]) {
            let line = &input[at..at + length];
            let end = at + length + 1;
            if line_begun {
                block = self.end_begun_line(line, end, on)?;
                line_begun = false;
            } else if line.is_empty() {
                self.dispatch(block, end, on);
                block = Block::default();
            } else {
                self.check_line(length)?;
                self.take_line(line, &mut block, end, on)?;
            }
            at = self.after_line_end(input, end);
        }
        self.keep(block, &input[at..])
    }

    /// Passes what belongs to the start of this input: a BOM, a LF after a CR.
    /// Gives the offset of the first line, or `None` if the input has no more to say.
    fn enter(&mut self, input: &[u8]) -> Option<usize> {
        let mut at = 0;
        while self.at_start() {
            let seen = usize::from(self.bom_seen);
            if *input.get(at)? == BOM[seen] {
                self.bom_seen += 1;
                at += 1;
            } else {
                if seen > 0 {
                    self.kept_mut().line.extend_from_slice(&BOM[..seen]);
                }
                self.bom_seen = BOM.len() as u8;
            }
        }
        let first = *input.get(at)?;
        if core::mem::take(&mut self.after_cr) && first == b'\n' {
            at += 1;
        }
        Some(at)
    }

    /// The offset of the next line; `end` lies just after this one's CR or LF.
    ///
    /// A CR ends the line at once: to wait and see whether a LF follows would hold
    /// an event back for a byte that may come with the next event only.
    #[inline]
    fn after_line_end(&mut self, input: &[u8], end: usize) -> usize {
        if input[end - 1] == b'\n' {
            return end;
        }
        match input.get(end) {
            Some(b'\n') => end + 1,
            Some(_) => end,
            None => {
                self.after_cr = true;
                end
            }
        }
    }

    /// The end of a line whose start earlier inputs brought. Its buffer is needed for
    /// the next such line, so the block must not go on borrowing from it.
    fn end_begun_line(
        &mut self,
        rest: &[u8],
        end: usize,
        on: &mut impl FnMut(Item<'_>),
    ) -> Result<Block<'static>, DecodeError> {
        let kept = self.kept_mut();
        let mut block: Block<'_> = kept.block();
        let mut line = core::mem::take(&mut kept.line);
        self.check_line(line.len() + rest.len())?;
        line.extend_from_slice(rest);
        self.take_line(&line, &mut block, end, on)?;
        let kept = self.kept_mut();
        kept.keep(block);
        empty(&mut line);
        kept.line = line;
        Ok(kept.block())
    }

    /// A whole line that is not blank.
    #[inline]
    fn take_line<'i>(
        &mut self,
        line: &'i [u8],
        block: &mut Block<'i>,
        end: usize,
        on: &mut impl FnMut(Item<'_>),
    ) -> Result<(), DecodeError> {
        match Field::parse(line) {
            Field::Data(value) => block.add_data(value, &mut self.kept),
            Field::Event(value) => block.set_name(value),
            Field::Id(value) => block.set_id(value),
            Field::Comment(text) => on(Item::Comment { text, end }),
            Field::Retry(ms) => {
                self.retry_ms = Some(ms);
                on(Item::Retry { ms, end });
            }
            Field::Ignored => {}
        }
        self.check_block(block)
    }

    /// A blank line: commits the ID, with or without data, then hands out the event.
    #[inline]
    fn dispatch(&mut self, block: Block<'_>, end: usize, on: &mut impl FnMut(Item<'_>)) {
        let kept = self.kept.as_deref();
        let names_its_id = block.id(kept).is_some();
        if let Some(id) = block.id(kept) {
            set_text(&mut self.last_event_id, &text_of(id));
        }
        if let Some(data) = block.data(kept) {
            let name = block.name(kept);
            on(Item::Event(Event {
                data,
                name,
                id: &self.last_event_id,
                names_its_id,
                end,
            }));
        }
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
    }

    /// Copies what the next input must know about: the open block and the begun line.
    fn keep(&mut self, block: Block<'_>, rest: &[u8]) -> Result<(), DecodeError> {
        if self.kept.is_none() && block.is_empty() && rest.is_empty() {
            return Ok(());
        }
        let begun_bytes = self.kept_mut().line.len();
        self.check_line(begun_bytes + rest.len())?;
        let kept = self.kept_mut();
        kept.keep(block);
        kept.line.extend_from_slice(rest);
        Ok(())
    }

    #[inline]
    fn check_line(&self, bytes: usize) -> Result<(), DecodeError> {
        let limit = self.limits.max_line_bytes;
        if bytes > limit {
            Err(DecodeError::LineTooLong { limit, bytes })
        } else {
            Ok(())
        }
    }

    #[inline]
    fn check_block(&self, block: &Block<'_>) -> Result<(), DecodeError> {
        let limit = self.limits.max_event_bytes;
        let bytes = block.bytes(self.kept.as_deref());
        if bytes > limit {
            Err(DecodeError::EventTooLong { limit, bytes })
        } else {
            Ok(())
        }
    }

    fn kept_mut(&mut self) -> &mut Kept {
        self.kept.get_or_insert_default()
    }
}

/// Sets `text` in the buffer it has, unless that grew large.
fn set_text(text: &mut String, new: &str) {
    text.clear();
    if text.capacity() > RETAINED_BYTES {
        *text = String::new();
    }
    text.push_str(new);
}
