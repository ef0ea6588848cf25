//! What one worker writes its observations into: counters, histograms and small samples, owned by it alone.
//!
//! Pure: it formats nothing, takes no lock, and in steady state allocates nothing per event. It must not know
//! where bytes come from.

mod portions;
mod rows;
mod tap;

use crate::plan::TracePlan;
use crate::session::end::End;
use crate::session::payload::Facts;
use crate::session::reading::RESOLUTION;
use portions::{PortionId, Portions};
use run_record::breakdown::Portion;
use run_record::counters::Counters;
use run_record::histograms::Histograms;
use run_record::measured::{Group, Measured, UNNAMED_GROUP};
use run_record::metric::Metric;
use run_record::time::{Interval, Nanos, Wall};
use run_record::traces::{Trace, TraceEvent};
use run_record::worst::{Badness, Worst, WorstStream};

pub use rows::{Row, Rows};
pub use tap::{Tap, Tapped};

/// Everything that one worker has observed since it was last emptied.
#[derive(Debug, Default)]
pub struct Recorder {
    group: Group,
    measured: Measured,
    /// Not emptied with the rest: the ten worst of a second are nobody's ten worst.
    worst: Worst,
    /// By the number of the endpoint.
    remotes: Option<Portions>,
    /// By the value of a header, with its name.
    values: Option<(String, Portions)>,
    trace_streams: u32,
    trace_events: u32,
    /// When the worker last did not run although it should have.
    stopped: Interval,
    tap: Option<Box<Tap>>,
    /// Every event, where a file of them is written.
    rows: Option<Box<Rows>>,
}

/// How exactly the arrival of an event is known (measuring 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// To the instant: the last event of a read that drained the socket, stamped.
    Exact,
    /// Within an interval: other events came with the same read.
    Bounded,
    /// Within an interval: the stamp is older than the socket was empty.
    Reordered,
    /// Within an interval that ends with the read: there is no stamp.
    Unstamped,
}

/// One event, ready to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// What it says about itself.
    pub facts: Facts,
    /// Length of its data in bytes.
    pub data_bytes: usize,
    /// Length of its id in bytes.
    pub id_bytes: usize,
    /// When it arrived.
    pub arrival: Interval,
    /// How exactly that is known.
    pub class: Class,
    /// The kernel's stamp of the read that completed it.
    pub stamp: Option<Wall>,
    /// When that read returned.
    pub read: Wall,
    /// It is a second copy, which counts for nothing but itself.
    pub duplicate: bool,
}

/// The stream that an event belongs to.
#[derive(Clone, Copy, Debug)]
pub struct StreamOf<'a> {
    /// Number of the subscriber.
    pub subscriber: u32,
    /// Number of its stream, from 0.
    pub stream: u32,
    /// Events of the stream before this one.
    pub events: u64,
    /// Reads of the stream that completed events, before this one.
    pub reads: u64,
    /// How bad the stream has been until now: only what is worse is worth telling.
    pub worst: Option<Badness>,
    /// Name and value of the header that names the request.
    pub request_id: Option<(&'a str, &'a str)>,
    /// Where it is connected to.
    pub remote: &'a str,
    /// The number of that among the endpoints of the plan.
    pub endpoint: u16,
    /// What [`Recorder::value`] said of the header that results are told apart by; nothing before the response head.
    pub value: Option<PortionId>,
}

/// What a subscriber had before it tries to connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum After {
    /// It has only begun.
    #[default]
    Nothing,
    /// A stream, which has ended.
    Stream,
    /// An attempt that became no stream.
    Failure,
    /// An answer that named another place.
    Redirect,
}

impl Recorder {
    /// An empty recorder that follows the plan's number of streams event by event.
    pub fn new(trace: TracePlan) -> Recorder {
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Recorder {
            trace_streams: small(trace.streams),
            trace_events: small(trace.events_per_stream),
            ..Recorder::default()
        }
    }

    /// The same, which measures each of these endpoints apart, and each value of a response header.
    #[must_use]
    pub fn apart(self, remotes: &[String], header: Option<&str>) -> Recorder {
        Recorder {
            remotes: Some(Portions::of(remotes)),
            values: header.map(|header| (header.to_owned(), Portions::default())),
            ..self
        }
    }

    /// The number of a value of the header that results are told apart by; nothing where they are not.
    pub fn value(&mut self, value: &str) -> Option<PortionId> {
        Some(self.values.as_mut()?.1.id_of(value))
    }

    /// Keeps every event of every stream: for tests that compare with the truth event by event.
    pub fn tap(&mut self) {
        self.tap = Some(Box::default());
    }

    /// What was tapped.
    pub fn take_tapped(&mut self) -> Tap {
        self.tap.take().map(|tap| *tap).unwrap_or_default()
    }

