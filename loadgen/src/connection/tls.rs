//! One TLS session without its socket: ciphertext in, plaintext out, and what is to be sent.
//!
//! rustls decrypts in the buffer of whoever has read, so that a session at rest holds no buffer of its own: only the
//! beginning of a record whose end has not come, and what could not be sent. It must not know sockets, clocks or HTTP.

use crate::plan::TlsPlan;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, UnbufferedStatus, WriteTraffic,
};
use rustls::{Error, InvalidMessage};
use std::{fmt, io, mem};

/// The most plaintext of one record: what a buffer for plaintext must be able to hold.
pub const RECORD_BYTES: usize = 1 << 14;
/// What stands before each record: its type, a version, its length.
const HEADER_BYTES: usize = 5;
/// The most that a record takes, by the RFC of TLS 1.2; in 1.3 it is less.
const MOST_WIRE_BYTES: usize = HEADER_BYTES + RECORD_BYTES + 2048;
/// The most that is kept of an unfinished message: rustls takes messages of 64 KiB, in as many records as may be.
const MOST_KEPT_BYTES: usize = (1 << 16) + MOST_WIRE_BYTES;

/// The client's side of a TLS session.
pub struct Tls {
    connection: UnbufferedClientConnection,
    /// Where there is any: an unfinished record, or records of an unfinished message of the handshake.
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    state: State,
}

/// What the bytes of one read have become.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// Still inside the handshake, or no complete record yet.
    Nothing,
    /// Plaintext is in the second buffer.
    Plaintext(usize),
    /// The peer closed the TLS session properly (`close_notify`).
    Closed,
}

/// Whether more can come.
enum State {
    Alive,
    Closed,
    Broken(Box<Error>),
}

/// What rustls did in one step.
enum Step {
    Again,
    Opened(Opened),
    /// More bytes are needed.
    Dry,
}

impl Tls {
    /// A session whose first message is ready to be sent.
    ///
    /// Errors: `InvalidData` where TLS cannot be set up for this server.
    pub fn new(plan: &TlsPlan) -> io::Result<Tls> {
        let made = UnbufferedClientConnection::new(plan.config.clone(), plan.server_name.clone());
        let mut tls = Tls {
            connection: made.map_err(invalid)?,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            state: State::Alive,
        };
        tls.open(&mut Default::default(), &mut [])?;
        Ok(tls)
    }

