//! How a body is cut into events: by the rules of `text/event-stream`, by line, or as it was framed.
//!
//! Pure; it must not know content codings, framing or times.

use memchr::memchr;
use sse_wire::{DecodeError, Decoder, Item};
use verdict::observations::Format;

/// The longest line of a line stream; longer ones end the stream with an error, so that memory stays bounded.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;
/// What a partial line may leave allocated when it is complete.
const KEPT_LINE_BYTES: usize = 4 * 1024;

/// A format, with its state between two reads.
#[derive(Debug)]
pub enum Units {
    /// Server-sent events.
    Sse(Decoder),
    /// One event a line, empty lines left out; the bytes of a line that is not complete.
    Lines(Vec<u8>),
    /// One event a piece.
    Bytes,
    /// Announced as lines; what has come so far can be server-sent events as well.
    Unsure(Vec<u8>),
}

/// What a body can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit<'a> {
    /// An event.
    Event {
        /// Its data.
        data: &'a [u8],
        /// Its id; empty where it has none.
        id: &'a [u8],
    },
    /// A comment, which servers send as a heartbeat.
    Comment,
    /// A new reconnection time.
    Retry,
}

/// Which format a response is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Server-sent events.
    Sse,
    /// One event a line.
    Lines,
    /// One event a piece.
    Bytes,
    /// Lines, unless it begins as server-sent events do.
    Unsure,
}

/// Why a body cannot be read as its format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// A line or an event above its limit.
    #[error(transparent)]
    Sse(#[from] DecodeError),
    /// A line above its limit.
    #[error("a line longer than {MAX_LINE_BYTES} bytes")]
    Line,
}

impl Units {
    /// Makes ready for a stream of this kind; what an earlier stream of it left to remember stays.
    pub fn begin(&mut self, kind: Kind) {
        match (kind, &self) {
            (Kind::Sse, Units::Sse(_))
            | (Kind::Lines, Units::Lines(_))
            | (Kind::Bytes, Units::Bytes) => self.reset(),
            (Kind::Sse, _) => *self = Units::Sse(Decoder::new(sse_wire::Limits::default())),
            (Kind::Lines, _) => *self = Units::Lines(Vec::new()),
            (Kind::Bytes, _) => *self = Units::Bytes,
            (Kind::Unsure, _) => *self = Units::Unsure(Vec::new()),
        }
    }

    /// Forgets what a stream left incomplete.
    pub fn reset(&mut self) {
        match self {
            Units::Sse(decoder) => decoder.reset_stream(),
            Units::Lines(partial) | Units::Unsure(partial) => *partial = Vec::new(),
            Units::Bytes => {}
        }
    }

