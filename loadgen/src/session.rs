//! One subscriber, as an `EventSource` is one: a sequence of streams, what they say, and what follows their ends.
//!
//! Sans-IO: bytes and times in, records and decisions out. It must not know sockets, clocks or workers.

pub mod cadence;
pub mod end;
pub mod framing;
mod gaps;
pub mod head;
mod listener;
mod media;
pub mod payload;
pub mod reading;
pub mod recorder;
mod request_id;
pub mod sequence;
pub mod units;

use crate::coding::ContentDecoder;
use crate::plan::{Format, SequenceSource, StampSource, SubscriberPolicy};
use end::{End, Next};
use framing::{Framing, Piece};
use gaps::{Ended, Gaps};
use head::{Head, Parsed};
use listener::Listener;
use reading::Reading;
use recorder::{After, Class, Event, Recorder, StreamOf};
use request_id::RequestId;
use run_record::metric::Metric;
use run_record::time::{Interval, Nanos, Wall};
use run_record::worst::Badness;
use sequence::Sequence;
use std::io;
use std::time::Duration;
use units::Units;

/// What every session of a run shares.
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
    /// What follows the end of a stream.
    pub policy: SubscriberPolicy,
    /// The endpoints of the plan, as they stand in the record.
    pub remotes: Vec<String>,
    /// The response header by whose values results are told apart, in lower case.
    pub by: Option<String>,
}

/// One subscriber.
#[derive(Debug)]
pub struct Session {
    index: u32,
    /// Streams that have begun.
    streams: u32,
    attempts: u32,
    endpoint: u16,
    /// Which server has answered, by the header that tells them apart.
    value: Option<u16>,
    redirects: u8,
    /// What it had last.
    after: After,
    exchange: Exchange,
    units: Units,
    sequence: Sequence,
    instance: Option<u32>,
    cadence: Option<Box<cadence::Cadence>>,
    request_id: Option<Box<RequestId>>,
    times: Times,
    gaps: Gaps,
    /// Events of this stream, and reads that completed any.
    events: u64,
    reads: u64,
    /// How bad this stream has been.
    worst: Option<Badness>,
}

#[derive(Debug)]
enum Exchange {
    /// No request is out.
    None,
    /// The request is out; these bytes are not yet a whole head.
    Head(Vec<u8>),
    /// A response body.
    Body {
        framing: Framing,
        coding: Option<Box<ContentDecoder>>,
    },
}

/// The instants of one attempt. Those that have not come are zero.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    due: Wall,
    dialled: Wall,
    connected: Wall,
    requested: Wall,
    head: Wall,
    first_byte: Wall,
    /// When the stream before this one ended.
    previous_end: Wall,
}

impl Session {
    /// A subscriber that has not asked for anything yet.
    pub fn new(index: u32, spec: &Spec) -> Session {
        let sequence = match spec.sequence {
            SequenceSource::Id | SequenceSource::Json { .. } => Sequence::trusted(),
            SequenceSource::Auto | SequenceSource::None => Sequence::default(),
        };
        Session {
            index,
            streams: 0,
            attempts: 0,
            endpoint: 0,
            value: None,
            redirects: 0,
            after: After::Nothing,
            exchange: Exchange::None,
            units: Units::Sse(sse_wire::Decoder::new(sse_wire::Limits::default())),
            sequence,
            instance: None,
            cadence: None,
            request_id: None,
            times: Times::default(),
            gaps: Gaps::default(),
            events: 0,
            reads: 0,
            worst: None,
        }
    }

    /// Which subscriber of the run this is.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// What a reconnecting subscriber says it has seen; empty on the first stream.
    pub fn last_event_id(&self) -> &[u8] {
        match &self.units {
            Units::Sse(decoder) if self.streams > 0 => decoder.last_event_id(),
            _ => b"",
        }
    }

    /// Whether the response is a stream that is being read.
    pub fn is_streaming(&self) -> bool {
        matches!(self.exchange, Exchange::Body { .. })
    }

    /// Whether an event has come on this stream.
    pub fn has_events(&self) -> bool {
        self.is_streaming() && self.events > 0
    }

    /// An attempt begins that was due at `due`, to the endpoint of this number.
    pub fn dial(&mut self, due: Wall, now: Wall, endpoint: u16, recorder: &mut Recorder) {
        self.times = Times {
            due,
            dialled: now,
            previous_end: self.times.previous_end,
            ..Times::default()
        };
        (self.endpoint, self.value) = (endpoint, None);
        recorder.record(Metric::ScheduleLag, now - due);
        recorder.attempt(now, self.after);
        recorder.counters().subscribers.started += u64::from(self.attempts == 0);
        self.attempts = self.attempts.saturating_add(1);
    }

    /// The TCP connection is established.
    pub fn connected(&mut self, now: Wall, recorder: &mut Recorder) {
        self.times.connected = now;
        let seen = Interval::new(self.times.dialled, now);
        recorder.span(Metric::Connect, self.times.dialled, seen);
        recorder.span(Metric::ConnectDue, self.times.due, seen);
    }