    /// Whether the handshake is still going on.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// The protocol that was agreed on (ALPN); none before the end of the handshake.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.connection.alpn_protocol()
    }

    /// Decrypts one record of `ciphertext`, in place, and takes off its front what is done with.
    ///
    /// `Nothing` has taken all of it. `plaintext` must hold [`RECORD_BYTES`].
    /// Errors: `InvalidData` with the TLS error (a certificate that is not trusted, a broken record), again and again.
    /// The alert that tells the server why is to be sent then, as everything else is.
    pub fn open(&mut self, ciphertext: &mut &mut [u8], plaintext: &mut [u8]) -> io::Result<Opened> {
        loop {
            match &self.state {
                State::Alive => {}
                State::Closed => {
                    *ciphertext = Default::default();
                    return Ok(Opened::Closed);
                }
                State::Broken(error) => return Err(invalid(Error::clone(error))),
            }
            let is_first = self.incoming.is_empty();
            let step = if is_first {
                let input = mem::take(ciphertext);
                let (used, step) = self.step(input, plaintext);
                *ciphertext = input.get_mut(used..).unwrap_or_default();
                step
            } else {
                let mut input = mem::take(&mut self.incoming);
                let (used, step) = self.step(&mut input, plaintext);
                self.incoming = without_front(input, used);
                step
            };
            match step? {
                Step::Again => {}
                Step::Opened(opened) => return Ok(opened),
                Step::Dry if ciphertext.is_empty() => return Ok(Opened::Nothing),
                Step::Dry => {
                    self.keep(ciphertext)?;
                    if is_first {
                        return Ok(Opened::Nothing);
                    }
                }
            }
        }
    }

    /// Encrypts a record of `bytes` for sending, and says how many of them it took.
    ///
    /// Errors: `WouldBlock` while the handshake goes on or something else is still to be sent; `InvalidData`.
    pub fn seal(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let State::Broken(error) = &self.state {
            return Err(invalid(Error::clone(error)));
        }
        if !self.outgoing.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = bytes.get(..RECORD_BYTES).unwrap_or(bytes);
        let sealed = self.write(|traffic, room| traffic.encrypt(taken, room));
        match sealed {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(Ok(())) => Ok(taken.len()),
            Some(Err(error)) => Err(invalid(error)),
        }
    }

    /// Tells the peer that this is the end. In the middle of a handshake there is no way to: the end of the connection tells.
    pub fn close(&mut self) {
        if !matches!(self.state, State::Broken(_)) {
            // Keys that are used up have closed the session already.
            let _ = self.write(|traffic, room| traffic.queue_close_notify(room));
        }
    }

    /// What is to be sent.
    pub fn outgoing(&self) -> &[u8] {
        &self.outgoing
    }

    /// So many bytes of that were sent.
    pub fn sent(&mut self, bytes: usize) {
        let outgoing = mem::take(&mut self.outgoing);
        self.outgoing = without_front(outgoing, bytes);
    }

    /// One step of rustls, and how many bytes at the front of `input` are done with.
    fn step(&mut self, input: &mut [u8], plaintext: &mut [u8]) -> (usize, io::Result<Step>) {
        let UnbufferedStatus { discard, state } = self.connection.process_tls_records(input);
        let mut used = discard;
        let step = match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                let length = traffic.peek_len().map_or(0, usize::from);
                match (plaintext.get_mut(..length), traffic.next_record()) {
                    (Some(room), Some(Ok(record))) => {
                        room.copy_from_slice(record.payload);
                        used += record.discard;
                        Ok(Step::Opened(Opened::Plaintext(length)))
                    }
                    (Some(_), None) => Ok(Step::Again),
                    (Some(_), Some(Err(error))) => Err(error),
                    (None, _) => Err(Error::PeerSentOversizedRecord),
                }
            }
            Ok(ConnectionState::EncodeTlsData(mut record)) => {
                // Its only other error is to have been encoded before.
                let _ = append(&mut self.outgoing, |room| record.encode(room), too_short);
                Ok(Step::Again)
            }
            Ok(ConnectionState::TransmitTlsData(record)) => {
                record.done();
                Ok(Step::Again)
            }
            Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                self.state = State::Closed;
                Ok(Step::Again)
            }
            Ok(_) => Ok(Step::Dry),
            Err(error) => Err(error),
        };
        (used, step.map_err(|error| self.fail(error)))
    }

    /// Does what can be done once the handshake is over; `None` where it is not, or plaintext waits to be read first.
    fn write(
        &mut self,
        mut write: impl FnMut(
            &mut WriteTraffic<'_, ClientConnectionData>,
            &mut [u8],
        ) -> Result<usize, EncryptError>,
    ) -> Option<Result<(), Error>> {
        loop {
            // Messages of the handshake that are not whole lie in there, and rustls knows where.
            let mut input = mem::take(&mut self.incoming);
            let UnbufferedStatus { discard, state } =
                self.connection.process_tls_records(&mut input);
            let mut written = None;
            let is_over = match state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let fill = |room: &mut [u8]| write(&mut traffic, room);
                    let sealed = append(&mut self.outgoing, fill, too_short_for_traffic);
                    written = Some(sealed.map_err(|_| Error::EncryptError));
                    true
                }
                Ok(ConnectionState::EncodeTlsData(mut record)) => {
                    let _ = append(&mut self.outgoing, |room| record.encode(room), too_short);
                    false
                }
                Ok(ConnectionState::TransmitTlsData(record)) => {
                    record.done();
                    false
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.state = State::Closed;
                    false
                }
                Ok(_) => true,
                Err(error) => {
                    self.fail(error);
                    return None;
                }
            };
            self.incoming = without_front(input, discard);
            if is_over {
                return written;
            }
        }
    }

    /// Takes bytes that rustls cannot use yet: all of them, or those that complete a record of which some are here.
    fn keep(&mut self, ciphertext: &mut &mut [u8]) -> io::Result<()> {
        let all = mem::take(ciphertext);
        let wanted = match wire_length(&self.incoming) {
            _ if self.incoming.is_empty() => all.len(),
            None => HEADER_BYTES - self.incoming.len(),
            Some(length) if length > self.incoming.len() => length - self.incoming.len(),
            // A message in several records: the first was decrypted where it lies, so that headers tell no more.
            Some(_) => MOST_WIRE_BYTES,
        };
        let (taken, rest) = all.split_at_mut(wanted.min(all.len()));
        if self.incoming.len() + taken.len() > MOST_KEPT_BYTES {
            return Err(self.fail(InvalidMessage::HandshakePayloadTooLarge.into()));
        }
        self.incoming.reserve_exact(taken.len());
        self.incoming.extend_from_slice(taken);
        *ciphertext = rest;
        Ok(())
    }

    /// Nothing comes any more. What rustls has to say about it is to be sent.
    fn fail(&mut self, error: Error) -> io::Error {
        self.incoming = Vec::new();
        self.state = State::Broken(Box::new(error.clone()));
        while self.connection.wants_write() {
            // Whatever waits to be sent comes first: the input, which may be in disorder now, is not looked at.
            match self.connection.process_tls_records(&mut []).state {
                Ok(ConnectionState::EncodeTlsData(mut alert)) => {
                    let _ = append(&mut self.outgoing, |room| alert.encode(room), too_short);
                }
                _ => break,
            }
        }
        invalid(error)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("handshaking", &self.is_handshaking())
            .field("incoming", &self.incoming.len())
            .field("outgoing", &self.outgoing.len())
            .finish_non_exhaustive()
    }
}

