//! Exchanges of clock readings with a server that answers as target-server's `/clock` does: `{"t2":NS,"t3":NS}`.
//!
//! Over one connection, kept open where the server keeps it: what it costs to connect is no part of a round trip.

use super::track::Probe;
use crate::clock;
use crate::plan::{ClockServer, Endpoint};
use run_record::time::{Mono, Wall};
use serde::Deserialize;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;
use thiserror::Error;

/// A clock that takes longer than that bounds nothing.
const LIMIT: Duration = Duration::from_secs(2);
/// The longest answer that is read.
const MOST_BYTES: usize = 16 * 1024;
/// Fields of a response head.
const MOST_FIELDS: usize = 64;

/// Why there is no reading of a server's clock.
#[derive(Debug, Error)]
pub enum ClockError {
    /// It cannot be reached, or leaves.
    #[error("{url}: {source}")]
    Io {
        /// The address asked.
        url: String,
        /// What the system says.
        source: io::Error,
    },
    /// It answers with something else than its clock.
    #[error("{url} answered {found}; expected 200 and {{\"t2\":NANOSECONDS,\"t3\":NANOSECONDS}}")]
    NoClock {
        /// The address asked.
        url: String,
        /// What came.
        found: String,
    },
}

/// A conversation about clocks with one server.
pub struct Exchange<'a> {
    server: &'a ClockServer,
    request: String,
    connection: Option<Box<dyn Connection>>,
}

trait Connection: Read + Write {}

impl<T: Read + Write> Connection for T {}

#[derive(Deserialize)]
struct Answer {
    t2: u64,
    t3: u64,
}

/// A response: its status, whether the connection stays, and its body.
struct Response {
    status: u16,
    stays: bool,
    body: Vec<u8>,
}

impl<'a> Exchange<'a> {
    /// Nothing is sent yet.
    pub fn new(server: &'a ClockServer) -> Exchange<'a> {
        let agent = concat!("streamgauge/", env!("CARGO_PKG_VERSION"));
        let (path, host) = (&server.path, &server.target.host);
        Exchange {
            server,
            request: format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n\r\n"),
            connection: None,
        }
    }

    /// So many exchanges, one after the other.
    ///
    /// Errors: the first that fails ends the round, and its connection.
    pub fn round(&mut self, exchanges: usize) -> Result<Vec<Probe>, ClockError> {
        (0..exchanges).map(|_| self.probe()).collect()
    }

    fn probe(&mut self) -> Result<Probe, ClockError> {
        let url = &self.server.url;
        let io = |source| ClockError::Io {
            url: url.clone(),
            source,
        };
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(self.server).map_err(io)?,
        };
        let deadline = clock::mono() + LIMIT.into();
        let asked = clock::wall();
        connection
            .write_all(self.request.as_bytes())
            .and_then(|()| connection.flush())
            .map_err(io)?;
        let (response, heard) = receive(&mut connection, deadline).map_err(io)?;
        let no_clock = |found: String| ClockError::NoClock {
            url: url.clone(),
            found,
        };
        if response.status != 200 {
            return Err(no_clock(response.status.to_string()));
        }
        let answer: Answer = serde_json::from_slice(&response.body)
            .map_err(|error| no_clock(format!("what is no clock ({error})")))?;
        self.connection = response.stays.then_some(connection);
        Ok(Probe {
            asked,
            received: Wall(answer.t2),
            answered: Wall(answer.t3),
            heard,
        })
    }
}

/// Connects, and shakes hands where the server speaks TLS: a handshake within the first exchange would be a part of it.
fn connect(server: &ClockServer) -> io::Result<Box<dyn Connection>> {
    let endpoint = server.target.endpoints.first();
    match endpoint.ok_or(io::ErrorKind::AddrNotAvailable)? {
        Endpoint::Unix(path) => {
            let socket = UnixStream::connect(path)?;
            socket.set_read_timeout(Some(LIMIT))?;
            socket.set_write_timeout(Some(LIMIT))?;
            Ok(Box::new(socket))
        }
        Endpoint::Tcp(address) => {
            let mut socket = TcpStream::connect_timeout(address, LIMIT)?;
            socket.set_read_timeout(Some(LIMIT))?;
            socket.set_write_timeout(Some(LIMIT))?;
            socket.set_nodelay(true)?;
            let Some(tls) = &server.target.tls else {
                return Ok(Box::new(socket));
            };
            let name = tls.server_name.clone();
            let mut session = rustls::ClientConnection::new(tls.config.clone(), name)
                .map_err(io::Error::other)?;
            while session.is_handshaking() {
                session.complete_io(&mut socket)?;
            }
            Ok(Box::new(rustls::StreamOwned::new(session, socket)))
        }
    }
}

/// Reads one response, and the clock as soon as its last byte is there. A server that goes on and on is left.
fn receive(connection: &mut impl Read, deadline: Mono) -> io::Result<(Response, Wall)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = connection.read(&mut piece)?;
        let heard = clock::wall();
        bytes.extend_from_slice(&piece[..count]);
        if let Some(response) = parse(&bytes)? {
            return Ok((response, heard));
        }
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if clock::mono() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if bytes.len() > MOST_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the answer is too long for a clock's",
            ));
        }
    }
}

/// The response, once it is whole. One without a length is taken for whole when the head is: no clock answers so.
fn parse(bytes: &[u8]) -> io::Result<Option<Response>> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = head.parse(bytes).map_err(invalid)? else {
        return Ok(None);
    };
    let field = |name: &str| {
        let found = head
            .headers
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name));
        found.and_then(|field| std::str::from_utf8(field.value).ok())
    };
    let body_length = field("content-length").and_then(|value| value.trim().parse::<usize>().ok());
    let closes = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let body = &bytes[length..];
    let wanted = body_length.unwrap_or_default();
    Ok((body.len() >= wanted).then(|| Response {
        status: head.code.unwrap_or_default(),
        stays: body_length.is_some() && !closes && head.version == Some(1),
        body: body[..wanted].to_vec(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).unwrap().is_none(), "{length}");
        }
        let response = parse(whole).unwrap().unwrap();
        assert_eq!((response.status, response.stays), (200, true));
        assert_eq!(response.body, b"body");
    }

    #[test]
    fn an_answer_without_an_end_is_left() {
        let never = Mono(u64::MAX);
        let kind = |answer: &[u8], deadline| {
            let mut endless = answer.chain(io::repeat(b'x'));
            receive(&mut endless, deadline)
                .map(drop)
                .unwrap_err()
                .kind()
        };
        assert_eq!(
            kind(b"HTTP/1.1 200 OK\r\nx: ", never),
            io::ErrorKind::InvalidData
        );
        let long = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n";
        assert_eq!(kind(long, never), io::ErrorKind::InvalidData);
        assert_eq!(kind(long, Mono(0)), io::ErrorKind::TimedOut);
        let cut = receive(&mut &b"HTTP/1.1 200 OK\r\n"[..], never);
        assert_eq!(
            cut.map(drop).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn a_connection_that_closes_is_not_kept() {
        for closing in [
            "HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
        ] {
            assert!(
                !parse(closing.as_bytes()).unwrap().unwrap().stays,
                "{closing}"
            );
        }
        assert!(parse(b"SSH-2.0-OpenSSH_9.2\r\n").is_err());
    }
}
