//! The gzip coding, of any number of members.
//!
//! A member per event is what some servers send (Django's GZipMiddleware), so the end of one member is not the
//! end of the body. flate2 finds members too, but keeps 64 KiB of output buffers per stream, which thousands of
//! connections cannot afford; so the framing is read here and the data by flate2.

use flate2::Crc;

use super::deflate::Inflate;
use super::{Coding, CodingError, Decoder, Pieces};

/// Source: RFC 1952.
pub(super) struct Gzip {
    inflate: Inflate,
    crc: Crc,
    /// Header fields of this member still to be read, as its FLG byte has them.
    flags: u8,
    state: State,
    members: u64,
}

enum State {
    /// Which of the ten bytes of the fixed header comes next.
    Fixed(u8),
    ExtraLength(Option<u8>),
    Extra(u16),
    /// The file name or the comment: text that ends with a zero byte.
    Text,
    HeaderCrc(u8),
    Data,
    /// Which of the eight bytes comes next, and those read so far.
    Trailer(u8, [u8; 8]),
    /// After a complete member came something else; it is passed over, as browsers do.
    Ignoring,
}

const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED_FLAGS: u8 = 0b1110_0000;

const CORRUPT: CodingError = CodingError::Corrupt(Coding::Gzip);

impl Gzip {
    pub(super) fn new() -> Self {
        Self {
            inflate: Inflate::new(false),
            crc: Crc::new(),
            flags: 0,
            state: State::Fixed(0),
            members: 0,
        }
    }

    /// Reads one byte of a header or trailer.
    fn frame(&mut self, byte: u8) -> Result<(), CodingError> {
        self.state = match self.state {
            State::Fixed(at) => return self.fixed(at, byte),
            State::ExtraLength(None) => State::ExtraLength(Some(byte)),
            State::ExtraLength(Some(low)) => match u16::from_le_bytes([low, byte]) {
                0 => self.next_field(),
                length => State::Extra(length),
            },
            State::Extra(1) => self.next_field(),
            State::Extra(left) => State::Extra(left - 1),
            State::Text if byte == 0 => self.next_field(),
            State::Text => State::Text,
            State::HeaderCrc(0) => State::HeaderCrc(1),
            State::HeaderCrc(_) => self.next_field(),
            State::Trailer(at, mut bytes) => {
                bytes[usize::from(at)] = byte;
                if at < 7 {
                    State::Trailer(at + 1, bytes)
                } else {
                    self.end_member(bytes)?
                }
            }
            State::Data | State::Ignoring => return Ok(()),
        };
        Ok(())
    }

    fn fixed(&mut self, at: u8, byte: u8) -> Result<(), CodingError> {
        let holds = match at {
            0 => byte == 0x1f,
            1 => byte == 0x8b,
            2 => byte == 8,
            3 => {
                self.flags = byte;
                byte & RESERVED_FLAGS == 0
            }
            _ => true,
        };
        self.state = match (holds, at) {
            (true, 9) => self.next_field(),
            (true, _) => State::Fixed(at + 1),
            (false, 0 | 1) if self.members > 0 => State::Ignoring,
            (false, _) => return Err(CORRUPT),
        };
        Ok(())
    }

    /// The next field that the flags announce; the data after the last.
    fn next_field(&mut self) -> State {
        let mut take = |flag: u8| {
            let announced = self.flags & flag != 0;
            self.flags &= !flag;
            announced
        };
        if take(FEXTRA) {
            State::ExtraLength(None)
        } else if take(FNAME) || take(FCOMMENT) {
            State::Text
        } else if take(FHCRC) {
            State::HeaderCrc(0)
        } else {
            State::Data
        }
    }

    fn end_member(&mut self, trailer: [u8; 8]) -> Result<State, CodingError> {
        let trailer = u64::from_le_bytes(trailer);
        if trailer != u64::from(self.crc.amount()) << 32 | u64::from(self.crc.sum()) {
            return Err(CORRUPT);
        }
        self.inflate.restart();
        self.crc.reset();
        self.members += 1;
        Ok(State::Fixed(0))
    }
}

impl Decoder for Gzip {
    fn decode(&mut self, mut input: &[u8], out: &mut Pieces<'_>) -> Result<(), CodingError> {
        while let Some((&byte, rest)) = input.split_first() {
            match self.state {
                State::Data => {
                    let crc = &mut self.crc;
                    let read = self.inflate.inflate(input, Coding::Gzip, &mut |piece| {
                        crc.update(piece);
                        out(piece)
                    })?;
                    input = &input[read..];
                    if self.inflate.ended() {
                        self.state = State::Trailer(0, [0; 8]);
                    }
                }
                State::Ignoring => break,
                _ => {
                    self.frame(byte)?;
                    input = rest;
                }
            }
        }
        Ok(())
    }

    fn may_end(&self) -> bool {
        matches!(self.state, State::Fixed(0) | State::Ignoring)
    }

    fn members(&self) -> u64 {
        self.members
    }
}
