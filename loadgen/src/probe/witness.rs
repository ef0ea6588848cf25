//! What one request saw, written down byte by byte as the observations that a diagnosis takes.
//!
//! Sans-IO: bytes and times in, a [`Probe`] out. It judges nothing, and must not know sockets, clocks or what is
//! asked next.

mod cutter;

use crate::coding::ContentDecoder;
use crate::plan::{Format, SequenceSource, StampSource};
use crate::session::cadence::Cadence;
use crate::session::framing::{Framing, Piece};
use crate::session::head::{self, Parsed};
use crate::session::payload;
use crate::session::reading::Reading;
use crate::session::recorder::Class;
use cutter::{Cutter, Unit};
use run_record::time::{Interval, Nanos, Wall};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::time::Duration;
use verdict::media;
use verdict::observations::{
    self, Chunk, Comment, EndKind, Event, FormatFrom, Head, Probe, Read, Request, ServerClock,
    Version,
};

/// Notes of one kind (reads, chunks, events) that are taken of one response. More would not change a verdict, and a
/// server that sends a byte a chunk must not fill the memory: watching ends there.
const MAX_NOTES: usize = 50_000;

/// How the events of a response are read.
#[derive(Clone, Debug)]
pub struct Spec {
    /// How a body is cut into events.
    pub format: Format,
    /// Where the send time of an event is found.
    pub stamps: StampSource,
    /// Where the number of an event is found.
    pub sequence: SequenceSource,
    /// The spacing at which events are due, where their payload does not say it.
    pub due_every: Option<Duration>,
    /// How far stamps of the server can be compared with arrivals.
    pub server_clock: ServerClock,
}

/// The notes of one request.
#[derive(Debug)]
pub struct Witness {
    probe: Probe,
    spec: Spec,
    state: State,
    cadence: Option<Cadence>,
    /// When the present read's bytes arrived, whether a stamp says so, and when they were read.
    now: (Interval, bool, Wall),
    /// The note of the present read, once it has brought a byte of body.
    noted: bool,
    /// Bytes of the decoded body before the present piece, and behind the last unit in it.
    decoded: u64,
    unit_end: u64,
    /// An event carried target-server's payload.
    is_own_server: bool,
}

#[derive(Debug)]
enum State {
    Head(Vec<u8>),
    Body {
        /// Absent where HTTP/2 frames the body.
        framing: Option<Framing>,
        coding: Option<ContentDecoder>,
        cutter: Cutter,
    },
    Over,
}

/// Where a request leads that was answered with a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The status.
    pub status: u16,
    /// The value of `Location`.
    pub location: String,
}

impl Witness {
    /// A request that has not been sent.
    pub fn new(request: Request, spec: Spec) -> Witness {
        Witness {
            probe: Probe {
                request,
                server_clock: spec.server_clock,
                ..Probe::default()
            },
            cadence: spec.due_every.map(Cadence::new),
            spec,
            state: State::Head(Vec::new()),
            now: (Interval::default(), false, Wall::default()),
            noted: false,
            decoded: 0,
            unit_end: 0,
            is_own_server: false,
        }
    }

    /// What was seen so far.
    pub fn probe(&self) -> &Probe {
        &self.probe
    }

    /// The observations.
    pub fn into_probe(self) -> Probe {
        self.probe
    }

    /// Whether nothing more can come: it has ended, is no stream, or is broken.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether an event carried target-server's payload: then rate and size can be asked for.
    pub fn is_own_server(&self) -> bool {
        self.is_own_server
    }

    /// TCP is established: its handshake took one round trip.
    pub fn connected(&mut self, round_trip: Option<Nanos>) {
        self.probe.round_trip = round_trip;
    }

    /// The kernel has taken the last byte of the request.
    pub fn requested(&mut self, at: Wall) {
        self.probe.request.sent = Some(at);
    }

    /// There will be no response.
    pub fn failed(&mut self, why: String, at: Wall) {
        self.probe.failure = Some(why);
        self.end(EndKind::StillOpen, at);
        self.state = State::Over;
    }

    /// This process did not run, although it should have.
    pub fn absent(&mut self, during: Interval) {
        self.probe.stalls.push(during);
    }

    /// Watching goes on until `at`.
    pub fn watched_until(&mut self, at: Wall) {
        if !self.is_over() {
            self.end(EndKind::StillOpen, at);
        }
    }

    /// Begins a read; its bytes follow in one piece, or in several (TLS).
    pub fn begin_read(&mut self, reading: &Reading) {
        let class = match reading.class(true) {
            Class::Exact => Class::Bounded,
            class => class,
        };
        let is_stamped = matches!(class, Class::Bounded);
        self.now = (reading.interval(class), is_stamped, reading.read());
        self.noted = false;
    }

