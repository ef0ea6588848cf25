//! One watched connection: moves bytes and times from the socket to the witness, and follows redirects.

use super::http2::{Broken, Came, Http2};
use super::witness::Witness;
use crate::clock;
use crate::connection::connect;
use crate::connection::dial::Wishes;
use crate::connection::holes::Holes;
use crate::connection::tls::Opened;
use crate::connection::transport::Transport;
use crate::plan::{Endpoint, Target};
use crate::request::Request;
use crate::session::head::Head;
use crate::session::reading::{RESOLUTION, Reading};
use mio::event::Event;
use mio::{Interest, Poll, Token};
use run_record::time::{Nanos, Wall};
use std::io;
use std::net::SocketAddr;
use url::Url;
use verdict::observations::{EndKind, Offer, Probe, Version};

/// Reads from one socket in one turn before the others are looked at.
const READS_PER_TURN: usize = 64;
/// An endpoint that has not answered by then is given up, and the next one tried.
const CONNECT_LIMIT: Nanos = Nanos::from_secs(5);
/// Redirects that are followed (WHATWG Fetch allows 20).
const MAX_REDIRECTS: usize = 20;

/// What all streams share: nothing is kept in them between two reads.
#[derive(Debug)]
pub(super) struct Buffers {
    pub(super) bytes: Box<[u8]>,
    pub(super) plaintext: Box<[u8]>,
    pub(super) control: Vec<u8>,
}

/// What the poll says about a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    writable: bool,
    closing: bool,
}

/// One request and its connection.
#[derive(Debug)]
pub(super) struct Stream {
    witness: Witness,
    request: Request,
    url: Url,
    /// As whom the server is addressed.
    host: String,
    phase: Phase,
    transport: Option<Transport>,
    /// The request where HTTP/2 is spoken.
    http2: Option<Http2>,
    local: Option<SocketAddr>,
    endpoint: usize,
    /// Endpoints that were tried for this request.
    tried: usize,
    dialled: Wall,
    /// Why the present endpoint cannot be connected to.
    refused: Option<io::Error>,
    bytes: Vec<u8>,
    sent: usize,
    /// A clock value from before the latest call that found the socket empty.
    empty_since: Wall,
    /// What the connection has received out of order.
    holes: Holes,
    /// The last turn ended before the socket was empty.
    more: Option<Ready>,
    requests: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Connecting,
    Securing,
    Sending,
    Open,
    Closed,
}

enum Turn {
    Empty,
    Drained,
    GoOn,
    Over,
}

impl Ready {
    pub(super) fn of(event: &Event) -> Ready {
        Ready {
            writable: event.is_writable() || event.is_error(),
            closing: event.is_read_closed() || event.is_error(),
        }
    }
}

impl Stream {
    pub(super) fn new(witness: Witness, request: Request, url: Url, endpoint: usize) -> Stream {
        Stream {
            witness,
            request,
            url,
            host: String::new(),
            phase: Phase::Closed,
            transport: None,
            http2: None,
            local: None,
            endpoint,
            tried: 0,
            dialled: Wall::default(),
            refused: None,
            bytes: Vec::new(),
            sent: 0,
            empty_since: Wall::default(),
            holes: Holes::default(),
            more: None,
            requests: 0,
        }
    }

    pub(super) fn witness(&self) -> &Witness {
        &self.witness
    }

    pub(super) fn witness_mut(&mut self) -> &mut Witness {
        &mut self.witness
    }

    pub(super) fn into_probe(self) -> Probe {
        self.witness.into_probe()
    }

