//! A client that sees every byte: it reads heads, chunks and events itself and forgives nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use sse_wire::{Decoder, Item, Limits};
use target_server::{Config, Server, StreamTruth};

/// What hangs for so long is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on a free port of loopback, with the defaults.
pub(crate) fn server() -> Server {
    Server::start(Config::default()).unwrap()
}

/// Nanoseconds of CLOCK_REALTIME, as the server's stamps.
#[expect(
    clippy::disallowed_methods,
    reason = "the test is the far end of what the server stamps"
)]
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64
}

/// One connection and what was read from it.
pub(crate) struct Client<S> {
    pub(crate) stream: S,
    unread: Vec<u8>,
    /// When a stream that never ends has gone on for too long.
    deadline: u64,
    /// Every byte that came, in order.
    pub(crate) received: Vec<u8>,
}

/// The head of a response.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
}

/// An event as a browser would dispatch it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: String,
}

impl Head {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let field = self
            .fields
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }
}

impl Event {
    /// The data as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }

    pub(crate) fn seq(&self) -> u64 {
        self.json()["seq"].as_u64().unwrap()
    }

    pub(crate) fn due(&self) -> u64 {
        self.json()["due"].as_u64().unwrap()
    }

    pub(crate) fn emitted(&self) -> u64 {
        self.json()["emitted"].as_u64().unwrap()
    }
}

/// Opens a connection to a server's first TCP address.
pub(crate) fn connect(server: &Server) -> Client<TcpStream> {
    connect_to(server.local_addr().unwrap())
}

pub(crate) fn connect_to(address: SocketAddr) -> Client<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    Client::new(stream)
}

/// Opens a connection and asks for a target.
pub(crate) fn get(server: &Server, target: &str) -> Client<TcpStream> {
    let mut client = connect(server);
    client.send(&format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n"));
    client
}

/// Asks for a target and reads the whole answer, which must be one with a length: status and body.
pub(crate) fn fetch(address: SocketAddr, target: &str) -> (u16, String) {
    let mut client = connect_to(address);
    client.send(&format!(
        "GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    ));
    let head = client.head();
    (head.status, String::from_utf8(client.rest()).unwrap())
}

/// The same from a server, for answers that must be good.
pub(crate) fn fetch_json(server: &Server, target: &str) -> Value {
    let (status, body) = fetch(server.local_addr().unwrap(), target);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// What the server says that it did.
pub(crate) fn truth(server: &Server, stream: &str) -> StreamTruth {
    serde_json::from_value(fetch_json(server, &format!("/truth/{stream}"))).unwrap()
}

/// The truth once it is as wanted: for what the server notices only after the client has read its last byte.
pub(crate) fn truth_when(
    server: &Server,
    stream: &str,
    is_wanted: impl Fn(&StreamTruth) -> bool,
) -> StreamTruth {
    wait_for(|| truth(server, stream), is_wanted)
}

/// The same for any answer in JSON.
pub(crate) fn json_when(
    server: &Server,
    target: &str,
    is_wanted: impl Fn(&Value) -> bool,
) -> Value {
    wait_for(|| fetch_json(server, target), is_wanted)
}

/// Asks until the answer is as wanted.
pub(crate) fn wait_for<T: std::fmt::Debug>(
    ask: impl Fn() -> T,
    is_wanted: impl Fn(&T) -> bool,
) -> T {
    let deadline = now() + PATIENCE.as_nanos() as u64;
    loop {
        let answer = ask();
        if is_wanted(&answer) {
            return answer;
        }
        assert!(now() < deadline, "it never became as wanted: {answer:?}");
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            unread: Vec::new(),
            deadline: now() + PATIENCE.as_nanos() as u64,
            received: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn head(&mut self) -> Head {
        let text = self.until(b"\r\n\r\n");
        let mut lines = std::str::from_utf8(&text).unwrap().trim_end().split("\r\n");
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let fields = lines.map(|line| line.split_once(": ").unwrap());
        Head {
            status,
            fields: fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    /// The next chunk; nothing if it is the last.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.until(b"\r\n");
        let size = usize::from_str_radix(std::str::from_utf8(&line[..line.len() - 2]).unwrap(), 16)
            .unwrap();
        let data = self.exactly(size);
        assert_eq!(self.exactly(2), b"\r\n", "what ends a chunk");
        Some(data).filter(|data| !data.is_empty())
    }

    /// All chunks up to the last one.
    pub(crate) fn chunks(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.chunk()).collect()
    }

    /// The next event, each of which must be one chunk.
    pub(crate) fn event(&mut self) -> Event {
        let chunk = self.chunk().expect("the stream goes on");
        match &events(&chunk)[..] {
            [event] => event.clone(),
            other => panic!("one chunk holds {other:?}"),
        }
    }

    /// What comes before the end of the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.read_more() {}
        std::mem::take(&mut self.unread)
    }

    /// Asserts that nothing but the end of the connection follows.
    pub(crate) fn assert_end(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.rest()), "");
    }

    fn until(&mut self, mark: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self
                .unread
                .windows(mark.len())
                .position(|window| window == mark)
            {
                return self.unread.drain(..at + mark.len()).collect();
            }
            assert!(
                self.read_more(),
                "the connection ended in {:?}",
                String::from_utf8_lossy(&self.unread)
            );
        }
    }

    pub(crate) fn exactly(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count {
            assert!(
                self.read_more(),
                "the connection ended in {:?}",
                String::from_utf8_lossy(&self.unread)
            );
        }
        self.unread.drain(..count).collect()
    }

    /// Reads once; false at the end of the connection.
    fn read_more(&mut self) -> bool {
        assert!(now() < self.deadline, "it goes on and on");
        let mut buffer = [0; 16 * 1024];
        let count = loop {
            match self.stream.read(&mut buffer) {
                // A socket with a timeout is interrupted by any signal, such as the end of another test's child.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => break outcome.unwrap(),
            }
        };
        self.unread.extend_from_slice(&buffer[..count]);
        self.received.extend_from_slice(&buffer[..count]);
        count > 0
    }
}

/// Decodes a body.
pub(crate) fn events(body: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut decoder = Decoder::new(Limits::default());
    let observe = |item: Item<'_>| {
        if let Item::Event(event) = item {
            events.push(Event {
                name: event.name().into_owned(),
                id: event.id().into_owned(),
                data: event.data().into_owned(),
            });
        }
    };
    decoder.decode(body, observe).unwrap();
    events
}

/// The numbers of events.
pub(crate) fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(Event::seq).collect()
}