    /// Keeps every event as a row, as far as there is room, until [`Recorder::take_rows`].
    pub fn keep_rows(&mut self) {
        self.rows = Some(Box::default());
    }

    /// The rows since the last time, where they are kept.
    pub fn take_rows(&mut self) -> Option<Rows> {
        self.rows.as_deref_mut().map(Rows::take)
    }

    /// An event with this id has been heard; it is the next to be recorded.
    #[inline]
    pub fn hear(&mut self, id: &[u8]) {
        if let Some(rows) = &mut self.rows {
            rows.hear(id);
        }
    }

    /// Records a sample.
    #[inline]
    pub fn record(&mut self, metric: Metric, sample: Nanos) {
        self.group.histograms.record(metric, sample);
    }

    /// The worker did not run in this window: what it can not tell because of that is not recorded.
    pub fn stopped(&mut self, window: Interval) {
        self.stopped = window;
    }

    /// Records the time from an instant until something was seen to happen, unless the worker was stopped while it
    /// can have happened: then the time would be the worker's own.
    pub fn span(&mut self, metric: Metric, from: Wall, seen: Interval) {
        if !self.was_stopped(seen) {
            self.record(metric, seen.latest - from);
        }
    }

    /// The first event of a stream has arrived, asked for at this instant.
    pub fn first_event(&mut self, requested: Wall, seen: Interval, of: &StreamOf<'_>) {
        self.span(Metric::FirstEvent, requested, seen);
        if !self.was_stopped(seen) {
            let took = seen.latest - requested;
            self.each_portion(of, |portion| {
                portion.histograms.record(Metric::FirstEvent, took);
            });
        }
    }

    /// Events of a stream are known to be missing.
    pub fn lost(&mut self, events: u64, of: &StreamOf<'_>) {
        if events > 0 {
            self.group.counters.events.lost += events;
            self.each_portion(of, |portion| portion.lost += events);
        }
    }

    /// Does something for the server that a stream comes from.
    #[inline]
    fn each_portion(&mut self, of: &StreamOf<'_>, mut each: impl FnMut(&mut Portion)) {
        if let Some(remotes) = &mut self.remotes {
            each(remotes.get(of.endpoint));
        }
        if let (Some((_, values)), Some(id)) = (&mut self.values, of.value) {
            each(values.get(id));
        }
    }

    fn was_stopped(&self, within: Interval) -> bool {
        within.earliest < self.stopped.latest && self.stopped.earliest < within.latest
    }

    /// The counters.
    #[inline]
    pub fn counters(&mut self) -> &mut Counters {
        &mut self.group.counters
    }

    /// An attempt to connect begins.
    pub fn attempt(&mut self, at: Wall, after: After) {
        let again = after != After::Nothing;
        let slice = self.measured.timeline.slice_mut(at);
        slice.attempted += 1;
        slice.reconnects += u64::from(again);
        slice.again_after_stream += u64::from(after == After::Stream);
        slice.again_after_failure += u64::from(after == After::Failure);
        self.group.counters.connections.attempted += 1;
        self.group.counters.connections.reconnects += u64::from(again);
    }

    /// A stream has begun.
    pub fn stream_opened(&mut self, of: &StreamOf<'_>, requested: Wall, head: Wall) {
        self.measured.timeline.slice_mut(head).opened += 1;
        self.group.counters.connections.opened += 1;
        self.each_portion(of, |portion| portion.connections += 1);
        if let Some(tap) = &mut self.tap {
            let id = of.request_id.map_or("", |(_, value)| value);
            tap.streams.push((of.subscriber, of.stream, id.to_owned()));
        }
        if self.is_traced(of) {
            let mut trace = trace_of(of);
            trace.requested_us = Some(requested);
            trace.head_us = Some(head);
            self.measured.traces.insert(trace);
        }
    }

    /// A stream has had the first byte of its body.
    pub fn first_byte(&mut self, of: &StreamOf<'_>, at: Wall) {
        if self.is_traced(of) {
            let mut trace = trace_of(of);
            trace.first_byte_us = Some(at);
            self.measured.traces.insert(trace);
        }
    }