    /// Takes in bytes of the read that has begun.
    pub fn take(&mut self, bytes: &[u8]) {
        let State::Head(kept) = &mut self.state else {
            return self.body(bytes);
        };
        kept.extend_from_slice(bytes);
        match head::parse(kept) {
            Ok(Parsed::Partial) => {}
            Ok(Parsed::Complete(head, used)) => {
                let body = kept.split_off(used);
                let version = match head.minor_version {
                    0 => Version::Http10,
                    _ => Version::Http11,
                };
                self.begin_body(&head, version);
                self.body(&body);
            }
            Err(error) => {
                self.failed(error.to_string(), self.now.2);
            }
        }
    }

    /// The head of a response over HTTP/2; of what belongs to HTTP/1 alone it has nothing.
    pub(super) fn take_head(&mut self, head: &head::Head) {
        if matches!(self.state, State::Head(_)) {
            self.begin_body(head, Version::Http2);
        }
    }

    /// The data of one DATA frame.
    pub(super) fn take_frame(&mut self, data: &[u8]) {
        if !matches!(self.state, State::Body { .. }) {
            return;
        }
        if self.is_full() {
            return self.finish(EndKind::StillOpen, self.now.2);
        }
        self.note(data.len() as u64);
        if !self.decode(data) {
            return self.finish(EndKind::BadFraming, self.now.0.latest);
        }
        self.probe.frames.push(Chunk {
            bytes: data.len() as u64,
            arrival: self.now.0,
        });
        self.hear_end_of_chunk();
    }

    /// HTTP/2 says that the response ends here; without a head it says why there is none.
    pub(super) fn take_end(&mut self, kind: EndKind, why: impl FnOnce() -> String) {
        match self.state {
            State::Head(_) => self.failed(why(), self.now.2),
            State::Body { .. } => self.finish(kind, self.now.0.latest),
            State::Over => {}
        }
    }

    /// The connection is closed, properly or by an error.
    pub fn closed(&mut self, error: Option<&io::Error>, at: Wall) {
        let kind = match (&self.state, error) {
            (State::Over, _) => return,
            (State::Head(_), _) => {
                let why = error.map_or_else(
                    || "the connection ended before a response head".to_owned(),
                    |error| format!("no response head: {error}"),
                );
                return self.failed(why, at);
            }
            (
                State::Body {
                    framing: Some(framing),
                    ..
                },
                None,
            ) if framing.ends_with_connection() => EndKind::Close,
            (State::Body { .. }, Some(error)) if error.kind() == io::ErrorKind::ConnectionReset => {
                EndKind::Reset
            }
            (State::Body { .. }, _) => EndKind::Truncated,
        };
        self.finish(kind, at);
    }

    /// Forgets the response: the same question is asked again elsewhere.
    pub fn restart(&mut self) {
        let (round_trip, request) = (self.probe.round_trip, self.probe.request.clone());
        *self = Witness::new(request, self.spec.clone());
        self.probe.round_trip = round_trip;
    }

    /// Where the response redirects to, if it does.
    pub fn redirect(&self) -> Option<Redirect> {
        let head = self.probe.head.as_ref()?;
        let location = head.header("location").unwrap_or_default().to_owned();
        let status = head.status;
        matches!(status, 301 | 302 | 303 | 307 | 308).then_some(Redirect { status, location })
    }

