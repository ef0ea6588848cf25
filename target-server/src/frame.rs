//! One event as bytes, built once and shared by all subscribers of its source.
//! It leaves the format to `sse-wire`, knows the chunked coding of HTTP/1.1 (RFC 9112, section 7.1) and nothing of sockets.

use std::io::Write as _;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use sse_wire::{EncodeError, Frame as Block};

use crate::clock::Nanos;
use crate::skew::Shown;

/// What the truth log knows of an event besides its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Stamp {
    /// Position in its source, from 1, without holes.
    pub seq: u64,
    /// When it should have been built.
    pub due: Nanos,
    /// When it was built.
    pub emitted: Nanos,
}

/// Who builds events, and by which clock it tells their times.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Author {
    /// The process, as in every event.
    pub instance: u32,
    /// The clock it shows.
    pub clock: Shown,
}

impl Author {
    /// A stamp as others are told it.
    pub(crate) fn shown(self, stamp: Stamp) -> Stamp {
        Stamp {
            due: self.clock.at(stamp.due),
            emitted: self.clock.at(stamp.emitted),
            ..stamp
        }
    }
}

/// Bytes of an event stream, ready to be sent as they are or as one HTTP chunk.
///
/// Cloning shares the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    stamp: Option<Stamp>,
    chunk: Bytes,
    prefix: u8,
}

impl Frame {
    /// A frame that dispatches an event.
    ///
    /// Errors: a name or an id that the format cannot express.
    pub(crate) fn event(stamp: Stamp, block: &Block<'_>) -> Result<Self, EncodeError> {
        Ok(Self {
            stamp: Some(stamp),
            ..Self::chunked(block)?
        })
    }

    /// A comment, which dispatches nothing and keeps a silent connection alive.
    pub(crate) fn comment(text: &str) -> Self {
        let block = Block {
            comment: Some(text),
            ..Block::default()
        };
        Self::chunked(&block).expect("the format expresses every comment")
    }

    /// The field that sets a browser's reconnection time.
    pub(crate) fn retry(milliseconds: u64) -> Self {
        let block = Block {
            retry_ms: Some(milliseconds),
            ..Block::default()
        };
        Self::chunked(&block).expect("the format expresses every number")
    }

    fn chunked(block: &Block<'_>) -> Result<Self, EncodeError> {
        let mut plain = Vec::new();
        block.encode(&mut plain)?;
        let prefix = chunk_prefix(plain.len());
        let mut chunk = BytesMut::with_capacity(prefix.len() + plain.len() + CHUNK_SUFFIX.len());
        chunk.put_slice(&prefix);
        chunk.put_slice(&plain);
        chunk.put_slice(CHUNK_SUFFIX);
        Ok(Self {
            stamp: None,
            chunk: chunk.freeze(),
            prefix: prefix.len() as u8,
        })
    }

    /// Absent if the frame dispatches no event.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.stamp
    }

    /// The text of the event, blank line included.
    pub(crate) fn plain(&self) -> Bytes {
        self.chunk
            .slice(usize::from(self.prefix)..self.chunk.len() - CHUNK_SUFFIX.len())
    }

    /// The same as one HTTP/1.1 chunk.
    pub(crate) fn chunk(&self) -> &Bytes {
        &self.chunk
    }
}

/// What stands before the data of a chunk.
pub(crate) fn chunk_prefix(length: usize) -> Bytes {
    let mut prefix = Vec::with_capacity(10);
    write!(prefix, "{length:x}\r\n").expect("writing to memory cannot fail");
    prefix.into()
}

/// What stands behind the data of a chunk.
pub(crate) const CHUNK_SUFFIX: &[u8] = b"\r\n";

/// The chunk that ends a body, with no trailers.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_buffer_holds_both_forms() {
        let frame = Frame::comment("twenty-six bytes of it");
        assert_eq!(
            &frame.chunk()[..],
            b"1a\r\n: twenty-six bytes of it\n\n\r\n"
        );
        assert_eq!(&frame.plain()[..], b": twenty-six bytes of it\n\n");
        assert_eq!(frame.stamp(), None);
    }
}