    /// An event has arrived; how bad that makes its stream, if it was due at a time and that time is known.
    ///
    /// An event whose arrival is lost in a stop of the worker has neither `delivery` nor `transit`: it would tell of the
    /// worker.
    #[inline]
    pub fn event(&mut self, event: &Event, of: &StreamOf<'_>) -> Option<Badness> {
        let arrival = event.arrival;
        let untimed = event.class != Class::Exact && self.was_stopped(arrival);
        self.classify(event);
        let slice = self.measured.timeline.slice_mut(arrival.latest);
        slice.events += 1;
        slice.streaming += u64::from(of.events == 0);
        let events = &mut self.group.counters.events;
        events.untimed += u64::from(untimed);
        events.with_due += u64::from(event.facts.due.is_some());
        events.with_emitted += u64::from(event.facts.emitted.is_some());
        let badness = if untimed { None } else { self.time(event) };
        self.each_portion(of, |portion| {
            portion.events += 1;
            if !untimed {
                time(&mut portion.histograms, &event.facts, arrival.latest);
            }
        });
        if let Some(badness) = badness {
            self.offer(badness, arrival.latest, of);
        }
        if of.subscriber < self.trace_streams && of.events < u64::from(self.trace_events) {
            self.trace(event, of);
        }
        if let Some(rows) = &mut self.rows {
            rows.push(event, of);
        }
        if let Some(tap) = &mut self.tap {
            tap.events.push(Tapped {
                subscriber: of.subscriber,
                stream: of.stream,
                seq: event.facts.seq,
                arrival,
                class: event.class,
                read: event.read,
            });
        }
        badness
    }

    /// Counts how exactly an arrival is known, and how late it was read.
    #[inline]
    fn classify(&mut self, event: &Event) {
        let Group {
            counters,
            histograms,
        } = &mut self.group;
        let class = match event.class {
            Class::Exact => &mut counters.arrivals.exact,
            Class::Bounded => &mut counters.arrivals.bounded,
            Class::Reordered => &mut counters.arrivals.reordered,
            Class::Unstamped => &mut counters.arrivals.unstamped,
        };
        *class += 1;
        if event.class != Class::Exact {
            histograms.record(Metric::IntervalWidth, event.arrival.width());
        }
        if let (Some(stamp), true) = (event.stamp, event.class != Class::Reordered) {
            histograms.record(Metric::GeneratorLag, event.read - stamp);
        }
    }

    /// Records the one-way times of an event: both edges where they can be told apart.
    #[inline]
    fn time(&mut self, event: &Event) -> Option<Badness> {
        let Facts {
            due,
            emitted,
            seq,
            clock_bound,
            publication,
            ..
        } = event.facts;
        let latest = event.arrival.latest;
        let earliest = if event.arrival.width() > RESOLUTION {
            event.arrival.earliest
        } else {
            latest
        };
        let Group {
            counters,
            histograms,
        } = &mut self.group;
        if let Some(emitted) = emitted {
            histograms.record_edges(Metric::Transit, earliest - emitted, latest - emitted);
            counters.events.before_sent += u64::from(latest + clock_bound < emitted);
        }
        if let (Some(publication), Some(seq), false) = (publication, seq, event.duplicate) {
            self.measured.fanout.observe(publication, seq, latest);
        }
        let due = due?;
        let delivery = latest - due;
        histograms.record_edges(Metric::Delivery, earliest - due, delivery);
        counters.events.before_sent += u64::from(latest + clock_bound < due);
        self.measured
            .timeline
            .slice_mut(latest)
            .delivery
            .record(delivery);
        Some(Badness::Delivery(delivery))
    }

    /// A time between two events of a stream that are known well enough to have one.
    pub fn gap(&mut self, gap: Nanos, at: Wall, has_due: bool, of: &StreamOf<'_>) {
        self.group.histograms.record(Metric::Gap, gap);
        if !has_due {
            self.measured.timeline.slice_mut(at).gap.record(gap);
            self.offer(Badness::Gap(gap), at, of);
        }
    }

    /// A silence has ended that was too long.
    pub fn stall(&mut self, silence: Nanos, at: Wall) {
        self.record(Metric::Stall, silence);
        self.measured.timeline.slice_mut(at).stalls += 1;
    }

    /// A comment has arrived on a stream.
    pub fn comment(&mut self, at: Wall, of: &StreamOf<'_>) {
        self.group.counters.fields.comments += 1;
        if self.is_traced(of) {
            let mut trace = trace_of(of);
            trace.comment(at);
            self.measured.traces.insert(trace);
        }
    }

