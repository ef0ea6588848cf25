//! Where a response body begins, is cut into chunks, and ends (RFC 9112 sections 6 and 7).
//!
//! Sans-IO: bytes in, pieces out; knows no socket, no clock and no event format. It is our own because read
//! boundaries, chunk boundaries and their times are the evidence of a verdict.

use std::fmt;

/// The longest chunk-size line with its extensions that is accepted (RFC 9112 section 7.1.1 asks for a limit).
const MAX_CHUNK_LINE_BYTES: u32 = 4 * 1024;
/// The longest trailer section that is accepted.
const MAX_TRAILER_BYTES: u32 = 16 * 1024;

/// The framing of one response body, fed with the bytes after the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framing(State);

/// What the next bytes of a body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'i> {
    /// Payload, free of framing; never empty; one chunk may come in several pieces.
    Data(&'i [u8]),
    /// The chunk whose payload came before is complete, its CRLF included.
    ChunkEnd {
        /// Payload bytes of the chunk.
        bytes: u64,
    },
    /// The body is complete; bytes after it belong to no body.
    End,
}

/// Why a body is not what its framing promised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A chunk-size line that does not begin with a hexadecimal number of at most 16 digits.
    #[error("broken chunk framing: expected a hexadecimal chunk size, found {0}")]
    ChunkSize(Bytes),
    /// A chunk that is not followed by CRLF.
    #[error("broken chunk framing: expected CRLF after a chunk, found {0}")]
    ChunkEnd(Bytes),
    /// A chunk-size line or a trailer section above its limit.
    #[error("broken chunk framing: {what} longer than {limit} bytes")]
    TooLong {
        /// The part that is too long.
        what: &'static str,
        /// The limit in bytes.
        limit: u32,
    },
}

/// A few bytes of hostile input, printed escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Length { left: u64 },
    UntilClose,
    Chunk(Chunked),
    Ended,
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Chunked {
    at: At,
    /// Payload bytes of the present chunk, and how many of them are still to come.
    size: u64,
    left: u64,
    /// Bytes of the present size line or trailer section, for the limits.
    line_bytes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size { digits: u8 },
    Extension,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerLine,
    TrailerLf,
}

impl Framing {
    /// A body in chunks (`Transfer-Encoding: chunked`).
    pub fn chunked() -> Framing {
        Framing(State::Chunk(Chunked {
            at: At::Size { digits: 0 },
            size: 0,
            left: 0,
            line_bytes: 0,
        }))
    }

    /// A body of `bytes` bytes (`Content-Length`).
    pub fn length(bytes: u64) -> Framing {
        Framing(if bytes == 0 {
            State::Ended
        } else {
            State::Length { left: bytes }
        })
    }

    /// A body that ends with the connection.
    pub fn until_close() -> Framing {
        Framing(State::UntilClose)
    }

    /// Takes the next piece off the front of `input`; `None` when more input is needed or the body is done.
    ///
    /// Errors: see [`FramingError`]; after one of them the body can not be read any further.
    pub fn next<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Piece<'i>>, FramingError> {
        match &mut self.0 {
            State::Ended => {
                self.0 = State::Done;
                Ok(Some(Piece::End))
            }
            State::Done => Ok(None),
            State::UntilClose => Ok(take(input, usize::MAX).map(Piece::Data)),
            State::Length { left } => {
                let Some(data) = take(input, usize::try_from(*left).unwrap_or(usize::MAX)) else {
                    return Ok(None);
                };
                *left -= data.len() as u64;
                if *left == 0 {
                    self.0 = State::Ended;
                }
                Ok(Some(Piece::Data(data)))
            }
            State::Chunk(chunked) => {
                let piece = chunked.next(input)?;
                if piece == Some(Piece::End) {
                    self.0 = State::Done;
                }
                Ok(piece)
            }
        }
    }

    /// Whether an end of the connection at this point is the proper end of the body.
    pub fn may_end_here(&self) -> bool {
        matches!(self.0, State::UntilClose | State::Ended | State::Done)
    }

    /// Whether the body ends only with its connection.
    pub fn ends_with_connection(&self) -> bool {
        self.0 == State::UntilClose
    }

    /// How many bytes `Content-Length` promised that have not come yet; `None` for the other framings.
    pub fn missing_bytes(&self) -> Option<u64> {
        match self.0 {
            State::Length { left } => Some(left),
            _ => None,
        }
    }
}