fn invalid(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Bytes of the record that begins here, if so much of it has come.
fn wire_length(bytes: &[u8]) -> Option<usize> {
    let header: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
    Some(HEADER_BYTES + usize::from(u16::from_be_bytes([header[3], header[4]])))
}

/// The rest of them, in no more memory than they need.
fn without_front(mut bytes: Vec<u8>, front: usize) -> Vec<u8> {
    if front == 0 {
        return bytes;
    }
    if front >= bytes.len() {
        return Vec::new();
    }
    bytes.drain(..front);
    bytes.shrink_to_fit();
    bytes
}

/// Appends what `fill` writes, which says by its error how much room it needs.
fn append<E>(
    to: &mut Vec<u8>,
    mut fill: impl FnMut(&mut [u8]) -> Result<usize, E>,
    needed: impl Fn(&E) -> Option<usize>,
) -> Result<(), E> {
    let end = to.len();
    let filled = fill(&mut []).or_else(|error| match needed(&error) {
        Some(room) => {
            to.reserve_exact(room);
            to.resize(end + room, 0);
            fill(&mut to[end..])
        }
        None => Err(error),
    });
    to.truncate(end + filled.as_ref().map_or(0, |bytes| *bytes));
    filled.map(drop)
}

fn too_short(error: &EncodeError) -> Option<usize> {
    match error {
        EncodeError::InsufficientSize(size) => Some(size.required_size),
        EncodeError::AlreadyEncoded => None,
    }
}

fn too_short_for_traffic(error: &EncryptError) -> Option<usize> {
    match error {
        EncryptError::InsufficientSize(size) => Some(size.required_size),
        EncryptError::EncryptExhausted => None,
    }
}

#[cfg(test)]
mod tests;