    /// The TLS handshake is complete.
    pub fn secured(&mut self, now: Wall, recorder: &mut Recorder) {
        let seen = Interval::new(self.times.connected, now);
        recorder.span(Metric::Tls, self.times.connected, seen);
    }

    /// The kernel has taken the last byte of the request.
    pub fn requested(&mut self, now: Wall) {
        self.times.requested = now;
        self.exchange = Exchange::Head(Vec::new());
    }

    /// Takes in bytes of a read; returns how the stream has ended, if it has.
    ///
    /// One read may come in several pieces (TLS); [`Session::end_read`] closes it.
    pub fn read(
        &mut self,
        bytes: &[u8],
        reading: &mut Reading,
        spec: &Spec,
        recorder: &mut Recorder,
    ) -> Option<End> {
        let Exchange::Head(kept) = &mut self.exchange else {
            return self.body(bytes, reading, spec, recorder);
        };
        // Most heads come in one read: those are parsed where they lie.
        let before = kept.len();
        let mut whole = std::mem::take(kept);
        let input = if before == 0 {
            bytes
        } else {
            whole.extend_from_slice(bytes);
            &whole
        };
        match head::parse(input) {
            Ok(Parsed::Partial) => {
                self.exchange = Exchange::Head(input.to_vec());
                None
            }
            Ok(Parsed::Complete(head, used)) => {
                let body = bytes.get(used.saturating_sub(before)..).unwrap_or_default();
                match self.begin(&head, reading, spec, recorder) {
                    Ok(()) => self.body(body, reading, spec, recorder),
                    Err(end) => Some(end),
                }
            }
            Err(error) => Some(End::BadHead(error)),
        }
    }

    /// The response head is complete: begins the stream, or says why there is none.
    fn begin(
        &mut self,
        head: &Head,
        reading: &Reading,
        spec: &Spec,
        recorder: &mut Recorder,
    ) -> Result<(), End> {
        let at = reading.latest();
        self.times.head = at;
        let arrival = reading.interval(Class::Bounded);
        recorder.span(Metric::Headers, self.times.requested, arrival);
        recorder.span(Metric::HeadersDue, self.times.due, arrival);
        if let Some(by) = &spec.by {
            self.value = recorder.value(&head.short_text(by));
        }
        let kind = media::accept(head, spec.format)?;
        let framing = head.framing().map_err(End::BadHead)?;
        let coding = match head.field("content-encoding") {
            Some(codings) => ContentDecoder::for_header(codings)
                .map_err(|error| End::Coding(error.to_string()))?,
            None => None,
        };
        self.units.begin(kind);
        self.exchange = Exchange::Body {
            framing,
            coding: coding.map(Box::new),
        };
        self.redirects = 0;
        self.gaps = Gaps::default();
        self.cadence = spec
            .due_every
            .map(|every| Box::new(cadence::Cadence::new(every)));
        (self.events, self.reads, self.worst) = (0, 0, None);
        self.request_id = RequestId::of(head);
        recorder.counters().subscribers.connected += u64::from(self.streams == 0);
        self.streams = self.streams.saturating_add(1);
        recorder.stream_opened(&self.stream_of(spec), self.times.requested, at);
        Ok(())
    }

    fn body(
        &mut self,
        bytes: &[u8],
        reading: &mut Reading,
        spec: &Spec,
        recorder: &mut Recorder,
    ) -> Option<End> {
        if bytes.is_empty() {
            return None;
        }
        if self.times.first_byte == Wall::default() {
            self.book_first_byte(reading.interval(Class::Bounded), spec, recorder);
        }
        let Exchange::Body { framing, coding } = &mut self.exchange else {
            return None;
        };
        let mut listener = Listener {
            of: StreamOf {
                subscriber: self.index,
                stream: self.streams.saturating_sub(1),
                events: self.events,
                reads: self.reads,
                worst: self.worst,
                request_id: self.request_id.as_deref().map(RequestId::as_pair),
                remote: &spec.remotes[usize::from(self.endpoint)],
                endpoint: self.endpoint,
                value: self.value,
            },
            sequence: &mut self.sequence,
            instance: &mut self.instance,
            cadence: self.cadence.as_deref_mut(),
            reading,
            spec,
            recorder,
        };
        let mut input = bytes;
        let end = loop {
            match framing.next(&mut input) {
                Ok(Some(Piece::Data(data))) => {
                    if let Err(end) = listener.decode(data, coding.as_deref_mut(), &mut self.units)
                    {
                        break Some(end);
                    }
                }
                Ok(Some(Piece::ChunkEnd { .. })) => {}
                Ok(Some(Piece::End)) => {
                    listener.reading.outlived = true;
                    break Some(End::Complete { by_closing: false });
                }
                Ok(None) => break None,
                Err(error) => break Some(End::BadFraming(error)),
            }
        };
        (self.events, self.worst) = (listener.of.events, listener.of.worst);
        end
    }

