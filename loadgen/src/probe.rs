//! A few requests watched closely: one thread, one poll a millisecond, every byte written down.
//!
//! The engine of `run` counts thousands of streams; this one looks at a handful, and proves for each arrival since
//! when the socket had been empty. It must not know what is asked, in which order, or what it means.

mod http2;
mod lateness;
mod stream;
pub mod witness;

use crate::clock::{self, Now};
use crate::connection::receive::{self, StampingKeptOn};
use crate::plan::Target;
use crate::request::Request;
use lateness::Lateness;
use mio::{Events, Poll, Token};
use run_record::time::Wall;
use std::io;
use std::time::Duration;
use stream::{Buffers, Stream};
use url::Url;
use verdict::observations::{self, Own};
use witness::{Spec, Witness};

/// What a diagnosis needs: an arrival is known no better than the last look at an empty socket.
const POLL_EVERY: Duration = Duration::from_millis(1);
/// Events taken from one poll; fewer prove that every socket not listed was empty when the poll began.
const EVENTS_PER_POLL: usize = 1024;
/// As much as a socket plausibly holds after a millisecond.
const BUFFER_BYTES: usize = 256 * 1024;

/// The requests of one check, and what they have seen.
#[derive(Debug)]
pub struct Prober {
    target: Target,
    url: Url,
    spec: Spec,
    poll: Poll,
    events: Events,
    streams: Vec<Stream>,
    buffers: Buffers,
    /// The endpoint that answered last: the next request begins with it.
    endpoint: usize,
    lateness: Lateness,
    last: Now,
    _stamping: StampingKeptOn,
}

/// One request to send.
#[derive(Clone, Debug)]
pub struct Order {
    /// What is sent.
    pub request: Request,
    /// The same, as the observations note it.
    pub noted: observations::Request,
}

impl Prober {
    /// A prober of this target that has sent nothing.
    ///
    /// Errors: no descriptor for the poll or for the socket that keeps stamping on.
    pub fn new(target: Target, url: Url, spec: Spec) -> io::Result<Prober> {
        let stamping = StampingKeptOn::begin()?;
        let is_tls = target.tls.is_some();
        let last = clock::now();
        Ok(Prober {
            target,
            url,
            spec,
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_PER_POLL),
            streams: Vec::new(),
            buffers: Buffers {
                bytes: vec![0; BUFFER_BYTES].into_boxed_slice(),
                plaintext: vec![0; if is_tls { BUFFER_BYTES } else { 0 }].into_boxed_slice(),
                control: receive::control_buffer(),
            },
            endpoint: 0,
            lateness: Lateness::since(last),
            last,
            _stamping: stamping,
        })
    }

    /// Sends a request on a connection of its own; returns the number of its notes.
    pub fn start(&mut self, order: Order) -> usize {
        let number = self.streams.len();
        let noted = observations::Request {
            scheduled: clock::wall(),
            ..order.noted
        };
        let witness = Witness::new(noted, self.spec.clone());
        let mut stream = Stream::new(witness, order.request, self.url.clone(), self.endpoint);
        stream.dial(&self.target, &self.poll, Token(number));
        self.streams.push(stream);
        number
    }

    /// Looks at all connections once, and sleeps for at most a millisecond before that.
    ///
    /// Errors: the poll itself fails.
    pub fn turn(&mut self) -> io::Result<()> {
        let entered = clock::now();
        self.note_absence(self.last.wall, entered.wall);
        let is_busy = self.streams.iter().any(Stream::has_more_to_read);
        let sleep = if is_busy { Duration::ZERO } else { POLL_EVERY };
        match self.poll.poll(&mut self.events, Some(sleep)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.events.clear(),
            polled => polled?,
        }
        let began = clock::now();
        self.last = began;
        self.lateness.turn(entered, began, sleep);
        self.note_absence(entered.wall + sleep.into(), began.wall);
        let listed: Vec<(usize, stream::Ready)> = self
            .events
            .iter()
            .map(|event| (event.token().0, stream::Ready::of(event)))
            .collect();
        if listed.len() < EVENTS_PER_POLL {
            for (number, stream) in self.streams.iter_mut().enumerate() {
                if !stream.has_more_to_read() && listed.iter().all(|(at, _)| *at != number) {
                    stream.was_empty(entered.wall);
                }
            }
        }
        for (number, ready) in listed {
            if let Some(stream) = self.streams.get_mut(number) {
                stream.ready(ready, &mut self.buffers);
            }
        }
        for (number, stream) in self.streams.iter_mut().enumerate() {
            stream.go_on(&mut self.buffers);
            stream.keep_time(&self.target, &self.poll, Token(number));
            if stream.is_connected() {
                self.endpoint = stream.endpoint();
            }
        }
        Ok(())
    }

    /// What request `number` has seen so far, as of now.
    pub fn witness(&mut self, number: usize) -> &Witness {
        let now = self.last.wall;
        let stream = &mut self.streams[number];
        stream.witness_mut().watched_until(now);
        stream.witness()
    }

    /// The port from which request `number` was sent, by which a server's log names it.
    pub fn local_address(&self, number: usize) -> Option<std::net::SocketAddr> {
        self.streams[number].local_address()
    }

    /// Closes the connection of request `number`; its notes stay.
    pub fn stop(&mut self, number: usize) {
        let stream = &mut self.streams[number];
        stream.witness_mut().watched_until(self.last.wall);
        stream.close();
    }

    /// How many requests were started.
    pub fn started(&self) -> usize {
        self.streams.len()
    }

    /// How many requests were sent: redirects that were followed count.
    pub fn requests(&self) -> usize {
        self.streams.iter().map(Stream::requests).sum()
    }

    /// How fit this process and its clock were.
    pub fn own(&self) -> Own {
        self.lateness.own()
    }

    /// The time of the latest turn.
    pub fn now(&self) -> Now {
        self.last
    }

    /// Everything that was seen; connections that are open are closed.
    pub fn into_probes(mut self) -> Vec<observations::Probe> {
        for number in 0..self.streams.len() {
            self.stop(number);
        }
        self.streams.into_iter().map(Stream::into_probe).collect()
    }

    /// Tells all open streams that this process did not run between these times, if that was long enough to matter.
    fn note_absence(&mut self, from: Wall, to: Wall) {
        let Some(absence) = lateness::absence(from, to) else {
            return;
        };
        for stream in self.streams.iter_mut().filter(|stream| stream.is_open()) {
            stream.witness_mut().absent(absence);
        }
    }
}
