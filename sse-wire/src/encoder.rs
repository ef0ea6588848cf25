//! Frames to bytes: the inverse of the decoder. Knows no stream and no buffer of its own.

use alloc::vec::Vec;
use core::fmt::{self, Write};

/// One block of a stream: what a server writes at once, with its blank line.
///
/// An event needs `data`, which may be empty; without it the block only carries a
/// comment, a retry time or an ID. What decodes back: everything as it was, but
/// each line end in `data` becomes LF, an empty `name` becomes none (`message`),
/// and each line of a comment becomes a comment.
///
/// ```
/// use sse_wire::Frame;
///
/// let mut out = Vec::new();
/// Frame { name: Some("price"), id: Some("7"), data: Some("17.25"), ..Frame::default() }
///     .encode(&mut out)?;
/// assert_eq!(out, b"event: price\nid: 7\ndata: 17.25\n\n");
/// # Ok::<(), sse_wire::EncodeError>(())
/// ```
///
/// Source: WHATWG HTML 9.2.5, "parsing an event stream".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame<'a> {
    /// A comment, which clients ignore: a heartbeat.
    pub comment: Option<&'a str>,
    /// The reconnection time, in milliseconds.
    pub retry_ms: Option<u64>,
    /// The event type; `None` means `message`.
    pub name: Option<&'a str>,
    /// The event ID; `Some("")` takes back the last one.
    pub id: Option<&'a str>,
    /// The data, of any number of lines.
    pub data: Option<&'a str>,
}

/// The format has no way to write this frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// The event name holds a CR or LF, which would end its line.
    LineEndInName {
        /// Offset in the name, in bytes.
        at: usize,
    },
    /// The ID holds a CR or LF, which would end its line.
    LineEndInId {
        /// Offset in the ID, in bytes.
        at: usize,
    },
    /// The ID holds a NUL, for which clients ignore it.
    NulInId {
        /// Offset in the ID, in bytes.
        at: usize,
    },
}

impl Frame<'_> {
    /// Appends the frame to `out`.
    ///
    /// Errors: a name or ID that the format cannot express; `out` is then as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.check()?;
        if let Some(comment) = self.comment {
            lines(comment, |line| field(out, "", line));
        }
        if let Some(ms) = self.retry_ms {
            // Writing to a Vec cannot fail.
            let _ = writeln!(Text(out), "retry: {ms}");
        }
        if let Some(name) = self.name.filter(|name| !name.is_empty()) {
            field(out, "event", name);
        }
        if let Some(id) = self.id {
            field(out, "id", id);
        }
        if let Some(data) = self.data {
            lines(data, |line| field(out, "data", line));
        }
        out.push(b'\n');
        Ok(())
    }

    fn check(&self) -> Result<(), EncodeError> {
        const LINE_ENDS: [char; 2] = ['\r', '\n'];
        if let Some(at) = self.name.and_then(|name| name.find(LINE_ENDS)) {
            return Err(EncodeError::LineEndInName { at });
        }
        if let Some(at) = self.id.and_then(|id| id.find(LINE_ENDS)) {
            return Err(EncodeError::LineEndInId { at });
        }
        if let Some(at) = self.id.and_then(|id| id.find('\0')) {
            return Err(EncodeError::NulInId { at });
        }
        Ok(())
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, has, at) = match self {
            Self::LineEndInName { at } => ("event name", "a line end", at),
            Self::LineEndInId { at } => ("event ID", "a line end", at),
            Self::NulInId { at } => ("event ID", "a NUL", at),
        };
        write!(
            f,
            "{what} has {has} at byte {at}, which an event stream cannot carry; remove it"
        )
    }
}

impl core::error::Error for EncodeError {}

/// Writes one line. The space is always there, because a value may begin with one.
fn field(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.push(b'\n');
}

/// Calls `each` for every line of `text`, ended by CR, LF or CRLF; at least once.
fn lines(text: &str, mut each: impl FnMut(&str)) {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'\r', b'\n', rest.as_bytes()) {
        each(&rest[..at]);
        let end = if rest[at..].starts_with("\r\n") {
            at + 2
        } else {
            at + 1
        };
        rest = &rest[end..];
    }
    each(rest);
}

struct Text<'a>(&'a mut Vec<u8>);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