    /// Hands out each unit as soon as its last byte is there.
    #[inline]
    pub fn decode(&mut self, data: &[u8], on: impl FnMut(Unit<'_>)) -> Result<(), UnitError> {
        let Units::Unsure(held) = self else {
            return self.decode_known(data, on);
        };
        held.extend_from_slice(data);
        let Some(format) = verdict::media::begins_as(held) else {
            return Ok(());
        };
        let held = std::mem::take(held);
        self.begin(match format {
            Format::Sse => Kind::Sse,
            Format::Lines | Format::Bytes => Kind::Lines,
        });
        self.decode_known(&held, on)
    }

    #[inline]
    fn decode_known(&mut self, data: &[u8], mut on: impl FnMut(Unit<'_>)) -> Result<(), UnitError> {
        match self {
            Units::Sse(decoder) => Ok(decoder.decode(data, |item| {
                on(match &item {
                    Item::Event(event) => {
                        // An id in force from an earlier event would look like a duplicate of that one.
                        let id = if event.names_its_id() {
                            event.id_bytes()
                        } else {
                            b""
                        };
                        Unit::Event {
                            data: event.data_bytes(),
                            id,
                        }
                    }
                    Item::Comment { .. } => Unit::Comment,
                    Item::Retry { .. } => Unit::Retry,
                });
            })?),
            Units::Lines(partial) | Units::Unsure(partial) => lines(partial, data, on),
            Units::Bytes => {
                on(Unit::Event { data, id: b"" });
                Ok(())
            }
        }
    }

    /// The reconnection time the server asked for, in milliseconds.
    pub fn retry(&self) -> Option<u64> {
        match self {
            Units::Sse(decoder) => decoder.retry_ms(),
            _ => None,
        }
    }

    /// Whether bytes of an event that is not complete are held.
    pub fn holds_partial_event(&self) -> bool {
        match self {
            Units::Sse(decoder) => decoder.finish() != sse_wire::Unfinished::default(),
            Units::Lines(partial) | Units::Unsure(partial) => !partial.is_empty(),
            Units::Bytes => false,
        }
    }

    /// Whether an end now would discard an event: one that has data but not its blank line.
    pub fn holds_unfinished_event(&self) -> bool {
        match self {
            Units::Sse(decoder) => decoder.finish().event,
            Units::Lines(partial) | Units::Unsure(partial) => !partial.is_empty(),
            Units::Bytes => false,
        }
    }
}

fn lines(
    partial: &mut Vec<u8>,
    mut data: &[u8],
    mut on: impl FnMut(Unit<'_>),
) -> Result<(), UnitError> {
    while let Some(end) = memchr(b'\n', data) {
        let (line, rest) = (&data[..end], &data[end + 1..]);
        data = rest;
        if partial.is_empty() {
            emit(line, &mut on);
            continue;
        }
        partial.extend_from_slice(line);
        emit(partial, &mut on);
        partial.clear();
        partial.shrink_to(KEPT_LINE_BYTES);
    }
    if partial.len() + data.len() > MAX_LINE_BYTES {
        return Err(UnitError::Line);
    }
    partial.extend_from_slice(data);
    Ok(())
}

fn emit(line: &[u8], on: &mut impl FnMut(Unit<'_>)) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if !line.is_empty() {
        on(Unit::Event {
            data: line,
            id: b"",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(units: &mut Units, parts: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut events = Vec::new();
        for part in parts {
            units
                .decode(part, |unit| {
                    if let Unit::Event { data, .. } = unit {
                        events.push(data.to_vec());
                    }
                })
                .unwrap();
        }
        events
    }

    #[test]
    fn events_that_were_announced_as_lines_are_events_however_they_are_cut() {
        let body = b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n";
        for cut in 0..body.len() {
            let mut units = Units::Bytes;
            units.begin(Kind::Unsure);
            let parts = [&body[..cut], &body[cut..]];
            assert_eq!(events(&mut units, &parts), [b"a", b"b"], "cut at {cut}");
        }
        let mut units = Units::Bytes;
        units.begin(Kind::Unsure);
        assert_eq!(
            events(&mut units, &[b"a\nda", b"ta: b\n"]),
            [&b"a"[..], b"data: b"]
        );
    }

    #[test]
    fn lines_come_whole_however_they_are_split() {
        let mut units = Units::Lines(Vec::new());
        let seen = events(&mut units, &[b"on", b"e\r", b"\n\ntwo\nthr"]);
        assert_eq!(seen, [b"one".to_vec(), b"two".to_vec()]);
        assert!(units.holds_unfinished_event());
        assert_eq!(events(&mut units, &[b"ee\n"]), [b"three".to_vec()]);
        assert!(!units.holds_unfinished_event());
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut units = Units::Lines(Vec::new());
        let part = vec![b'x'; MAX_LINE_BYTES / 2 + 1];
        assert_eq!(units.decode(&part, |_| {}), Ok(()));
        assert_eq!(units.decode(&part, |_| {}), Err(UnitError::Line));
    }

    #[test]
    fn comments_and_retries_are_units_of_their_own() {
        let mut units = Units::Sse(Decoder::new(sse_wire::Limits::default()));
        let mut seen = Vec::new();
        units
            .decode(b": hello\nretry: 700\nid: 4\ndata: x\n\n", |unit| {
                seen.push(format!("{unit:?}"))
            })
            .unwrap();
        assert_eq!(seen.len(), 3);
        assert_eq!(units.retry(), Some(700));
    }
}
