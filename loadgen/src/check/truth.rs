//! What the server itself logged about a stream, where it is a target-server on this machine.
//!
//! Asked only where nothing else can tell: a silence, and a clean end. It must not be asked of anybody else's server.

use crate::clock;
use crate::plan::{Endpoint, Target};
use run_record::time::Wall;
use serde::Deserialize;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use verdict::observations::{Probe, Truth};

/// A server on this machine that has not answered to the end by then keeps no log: some answer any path with a stream.
const LIMIT: Duration = Duration::from_secs(2);
/// The longest answer that is read.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// Whether the server's log would tell something that the stream does not; `before` are the requests that are over.
pub(super) fn is_wanted(probe: &Probe, before: &[Probe]) -> bool {
    let is_strangers = |probe: &Probe| {
        let head = probe.head.as_ref();
        head.is_some_and(|head| head.header("x-stream").is_none())
    };
    if before.iter().any(is_strangers) {
        return false;
    }
    let Some(head) = &probe.head else {
        // Not even a head: held back, or another kind of server. One request tells which.
        return probe.failure.is_none() && probe.request.sent.is_some();
    };
    let is_silent = probe.events.is_empty() && probe.comments.is_empty();
    let is_own_server = head.header("x-stream").is_some();
    is_own_server && (is_silent || probe.end.kind.is_clean())
}

/// The log of the stream that was sent to `peer`; none where the server keeps none or cannot be understood.
pub(super) fn of(target: &Target, peer: Option<SocketAddr>, probe: &Probe) -> Option<Truth> {
    if target.tls.is_some() {
        return None;
    }
    let endpoint = target.endpoints.first()?;
    let peer = peer?.to_string();
    let named = probe.head.as_ref().and_then(|head| head.header("x-stream"));
    let streams: Vec<String> = match named {
        Some(stream) => vec![stream.to_owned()],
        None => {
            let list: List = get(endpoint, &target.host, "/truth")?;
            list.streams
                .into_iter()
                .map(|listed| listed.stream)
                .collect()
        }
    };
    streams.iter().find_map(|stream| {
        let path = format!("/truth/{stream}?writes=0");
        let log: Log = get(endpoint, &target.host, &path)?;
        log.of(&peer, probe.request.sent)
    })
}

#[derive(Debug, Deserialize)]
struct List {
    streams: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    stream: String,
}

#[derive(Debug, Deserialize)]
struct Log {
    now: u64,
    events: Vec<Emitted>,
    subscribers: Vec<Subscriber>,
}

#[derive(Debug, Deserialize)]
struct Emitted {
    emitted: u64,
}

#[derive(Debug, Deserialize)]
struct Subscriber {
    peer: String,
    opened: u64,
    closed: Option<u64>,
    end: Option<String>,
    events: u64,
}

impl Log {
    /// What became of the stream to `peer`, or, behind a proxy, of the only one that was opened since the request.
    fn of(&self, peer: &str, sent: Option<Wall>) -> Option<Truth> {
        let mut of_peer = self.subscribers.iter().rev();
        let ours = of_peer
            .find(|one| one.peer == peer)
            .or_else(|| self.only_one_since(sent?))?;
        let until = ours.closed.unwrap_or(self.now);
        let emitted = |event: &&Emitted| event.emitted >= ours.opened && event.emitted <= until;
        let emitted_events = self.events.iter().filter(emitted).count() as u64;
        Some(Truth {
            emitted_events,
            emitted_bytes: None,
            written_events: ours.events,
            more_to_come: ours.end.as_deref() == Some("mode"),
        })
    }
}

impl Log {
    fn only_one_since(&self, sent: Wall) -> Option<&Subscriber> {
        let mut since = self.subscribers.iter().filter(|one| one.opened >= sent.0);
        since.next().filter(|_| since.next().is_none())
    }
}

fn get<T: for<'de> Deserialize<'de>>(endpoint: &Endpoint, host: &str, path: &str) -> Option<T> {
    let body = match endpoint {
        Endpoint::Tcp(address) => {
            let socket = TcpStream::connect_timeout(address, LIMIT).ok()?;
            socket.set_read_timeout(Some(LIMIT)).ok()?;
            exchange(socket, host, path).ok()?
        }
        Endpoint::Unix(path_of_socket) => {
            let socket = UnixStream::connect(path_of_socket).ok()?;
            socket.set_read_timeout(Some(LIMIT)).ok()?;
            exchange(socket, host, path).ok()?
        }
    };
    serde_json::from_slice(&body).ok()
}

/// HTTP/1.0, so that the body ends with the connection.
fn exchange(mut socket: impl Read + Write, host: &str, path: &str) -> io::Result<Vec<u8>> {
    let agent = concat!("streamgauge/", env!("CARGO_PKG_VERSION"));
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes())?;
    let mut answer = read_all(&mut socket)?;
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or(io::ErrorKind::InvalidData)?;
    if !answer.starts_with(b"HTTP/1.0 200") && !answer.starts_with(b"HTTP/1.1 200") {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(answer.split_off(end + 4))
}

/// Up to the close of the connection.
fn read_all(socket: &mut impl Read) -> io::Result<Vec<u8>> {
    let deadline = clock::mono() + LIMIT.into();
    let (mut answer, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        match socket.read(&mut piece)? {
            0 => return Ok(answer),
            bytes => answer.extend_from_slice(&piece[..bytes]),
        }
        if answer.len() > MAX_ANSWER || clock::mono() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}
