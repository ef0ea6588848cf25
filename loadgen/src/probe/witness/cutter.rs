//! Cuts a decoded body into events, with the offset behind each: what [`super::Witness`] counts bytes by.
//!
//! Pure. The session of `run` has a cutter of its own, which keeps no offsets: it is on the hot path.

use sse_wire::{Decoder, Item, Limits};
use verdict::media;
use verdict::observations::Format;

/// The longest line, and the longest event, that a check reads: sixteen times the largest event known from the field.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// A format, with its state between two pieces.
#[derive(Debug)]
pub(super) enum Cutter {
    Sse(Box<Decoder>),
    Lines {
        partial: Vec<u8>,
    },
    /// Announced as lines; what has come so far can be server-sent events as well.
    Unsure {
        held: Vec<u8>,
    },
    /// One event a chunk where there are chunks, else one a piece.
    Bytes {
        chunked: bool,
        end: u64,
    },
}

/// One thing that a body says.
pub(super) struct Unit<'a> {
    /// Offset in the decoded body just behind it.
    pub(super) end: u64,
    /// Data, id and whether it names a type; absent for what is no event.
    pub(super) event: Option<(&'a [u8], &'a [u8], bool)>,
    pub(super) is_comment: bool,
}

impl<'a> Unit<'a> {
    pub(super) fn event(end: u64, data: &'a [u8], id: &'a [u8], named: bool) -> Unit<'a> {
        Unit {
            end,
            event: Some((data, id, named)),
            is_comment: false,
        }
    }
}

impl Cutter {
    pub(super) fn new(format: Format, chunked: bool) -> Cutter {
        let limits = Limits {
            max_line_bytes: MAX_EVENT_BYTES,
            max_event_bytes: MAX_EVENT_BYTES,
        };
        match format {
            Format::Sse => Cutter::Sse(Box::new(Decoder::new(limits))),
            Format::Lines => Cutter::Lines {
                partial: Vec::new(),
            },
            Format::Bytes => Cutter::Bytes { chunked, end: 0 },
        }
    }

    /// For a body that is announced as lines, and is often server-sent events.
    pub(super) fn unsure() -> Cutter {
        Cutter::Unsure { held: Vec::new() }
    }

    /// What the body is read as; absent while that is not known.
    pub(super) fn format(&self) -> Option<Format> {
        match self {
            Cutter::Sse(_) => Some(Format::Sse),
            Cutter::Lines { .. } => Some(Format::Lines),
            Cutter::Bytes { .. } => Some(Format::Bytes),
            Cutter::Unsure { .. } => None,
        }
    }

    /// Hands out what the piece completes; false where a line or an event is too long to go on.
    pub(super) fn cut(&mut self, piece: &[u8], before: u64, on: impl FnMut(Unit<'_>)) -> bool {
        let Cutter::Unsure { held } = self else {
            return self.cut_known(piece, before, on);
        };
        let before = before - held.len() as u64;
        held.extend_from_slice(piece);
        let Some(format) = media::begins_as(held) else {
            return true;
        };
        let held = std::mem::take(held);
        *self = Cutter::new(format, false);
        self.cut_known(&held, before, on)
    }

    fn cut_known(&mut self, piece: &[u8], before: u64, mut on: impl FnMut(Unit<'_>)) -> bool {
        match self {
            Cutter::Sse(decoder) => {
                let decoded = decoder.decode(piece, |item| {
                    on(match &item {
                        Item::Event(event) => {
                            let id: &[u8] = if event.names_its_id() {
                                event.id_bytes()
                            } else {
                                b""
                            };
                            let named = !matches!(event.name_bytes(), b"" | b"message");
                            let end = before + event.end as u64;
                            Unit::event(end, event.data_bytes(), id, named)
                        }
                        Item::Comment { end, .. } => Unit {
                            end: before + *end as u64,
                            event: None,
                            is_comment: true,
                        },
                        Item::Retry { end, .. } => Unit {
                            end: before + *end as u64,
                            event: None,
                            is_comment: false,
                        },
                    });
                });
                decoded.is_ok()
            }
            Cutter::Lines { partial } | Cutter::Unsure { held: partial } => {
                lines(partial, piece, before, on)
            }
            Cutter::Bytes { chunked, end } => {
                *end = before + piece.len() as u64;
                if !*chunked {
                    on(Unit::event(*end, piece, b"", false));
                }
                true
            }
        }
    }

    /// The offset of an event that a chunk's end completes, where events are chunks.
    pub(super) fn end_of_chunk(&mut self) -> Option<u64> {
        match self {
            Cutter::Bytes { chunked: true, end } => Some(*end),
            _ => None,
        }
    }
}

fn lines(partial: &mut Vec<u8>, piece: &[u8], before: u64, mut on: impl FnMut(Unit<'_>)) -> bool {
    let mut from = 0;
    for end in memchr::memchr_iter(b'\n', piece) {
        partial.extend_from_slice(&piece[from..end]);
        from = end + 1;
        let line = partial.strip_suffix(b"\r").unwrap_or(partial);
        if !line.is_empty() {
            on(Unit::event(before + from as u64, line, b"", false));
        }
        partial.clear();
    }
    partial.extend_from_slice(&piece[from..]);
    partial.len() <= MAX_EVENT_BYTES
}