    /// A stream or an attempt has ended.
    pub fn ended(&mut self, end: &End, was_stream: bool, at: Wall, of: &StreamOf<'_>) {
        let slice = self.measured.timeline.slice_mut(at);
        let Counters {
            connections,
            ends,
            subscribers,
            ..
        } = &mut self.group.counters;
        if was_stream {
            slice.closed += 1;
            slice.closed_by_server += u64::from(*end != End::Ours);
            slice.closed_without_event += u64::from(of.events == 0);
            match end {
                End::Ours => {
                    connections.closed_by_us += 1;
                    subscribers.streaming_at_end += 1;
                }
                _ => connections.closed_by_server += 1,
            }
            match end {
                End::Complete { by_closing: false } => ends.complete += 1,
                End::Complete { by_closing: true } => ends.closed += 1,
                End::Truncated { .. } => ends.truncated += 1,
                End::Broken { .. } => ends.reset += 1,
                End::Ours => {}
                _ => ends.broken += 1,
            }
        } else if let End::Redirect { .. } = end {
            slice.redirected += 1;
            connections.redirects += 1;
        } else if *end == End::Ours {
            slice.withdrawn += 1;
        } else {
            slice.failed += 1;
            connections.failed += 1;
        }
        let is_redirect = matches!(end, End::Redirect { .. });
        if *end != End::Ours && !is_redirect {
            self.each_portion(of, |portion| {
                portion.ended += u64::from(was_stream);
                portion.failed += u64::from(!was_stream);
            });
        }
        if let Some(kind) = end.error_kind() {
            self.measured.errors.observe(kind, at, &end.text());
        }
        if was_stream && self.is_traced(of) {
            let mut trace = trace_of(of);
            trace.end_us = Some(at);
            trace.end = Some(end.text());
            self.measured.traces.insert(trace);
        }
    }

    /// Hands what was measured to `into` and forgets it, keeping the memory.
    pub fn drain_into(&mut self, into: &mut Measured) {
        into.group_mut(UNNAMED_GROUP).merge(&self.group);
        into.merge(&self.measured);
        into.worst.merge(&self.worst);
        if let Some(remotes) = &mut self.remotes {
            remotes.drain_into(&mut into.remotes);
        }
        if let Some((header, values)) = &mut self.values {
            values.drain_into(into.by_header.entry(header.clone()).or_default());
        }
        self.group.clear();
        self.measured.clear();
    }

    /// Takes over what is not emptied every second.
    pub fn inherit(&mut self, from: &mut Recorder) {
        self.stopped = from.stopped;
        std::mem::swap(&mut self.worst, &mut from.worst);
        self.swap_names(from);
        if let (Some(mine), Some(theirs)) = (&mut self.tap, &mut from.tap) {
            std::mem::swap(mine, theirs);
        }
    }

    fn swap_names(&mut self, from: &mut Recorder) {
        if let (Some((_, mine)), Some((_, theirs))) = (&mut self.values, &mut from.values) {
            mine.swap_names(theirs);
        }
    }

    /// Takes back a recorder that could not be handed over.
    pub fn give_back(&mut self, mut mine: Recorder) {
        std::mem::swap(&mut mine.worst, &mut self.worst);
        mine.swap_names(self);
        std::mem::swap(&mut mine.tap, &mut self.tap);
        *self = mine;
    }

    /// The distribution of one metric since the last hand-over, for the live view.
    pub fn group(&self) -> &Group {
        &self.group
    }

    #[inline]
    fn offer(&mut self, badness: Badness, at_us: Wall, of: &StreamOf<'_>) {
        if of.worst.is_none_or(|worst| badness > worst) && self.worst.would_keep(badness) {
            self.worst.offer(WorstStream {
                badness,
                subscriber: of.subscriber.into(),
                stream: of.stream,
                at_us,
                remote: of.remote.to_owned(),
                events: of.events + 1,
                request_ids: of
                    .request_id
                    .iter()
                    .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                    .collect(),
            });
        }
    }

    fn is_traced(&self, of: &StreamOf<'_>) -> bool {
        of.subscriber < self.trace_streams
    }

    fn trace(&mut self, event: &Event, of: &StreamOf<'_>) {
        let mut trace = trace_of(of);
        let small = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        trace.push(TraceEvent {
            number: of.events,
            sequence: event.facts.seq,
            id_bytes: small(event.id_bytes),
            bytes: small(event.data_bytes),
            earliest_us: event.arrival.earliest,
            latest_us: event.arrival.latest,
            read_us: event.read,
            read: of.reads,
            chunk: None,
            due_us: event.facts.due,
            emitted_us: event.facts.emitted,
        });
        self.measured.traces.insert(trace);
    }
}

fn trace_of(of: &StreamOf<'_>) -> Trace {
    Trace {
        subscriber: of.subscriber.into(),
        stream: of.stream,
        remote: Some(of.remote.to_owned()),
        request_id: of.request_id.map(|(_, value)| value.to_owned()),
        ..Trace::default()
    }
}

/// The one-way times of an event, by their upper edges.
#[inline]
fn time(histograms: &mut Histograms, facts: &Facts, arrival: Wall) {
    for (metric, from) in [
        (Metric::Delivery, facts.due),
        (Metric::Transit, facts.emitted),
    ] {
        if let Some(from) = from {
            histograms.record(metric, arrival - from);
        }
    }
}