    fn book_first_byte(&mut self, arrival: Interval, spec: &Spec, recorder: &mut Recorder) {
        self.times.first_byte = arrival.latest;
        recorder.span(Metric::FirstByte, self.times.requested, arrival);
        recorder.span(Metric::FirstByteDue, self.times.due, arrival);
        recorder.first_byte(&self.stream_of(spec), arrival.latest);
    }

    /// All bytes of a read have been taken in: its last event is booked, and the gap before it.
    pub fn end_read(&mut self, mut reading: Reading, spec: &Spec, recorder: &mut Recorder) {
        let Some(mut last) = reading.pending.take() else {
            return;
        };
        // Bytes after the event came with the read too, and its stamp may be theirs.
        let class = reading.class(!self.units.holds_partial_event());
        (last.class, last.arrival) = (class, reading.interval(class));
        let badness = recorder.event(&last, &self.stream_of(spec));
        self.worst = self.worst.max(badness);
        self.events += 1;
        self.reads += 1;
        recorder.counters().reads.with_events += 1;
        // Of several events the first one followed the silence: it arrived at any time of the read's interval.
        let first = match class {
            Class::Exact if reading.events > 1 => reading.interval(Class::Bounded),
            _ => last.arrival,
        };
        match self.gaps.end(first, last.arrival, recorder) {
            Ended::Beginning => self.book_first_event(first, spec, recorder),
            Ended::Gap(gap) => self.book_gap(gap, &last, spec, recorder),
            Ended::Something => {}
        }
    }

    fn book_first_event(&mut self, arrival: Interval, spec: &Spec, recorder: &mut Recorder) {
        recorder.first_event(self.times.requested, arrival, &self.stream_of(spec));
        recorder.span(Metric::FirstEventDue, self.times.due, arrival);
        if self.times.previous_end != Wall::default() {
            recorder.span(Metric::Reconnect, self.times.previous_end, arrival);
        }
    }

    fn book_gap(&mut self, gap: Nanos, last: &Event, spec: &Spec, recorder: &mut Recorder) {
        let has_due = last.facts.due.is_some();
        recorder.gap(gap, last.arrival.latest, has_due, &self.stream_of(spec));
        if !has_due {
            self.worst = self.worst.max(Some(Badness::Gap(gap)));
        }
    }

    /// The connection is gone without the framing saying that the body is complete: what kind of end that is.
    pub fn end_of_connection(&self, error: Option<&io::Error>) -> End {
        match (&self.exchange, error) {
            (Exchange::Body { framing, .. }, None) if framing.may_end_here() => {
                End::Complete { by_closing: true }
            }
            (Exchange::Body { framing, .. }, None) => End::Truncated {
                missing_bytes: framing.missing_bytes(),
            },
            (Exchange::Body { .. }, Some(error)) => End::Broken {
                reset: error.kind() == io::ErrorKind::ConnectionReset,
                error: error.to_string(),
            },
            (_, None) => End::NoResponse,
            (_, Some(error)) => End::from_connect(error),
        }
    }

    /// Closes the books of a stream or an attempt that has ended, and says what an `EventSource` does next.
    pub fn finish(&mut self, end: &End, now: Wall, spec: &Spec, recorder: &mut Recorder) -> Next {
        let was_streaming = self.is_streaming();
        if was_streaming {
            let lost = self.sequence.end_stream();
            recorder.lost(lost, &self.stream_of(spec));
            recorder.counters().events.unfinished += u64::from(self.units.holds_unfinished_event());
            if *end != End::Ours {
                recorder.record(Metric::StreamDuration, now - self.times.head);
            }
            self.times.previous_end = now;
        }
        recorder.ended(end, was_streaming, now, &self.stream_of(spec));
        let retry = self.units.retry();
        self.units.reset();
        self.exchange = Exchange::None;
        self.after = match end {
            _ if was_streaming => After::Stream,
            End::Redirect { .. } => After::Redirect,
            _ => After::Failure,
        };
        if self.after == After::Redirect {
            self.redirects = self.redirects.saturating_add(1);
        }
        let next = end.next(&spec.policy, retry, self.redirects);
        recorder.counters().subscribers.given_up +=
            u64::from(next == Next::Close && *end != End::Ours);
        next
    }

    fn stream_of<'a>(&'a self, spec: &'a Spec) -> StreamOf<'a> {
        StreamOf {
            subscriber: self.index,
            stream: self.streams.saturating_sub(1),
            events: self.events,
            reads: self.reads,
            worst: self.worst,
            request_id: self.request_id.as_deref().map(RequestId::as_pair),
            remote: &spec.remotes[usize::from(self.endpoint)],
            endpoint: self.endpoint,
            value: self.value,
        }
    }
}

#[cfg(test)]
mod tests;