fn take<'i>(input: &mut &'i [u8], most: usize) -> Option<&'i [u8]> {
    if input.is_empty() {
        return None;
    }
    let (data, rest) = input.split_at(most.min(input.len()));
    *input = rest;
    Some(data)
}

impl Chunked {
    fn next<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Piece<'i>>, FramingError> {
        loop {
            if self.at == At::Data {
                let most = usize::try_from(self.left).unwrap_or(usize::MAX);
                let Some(data) = take(input, most) else {
                    return Ok(None);
                };
                self.left -= data.len() as u64;
                if self.left == 0 {
                    self.at = At::DataCr;
                }
                return Ok(Some(Piece::Data(data)));
            }
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(None);
            };
            let seen = *input;
            *input = rest;
            match self.at {
                At::Size { digits } => self.size_byte(byte, digits, seen)?,
                At::Extension => self.extension_byte(byte)?,
                At::Data => {}
                At::DataCr if byte == b'\r' => self.at = At::DataLf,
                At::DataCr | At::DataLf if byte == b'\n' => {
                    self.at = At::Size { digits: 0 };
                    return Ok(Some(Piece::ChunkEnd { bytes: self.size }));
                }
                At::DataCr | At::DataLf => {
                    return Err(FramingError::ChunkEnd(Bytes::first_of(seen)));
                }
                At::TrailerStart if byte == b'\r' => self.at = At::TrailerLf,
                At::TrailerStart | At::TrailerLf if byte == b'\n' => return Ok(Some(Piece::End)),
                At::TrailerStart | At::TrailerLf | At::TrailerLine => self.trailer_byte(byte)?,
            }
        }
    }

    fn size_byte(&mut self, byte: u8, digits: u8, seen: &[u8]) -> Result<(), FramingError> {
        let malformed = || FramingError::ChunkSize(Bytes::first_of(seen));
        if let Some(value) = (byte as char).to_digit(16) {
            if digits == 16 {
                return Err(malformed());
            }
            self.size = if digits == 0 { 0 } else { self.size << 4 } | u64::from(value);
            self.at = At::Size { digits: digits + 1 };
            return Ok(());
        }
        match byte {
            _ if digits == 0 => Err(malformed()),
            b'\n' => {
                self.line_is_over();
                Ok(())
            }
            // CR, an extension, or the white space that some servers put behind the size.
            b'\r' | b';' | b' ' | b'\t' => {
                self.at = At::Extension;
                Ok(())
            }
            _ => Err(malformed()),
        }
    }

    fn extension_byte(&mut self, byte: u8) -> Result<(), FramingError> {
        if byte == b'\n' {
            self.line_is_over();
            return Ok(());
        }
        self.count(MAX_CHUNK_LINE_BYTES, "a chunk-size line")
    }

    /// A bare LF ends the line too, as browsers have it.
    fn line_is_over(&mut self) {
        self.line_bytes = 0;
        self.left = self.size;
        self.at = if self.size == 0 {
            At::TrailerStart
        } else {
            At::Data
        };
    }

    fn trailer_byte(&mut self, byte: u8) -> Result<(), FramingError> {
        self.at = if byte == b'\n' {
            At::TrailerStart
        } else {
            At::TrailerLine
        };
        self.count(MAX_TRAILER_BYTES, "a trailer section")
    }

    fn count(&mut self, limit: u32, what: &'static str) -> Result<(), FramingError> {
        self.line_bytes += 1;
        if self.line_bytes > limit {
            return Err(FramingError::TooLong { what, limit });
        }
        Ok(())
    }
}