    pub(super) fn is_open(&self) -> bool {
        self.transport.is_some()
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Sending | Phase::Securing)
    }

    pub(super) fn endpoint(&self) -> usize {
        self.endpoint
    }

    pub(super) fn requests(&self) -> usize {
        self.requests
    }

    pub(super) fn local_address(&self) -> Option<SocketAddr> {
        self.local
    }

    pub(super) fn has_more_to_read(&self) -> bool {
        self.more.is_some()
    }

    /// A poll that began at `at` did not list this socket: it was empty then.
    pub(super) fn was_empty(&mut self, at: Wall) {
        self.empty_since = self.empty_since.max(at);
    }

    /// Begins to connect; where an endpoint refuses at once, to the next one.
    pub(super) fn dial(&mut self, target: &Target, poll: &Poll, token: Token) {
        loop {
            let endpoint = &target.endpoints[self.endpoint % target.endpoints.len()];
            self.tried += 1;
            self.dialled = clock::wall();
            let error = match self.dial_endpoint(endpoint, target, poll, token) {
                Ok(()) => return,
                Err(error) => error,
            };
            if !self.try_next(target) {
                return self.fail(endpoint, &error);
            }
        }
    }

    fn dial_endpoint(
        &mut self,
        endpoint: &Endpoint,
        target: &Target,
        poll: &Poll,
        token: Token,
    ) -> io::Result<()> {
        let wishes = Wishes {
            max_segment: self.witness.probe().request.way.max_segment,
            ..Wishes::default()
        };
        let tls = target.tls.as_ref().map(|tls| tls.offering(self.offered()));
        let mut transport = connect(endpoint, wishes, tls.as_ref())?;
        self.host.clone_from(&target.host);
        poll.registry().register(
            &mut transport,
            token,
            Interest::READABLE | Interest::WRITABLE,
        )?;
        self.phase = Phase::Connecting;
        self.transport = Some(transport);
        Ok(())
    }

    fn offer(&self) -> Offer {
        self.witness.probe().request.way.http
    }

    /// What TLS is told that we speak; HTTP/1.0 is older than such telling.
    fn offered(&self) -> &'static [&'static [u8]] {
        match self.offer() {
            Offer::Newest => &[b"h2", b"http/1.1"],
            Offer::Only(Version::Http2) => &[b"h2"],
            Offer::Only(Version::Http11) => &[b"http/1.1"],
            Offer::Only(Version::Http10) => &[],
        }
    }

    /// Puts the request into bytes, once it is known which HTTP is spoken: TLS agrees on it; without TLS, HTTP/2 is
    /// what the user knows that the server speaks.
    fn compose(&mut self) -> Result<(), String> {
        let Some(transport) = &self.transport else {
            return Ok(());
        };
        let is_agreed = transport.protocol() == Some(b"h2");
        let is_wanted = self.offer() == Offer::Only(Version::Http2);
        if is_wanted && transport.is_tls() && !is_agreed {
            return Err("the server does not take HTTP/2: TLS did not agree on h2".to_owned());
        }
        self.sent = 0;
        self.bytes.clear();
        if !is_agreed && !is_wanted {
            self.bytes = self.request.to_bytes(&self.host, None);
            return Ok(());
        }
        let scheme = if transport.is_tls() { "https" } else { "http" };
        let mut http2 = Http2::new(&self.request, scheme, &self.host)?;
        http2.outgoing(&mut self.bytes);
        self.http2 = Some(http2);
        Ok(())
    }

    /// Whether there is an endpoint that was not tried; it is the present one then.
    fn try_next(&mut self, target: &Target) -> bool {
        let is_left = self.tried < target.endpoints.len();
        if is_left {
            self.endpoint = (self.endpoint + 1) % target.endpoints.len();
        }
        is_left
    }

    fn fail(&mut self, endpoint: &Endpoint, error: &io::Error) {
        self.close();
        let why = match error.kind() {
            io::ErrorKind::InvalidData => format!("{endpoint}: TLS: {error}"),
            _ => format!("{endpoint}: {error}"),
        };
        self.witness.failed(why, clock::wall());
    }

    /// Gives up an endpoint that has not answered in time, and follows a redirect.
    pub(super) fn keep_time(&mut self, target: &Target, poll: &Poll, token: Token) {
        let endpoint = &target.endpoints[self.endpoint % target.endpoints.len()];
        if self.phase != Phase::Connecting {
            return self.follow(target, poll, token);
        }
        let error = match self.refused.take() {
            Some(error) => error,
            None if clock::wall() < self.dialled + CONNECT_LIMIT => return,
            None => io::Error::new(io::ErrorKind::TimedOut, "no connection within 5 s"),
        };
        self.transport = None;
        if self.try_next(target) {
            self.dial(target, poll, token);
        } else {
            self.fail(endpoint, &error);
        }
    }

    /// Within the origin a redirect is followed, as an `EventSource` does; any other is for the user to decide.
    /// Whatever else is over is closed.
    fn follow(&mut self, target: &Target, poll: &Poll, token: Token) {
        if !self.witness.is_over() || self.transport.is_none() {
            return;
        }
        self.close();
        let followed = self
            .witness
            .redirect()
            .filter(|_| self.requests <= MAX_REDIRECTS)
            .and_then(|to| {
                let location = to.location.as_bytes();
                self.request.redirected(&self.url, to.status, location).ok()
            })
            .filter(|next| next.same_origin);
        if let Some(next) = followed {
            self.witness.restart();
            (self.request, self.url, self.tried) = (next.request, next.url, 0);
            self.dial(target, poll, token);
        }
    }

    pub(super) fn ready(&mut self, ready: Ready, buffers: &mut Buffers) {
        let Some(transport) = &self.transport else {
            return;
        };
        if self.phase == Phase::Connecting {
            match transport.finish_connect() {
                Ok(true) => self.established(),
                Ok(false) => return,
                Err(error) => {
                    // A socket tells its error once. Keeping time deals with it: it knows the other endpoints.
                    self.refused = Some(error);
                    return;
                }
            }
        } else if ready.writable && self.phase < Phase::Open {
            self.send();
        } else if ready.writable
            && let Err(error) = self.answer()
        {
            return self.lost(&error);
        }
        self.read(ready, buffers);
    }

    /// Goes on where the last turn left off.
    pub(super) fn go_on(&mut self, buffers: &mut Buffers) {
        if let Some(ready) = self.more.take() {
            self.read(ready, buffers);
        }
    }

    fn established(&mut self) {
        let now = clock::wall();
        let Some(transport) = &self.transport else {
            return;
        };
        self.local = transport.local_address();
        let is_tcp = self.local.is_some();
        self.witness.connected(is_tcp.then(|| now - self.dialled));
        self.empty_since = now;
        self.holes = Holes::default();
        if transport.is_tls() {
            self.phase = Phase::Securing;
        } else {
            self.begin_to_send();
        }
        self.send();
    }

    fn send(&mut self) {
        if let Err(error) = self.try_send() {
            self.lost(&error);
        }
    }

    fn try_send(&mut self) -> io::Result<()> {
        let Some(transport) = &mut self.transport else {
            return Ok(());
        };
        transport.flush()?;
        if self.phase == Phase::Securing {
            if transport.is_handshaking() {
                return Ok(());
            }
            self.begin_to_send();
        }
        if self.phase != Phase::Sending {
            return Ok(());
        }
        // Read before the write that completes the request: an answer can be there before it returns.
        let Some(now) = self.write_out()? else {
            return Ok(());
        };
        self.phase = Phase::Open;
        self.empty_since = now;
        self.requests += 1;
        self.witness.requested(now);
        Ok(())
    }

    fn begin_to_send(&mut self) {
        match self.compose() {
            Ok(()) => self.phase = Phase::Sending,
            Err(why) => {
                self.close();
                self.witness.failed(why, clock::wall());
            }
        }
    }

    /// Sends what is to be sent; a clock value from before the last write, once nothing is left.
    fn write_out(&mut self) -> io::Result<Option<Wall>> {
        let Some(transport) = &mut self.transport else {
            return Ok(None);
        };
        let mut now = clock::wall();
        while self.sent < self.bytes.len() {
            match transport.write(&self.bytes[self.sent..]) {
                Ok(bytes) => self.sent += bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
            if self.sent < self.bytes.len() {
                now = clock::wall();
            }
        }
        Ok(transport.flush()?.then_some(now))
    }

    /// Reads until the socket is empty, or its turn is over. `closing`: its end stands behind the last bytes.
    fn read(&mut self, ready: Ready, buffers: &mut Buffers) {
        for _ in 0..READS_PER_TURN {
            match self.read_once(ready.closing, buffers) {
                Turn::Drained if ready.closing => {}
                Turn::GoOn => {}
                Turn::Drained | Turn::Empty | Turn::Over => return,
            }
        }
        self.more = Some(ready);
    }

    fn read_once(&mut self, closing: bool, buffers: &mut Buffers) -> Turn {
        let Some(transport) = &mut self.transport else {
            return Turn::Over;
        };
        let before = clock::wall();
        let received = match transport.receive(&mut buffers.bytes, &mut buffers.control) {
            Ok(received) => received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.empty_since = before;
                return Turn::Empty;
            }
            Err(error) => {
                self.lost(&error);
                return Turn::Over;
            }
        };
        let read = clock::wall();
        if received.bytes == 0 {
            self.ended(read);
            self.close();
            return Turn::Over;
        }
        let is_drained = received.bytes < buffers.bytes.len();
        let holes = &mut self.holes;
        let repaired = holes.filled_by(transport, &received, read, closing, RESOLUTION);
        let reading = Reading::new(
            self.empty_since,
            received.stamp,
            read,
            is_drained && !closing,
        )
        .repaired(repaired);
        if is_drained {
            self.empty_since = before;
        }
        self.witness.begin_read(&reading);
        let bytes = &mut buffers.bytes[..received.bytes];
        if transport.is_tls() {
            if let Err(error) = self.open(bytes, &mut buffers.plaintext) {
                self.lost(&error);
                return Turn::Over;
            }
        } else {
            tell(&mut self.witness, &mut self.http2, bytes);
        }
        if let Err(error) = self.answer() {
            self.lost(&error);
            return Turn::Over;
        }
        if self.witness.is_over() {
            return Turn::Over;
        }
        if is_drained {
            Turn::Drained
        } else {
            Turn::GoOn
        }
    }

    fn open(&mut self, mut ciphertext: &mut [u8], plaintext: &mut [u8]) -> io::Result<()> {
        loop {
            let Some(transport) = &mut self.transport else {
                return Ok(());
            };
            match transport.open(&mut ciphertext, plaintext)? {
                Opened::Nothing => break,
                Opened::Closed => {
                    self.ended(clock::wall());
                    return Ok(());
                }
                Opened::Plaintext(length) => {
                    // What came with the end of the handshake is for the protocol that it agreed on.
                    if self.phase < Phase::Open {
                        self.try_send()?;
                    }
                    tell(&mut self.witness, &mut self.http2, &plaintext[..length]);
                }
            }
        }
        if self.phase < Phase::Open {
            self.try_send()?;
        }
        Ok(())
    }

    /// Sends what HTTP/2 has to say to what it was told: that it has room, that it has understood.
    fn answer(&mut self) -> io::Result<()> {
        let Some(http2) = &mut self.http2 else {
            return Ok(());
        };
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            self.sent = 0;
        }
        http2.outgoing(&mut self.bytes);
        self.write_out().map(drop)
    }

    /// The peer says no more.
    fn ended(&mut self, at: Wall) {
        if let Some(http2) = &mut self.http2 {
            http2.closed();
            tell(&mut self.witness, &mut self.http2, &[]);
        }
        self.witness.closed(None, at);
    }

    /// The connection broke.
    fn lost(&mut self, error: &io::Error) {
        self.witness.closed(Some(error), clock::wall());
        self.close();
    }

    pub(super) fn close(&mut self) {
        if let Some(mut transport) = self.transport.take() {
            transport.say_goodbye();
        }
        self.http2 = None;
        self.phase = Phase::Closed;
        self.more = None;
    }
}

/// Tells the witness what these bytes say.
fn tell(witness: &mut Witness, http2: &mut Option<Http2>, bytes: &[u8]) {
    let Some(http2) = http2 else {
        return witness.take(bytes);
    };
    http2.receive(bytes);
    while let Some(came) = http2.next() {
        match came {
            Came::Head(status, fields) => witness.take_head(&Head {
                status,
                minor_version: 0,
                fields,
            }),
            Came::Data(data) => witness.take_frame(&data),
            Came::End => witness.take_end(EndKind::LastChunk, String::new),
            Came::Broken(broken) => {
                let kind = match &broken {
                    Broken::Reset(_) => EndKind::Reset,
                    Broken::GoAway(_) => EndKind::GoAway,
                    Broken::Closed => EndKind::Truncated,
                    Broken::Malformed(_) => EndKind::BadFraming,
                };
                witness.take_end(kind, || broken.to_string());
            }
        }
    }
}
