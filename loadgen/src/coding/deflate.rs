//! Deflate data, raw or in zlib's wrapping.
//! It must not know gzip, which wraps the same data differently.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Coding, CodingError, Decoder, PIECE_BYTES, Pieces};

/// miniz_oxide's inflate state with its 32 KiB window (measured: 42,614 bytes resident a stream).
pub(super) const STATE_BYTES: usize = 42 << 10;

/// The `deflate` content coding: zlib by the RFC, raw deflate from servers that took the name literally.
pub(super) struct Deflate {
    state: State,
}

enum State {
    /// The wrapping shows in the first two bytes; the first of them, once it is there.
    Sniffing(Option<u8>),
    Body(Inflate),
    /// Whatever follows the end is passed over, as browsers do.
    Ended,
}

impl Deflate {
    pub(super) fn new() -> Self {
        Self {
            state: State::Sniffing(None),
        }
    }
}

impl Decoder for Deflate {
    fn decode(&mut self, mut input: &[u8], out: &mut Pieces<'_>) -> Result<(), CodingError> {
        while let State::Sniffing(first) = &mut self.state {
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(());
            };
            input = rest;
            if let Some(first) = *first {
                let mut body = Inflate::new(is_zlib(first, byte));
                body.inflate(&[first, byte], Coding::Deflate, out)?;
                self.state = State::Body(body);
            } else {
                *first = Some(byte);
            }
        }
        if let State::Body(body) = &mut self.state {
            body.inflate(input, Coding::Deflate, out)?;
            if body.ended() {
                self.state = State::Ended;
            }
        }
        Ok(())
    }

    fn may_end(&self) -> bool {
        matches!(self.state, State::Sniffing(None) | State::Ended)
    }
}

/// Source: RFC 1950 section 2.2: method 8, and a check value that makes both bytes a multiple of 31.
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

/// The data of one deflate stream.
pub(super) struct Inflate {
    inner: Decompress,
    ended: bool,
}

impl Inflate {
    pub(super) fn new(zlib_wrapping: bool) -> Self {
        Self {
            inner: Decompress::new(zlib_wrapping),
            ended: false,
        }
    }

    /// Begins another raw stream.
    pub(super) fn restart(&mut self) {
        self.inner.reset(false);
        self.ended = false;
    }

    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Hands on all that `input` completes; returns how much of it belonged to the stream.
    pub(super) fn inflate(
        &mut self,
        input: &[u8],
        coding: Coding,
        out: &mut Pieces<'_>,
    ) -> Result<usize, CodingError> {
        let mut piece = [0; PIECE_BYTES];
        let mut consumed = 0;
        while !self.ended {
            let (before_in, before_out) = (self.inner.total_in(), self.inner.total_out());
            let status = self
                .inner
                .decompress(&input[consumed..], &mut piece, FlushDecompress::None)
                .map_err(|_| CodingError::Corrupt(coding))?;
            let read = (self.inner.total_in() - before_in) as usize;
            let written = (self.inner.total_out() - before_out) as usize;
            consumed += read;
            self.ended = status == Status::StreamEnd;
            if written > 0 {
                out(&piece[..written])?;
            }
            // A piece partly filled may still have more behind it: miniz_oxide stops where its window wraps round.
            if read == 0 && written == 0 {
                break;
            }
        }
        Ok(consumed)
    }
}