    fn begin_body(&mut self, head: &head::Head, version: Version) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = head.fields.iter();
        let noted = Head {
            version,
            status: head.status,
            headers: fields
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            arrival: self.now.0,
        };
        let by_type = noted.media_type().as_deref().and_then(media::format_of);
        let (format, from) = match self.spec.format {
            Format::Auto => (by_type, FormatFrom::ContentType),
            Format::Sse => (Some(observations::Format::Sse), FormatFrom::User),
            Format::Lines => (Some(observations::Format::Lines), FormatFrom::User),
            Format::Bytes => (Some(observations::Format::Bytes), FormatFrom::User),
        };
        self.probe.request.format_from = from;
        self.probe.head = Some(noted);
        self.end(EndKind::StillOpen, self.now.2);
        // What is no stream is not read any further.
        self.state = State::Over;
        let Some(format) = format.filter(|_| head.status == 200) else {
            return;
        };
        self.probe.request.format = format;
        let coding = head
            .field("content-encoding")
            .map_or(Ok(None), ContentDecoder::for_header);
        let framing = match version {
            Version::Http2 => Ok(None),
            _ => head.framing().map(Some),
        };
        match (framing, coding) {
            (Ok(framing), Ok(coding)) => {
                // A DATA frame is to HTTP/2 what a chunk is to HTTP/1.1.
                let is_in_chunks = framing.as_ref().is_none_or(|it| *it == Framing::chunked());
                let cutter = match (from, format) {
                    (FormatFrom::ContentType, observations::Format::Lines) => Cutter::unsure(),
                    _ => Cutter::new(format, is_in_chunks),
                };
                self.state = State::Body {
                    framing,
                    coding,
                    cutter,
                };
            }
            (Err(error), _) => self.broken(error.to_string()),
            (_, Err(error)) => self.broken(error.to_string()),
        }
    }

    /// A head that promises what nobody can read.
    fn broken(&mut self, why: String) {
        self.probe.failure = Some(why);
        self.probe.head = None;
    }

    fn body(&mut self, mut input: &[u8]) {
        loop {
            if self.is_full() && !self.is_over() {
                self.finish(EndKind::StillOpen, self.now.2);
            }
            let State::Body {
                framing: Some(framing),
                ..
            } = &mut self.state
            else {
                return;
            };
            match framing.next(&mut input) {
                Ok(Some(Piece::Data(data))) => {
                    self.note(data.len() as u64);
                    if !self.decode(data) {
                        self.finish(EndKind::BadFraming, self.now.0.latest);
                    }
                }
                Ok(Some(Piece::ChunkEnd { bytes })) => self.chunk(bytes),
                Ok(Some(Piece::End)) => {
                    let has_length = self.probe.head.as_ref();
                    let has_length = has_length.is_some_and(|head| !head.is_chunked());
                    let kind = if has_length {
                        EndKind::Length
                    } else {
                        EndKind::LastChunk
                    };
                    self.finish(kind, self.now.0.latest);
                }
                Ok(None) => return,
                Err(_) => self.finish(EndKind::BadFraming, self.now.0.latest),
            }
        }
    }

    fn is_full(&self) -> bool {
        let probe = &self.probe;
        let units = probe.events.len() + probe.comments.len();
        let chunks = probe.chunks.len().max(probe.frames.len());
        units.max(probe.reads.len()).max(chunks) >= MAX_NOTES
    }

    /// Writes the present read down, or adds to it.
    fn note(&mut self, body_bytes: u64) {
        if !self.noted {
            self.noted = true;
            let (arrival, stamped, read) = self.now;
            self.probe.reads.push(Read {
                arrival,
                stamped,
                read,
                body_bytes: 0,
            });
        }
        if let Some(read) = self.probe.reads.last_mut() {
            read.body_bytes += body_bytes;
        }
    }

    fn chunk(&mut self, bytes: u64) {
        self.note(0);
        self.probe.chunks.push(Chunk {
            bytes,
            arrival: self.now.0,
        });
        self.hear_end_of_chunk();
    }

    fn hear_end_of_chunk(&mut self) {
        if let State::Body { cutter, .. } = &mut self.state
            && let Some(end) = cutter.end_of_chunk()
        {
            let unit = Unit::event(end, b"", b"", false);
            self.hear(&unit);
        }
    }

    /// Cuts a piece of body into events; false where it cannot be read.
    fn decode(&mut self, data: &[u8]) -> bool {
        let State::Body {
            framing,
            mut coding,
            mut cutter,
        } = std::mem::replace(&mut self.state, State::Over)
        else {
            return false;
        };
        let mut fine = true;
        let mut plain = |piece: &[u8]| {
            let before = self.decoded;
            fine &= cutter.cut(piece, before, |unit| self.hear(&unit));
            self.decoded += piece.len() as u64;
        };
        let decoded = match &mut coding {
            Some(coding) => {
                let is_fine = coding.decode(data, &mut plain).is_ok();
                self.probe.gzip_members = coding.members();
                is_fine
            }
            None => {
                plain(data);
                true
            }
        };
        if let Some(format) = cutter.format() {
            self.probe.request.format = format;
        }
        self.state = State::Body {
            framing,
            coding,
            cutter,
        };
        fine && decoded
    }

    fn hear(&mut self, unit: &Unit<'_>) {
        let read = self.probe.reads.len().saturating_sub(1);
        let bytes = unit.end.saturating_sub(self.unit_end);
        self.unit_end = unit.end;
        if self.is_full() {
            return;
        }
        match unit.event {
            Some((data, id, named)) => {
                let facts = payload::facts(data, id, &self.spec.stamps, &self.spec.sequence);
                self.is_own_server |= facts.instance.is_some() && facts.due.is_some();
                let latest = self.now.0.latest;
                let due = facts
                    .due
                    .or_else(|| self.cadence.as_mut().map(|cadence| cadence.due(latest)));
                self.probe.events.push(Event {
                    read,
                    bytes,
                    end_offset: unit.end,
                    seq: facts.seq,
                    due,
                    emitted: facts.emitted,
                    named,
                    digest: (!data.is_empty()).then(|| digest(data)),
                });
            }
            None if unit.is_comment => self.probe.comments.push(Comment { read, bytes }),
            None => {}
        }
    }

    fn finish(&mut self, kind: EndKind, at: Wall) {
        self.end(kind, at);
        self.state = State::Over;
    }

    fn end(&mut self, kind: EndKind, at: Wall) {
        self.probe.end = observations::End { kind, at };
    }
}

/// The same for the same data, in this process.
fn digest(data: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