impl Bytes {
    fn first_of(input: &[u8]) -> Bytes {
        Bytes(input[..input.len().min(16)].to_vec())
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Seen {
        data: Vec<u8>,
        chunks: Vec<u64>,
        ended: bool,
        rest: usize,
    }

    fn feed(framing: &mut Framing, parts: &[&[u8]]) -> Result<Seen, FramingError> {
        let mut seen = Seen::default();
        for part in parts {
            let mut input = *part;
            while let Some(piece) = framing.next(&mut input)? {
                match piece {
                    Piece::Data(data) => seen.data.extend_from_slice(data),
                    Piece::ChunkEnd { bytes } => seen.chunks.push(bytes),
                    Piece::End => seen.ended = true,
                }
            }
            seen.rest += input.len();
        }
        Ok(seen)
    }

    #[test]
    fn chunks_come_out_without_their_framing() {
        let body = b"4\r\nabcd\r\n0A;name=\"v\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nnext";
        let seen = feed(&mut Framing::chunked(), &[body]).unwrap();
        assert_eq!(seen.data, b"abcd0123456789");
        assert_eq!(seen.chunks, [4, 10]);
        assert!(seen.ended);
        assert_eq!(seen.rest, 4);
    }

    #[test]
    fn a_length_ends_the_body_and_leaves_the_rest() {
        let mut framing = Framing::length(5);
        assert_eq!(framing.missing_bytes(), Some(5));
        let seen = feed(&mut framing, &[b"ab", b"cdefg"]).unwrap();
        assert_eq!(
            (seen.data.as_slice(), seen.ended, seen.rest),
            (&b"abcde"[..], true, 2)
        );
        assert!(feed(&mut Framing::length(0), &[b""]).unwrap().ended);
    }

    #[test]
    fn an_end_is_proper_only_where_the_framing_allows_it() {
        let mut framing = Framing::chunked();
        feed(&mut framing, &[b"3\r\nabc\r\n"]).unwrap();
        assert!(!framing.may_end_here());
        feed(&mut framing, &[b"0\r\n\r\n"]).unwrap();
        assert!(framing.may_end_here());
        assert!(Framing::until_close().may_end_here());
        assert!(!Framing::length(1).may_end_here());
    }

    #[test]
    fn broken_framing_is_named_with_what_was_found() {
        let error = feed(&mut Framing::chunked(), &[b"<html>"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "broken chunk framing: expected a hexadecimal chunk size, found \"<html>\""
        );
        let error = feed(&mut Framing::chunked(), &[b"1\r\nabc"]).unwrap_err();
        assert_eq!(error, FramingError::ChunkEnd(Bytes(b"bc".to_vec())));
        assert!(feed(&mut Framing::chunked(), &[b"11111111111111111\r\n"]).is_err());
        assert!(feed(&mut Framing::chunked(), &[b"1", &[b';'; 5000][..]]).is_err());
        assert!(feed(&mut Framing::chunked(), &[b"0\r\n", &[b't'; 20_000][..]]).is_err());
    }

    proptest! {
        #[test]
        fn no_split_changes_the_result(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\n\r\n");
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
            at.extend([0, wire.len()]);
            at.sort_unstable();
            let parts: Vec<&[u8]> = at.windows(2).map(|w| &wire[w[0]..w[1]]).collect();
            let whole = feed(&mut Framing::chunked(), &[&wire]).unwrap();
            prop_assert_eq!(&whole.data, &chunks.concat());
            prop_assert!(whole.ended);
            prop_assert_eq!(feed(&mut Framing::chunked(), &parts).unwrap(), whole);
        }

        #[test]
        fn hostile_bytes_never_panic(input in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = feed(&mut Framing::chunked(), &[&input]);
        }
    }
}
