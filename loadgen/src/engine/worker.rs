//! One thread's share of the subscribers: one `Poll`, one read buffer, one recorder, no lock.
//!
//! It moves bytes and times between sockets and sessions; it must not know what a stream means or how a record
//! looks.

use super::breaker::Breaker;
use super::hiccups::Pulse;
use super::slot::{Phase, Slot};
use super::timers::{Timer, Timers, Wake};
use super::{Batch, Gauges, Shared};
use crate::clock::{self, Now};
use crate::connection::transport::Opened;
use crate::connection::{connect, receive};
use crate::plan::{Endpoint, Part};
use crate::session::Session;
use crate::session::end::{End, Next};
use crate::session::reading::{RESOLUTION, Reading};
use crate::session::recorder::Recorder;
use mio::{Events, Interest, Poll, Token};
use run_record::metric::Metric;
use run_record::time::{Mono, Nanos, Wall};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::time::Duration;

/// Larger than any backlog that a polled socket plausibly holds: a read that fills it proves nothing about
/// where its events arrived.
const READ_BUFFER_BYTES: usize = 256 * 1024;
/// Events taken from one poll; fewer prove that every socket not listed was empty when the poll began.
const EVENTS_PER_POLL: usize = 1024;
/// Reads from one socket before the others have their turn.
const READS_PER_TURN: usize = 16;
/// The longest sleep. Each one costs a wake-up: at 10,000 events a second a tenth of this would be a tenth of all
/// processor time (measured on two virtual cores).
const LONG_SLEEP: Duration = Duration::from_millis(100);
/// The longest sleep while reads return several events after a longer one: it bounds the interval in which the earlier ones of
/// them can have arrived.
const SHORT_SLEEP: Duration = Duration::from_millis(10);
/// How long sleeps stay short after such a read.
const ALERT: Nanos = Nanos::from_secs(10);
/// How long they are short at first, while it is not known how the server sends.
const ALERT_AT_START: Nanos = Nanos::from_secs(3);
/// A connection must be established within this time of its dialling.
const CONNECT_LIMIT: Nanos = Nanos::from_secs(10);

/// One worker.
pub(super) struct Worker {
    shared: Arc<Shared>,
    poll: Poll,
    slots: Vec<Slot>,
    /// Connections of the schedule that have been started.
    started: usize,
    timers: Timers,
    recorder: Recorder,
    breaker: Breaker,
    buffer: Box<[u8]>,
    plaintext: Box<[u8]>,
    control: Vec<u8>,
    /// Slots with more to read than their turn allowed.
    again: Vec<u32>,
    /// When the last poll that listed every ready socket began: all others were empty then.
    complete_since: Wall,
    pulse: Pulse,
    /// Some connections have no kernel stamps: their arrivals are as uncertain as sleeps are long.
    unstamped: bool,
    /// Until when sleeps are short.
    alert_until: Wall,
    /// The second of which the present recorder is.
    second: u64,
    /// Subscribers that are not closed for good.
    alive: usize,
    number: usize,
    batches: SyncSender<Batch>,
    spares: Receiver<Recorder>,
}

impl Worker {
    /// Worker `number` of those of this process.
    pub(super) fn new(
        shared: Arc<Shared>,
        poll: Poll,
        number: usize,
        batches: SyncSender<Batch>,
        spares: Receiver<Recorder>,
    ) -> Worker {
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let load = &shared.plan.load;
        let part = Part {
            number: small(number),
            of: small(load.workers),
        };
        let indices = load.share.of_worker(part, load.connections);
        let slots: Vec<Slot> = indices
            .map(|index| Slot::new(Session::new(index, &shared.spec)))
            .collect();
        let plaintext_bytes = if shared.plan.target.tls.is_some() {
            READ_BUFFER_BYTES
        } else {
            0
        };
        let now = clock::wall();
        Worker {
            recorder: shared.recorder(),
            breaker: Breaker::new(load.workers * load.share.process.of as usize),
            poll,
            unstamped: shared
                .plan
                .target
                .endpoints
                .iter()
                .any(|endpoint| matches!(endpoint, Endpoint::Unix(_))),
            alive: slots.len(),
            slots,
            started: 0,
            timers: Timers::default(),
            buffer: vec![0; READ_BUFFER_BYTES].into_boxed_slice(),
            plaintext: vec![0; plaintext_bytes].into_boxed_slice(),
            control: receive::control_buffer(),
            again: Vec::new(),
            complete_since: now,
            pulse: Pulse::at(now),
            alert_until: now + ALERT_AT_START,
            second: second_of(now),
            number,
            shared,
            batches,
            spares,
        }
    }

    /// Runs until the end of the plan, a stop, or until no subscriber is left.
    pub(super) fn run(mut self) -> io::Result<()> {
        let cpu_from = clock::thread_cpu_ns();
        let mut events = Events::with_capacity(EVENTS_PER_POLL);
        let mut began = clock::now();
        while self.goes_on(began) {
            self.start_due(began);
            self.fire_timers(began);
            self.hand_over_at_the_second(began);
            let entered = clock::now();
            self.beat(entered.wall, Nanos::ZERO);
            let sleep = self.sleep(entered.mono);
            match self.poll.poll(&mut events, Some(sleep)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => events.clear(),
                polled => polled?,
            }
            began = clock::now();
            self.beat(began.wall, sleep.into());
            let mut listed = 0;
            for event in &events {
                listed += 1;
                if event.token() != super::WAKER {
                    let writable = event.is_writable() || event.is_error();
                    self.ready(event.token().0, writable, event.is_read_closed());
                }
            }
            if listed == 0 {
                let asked = Nanos::from(sleep);
                self.recorder
                    .record(Metric::TimerLag, (began.mono - entered.mono) - asked);
            }
            for slot in std::mem::take(&mut self.again) {
                self.read(slot as usize, true);
            }
            if listed < EVENTS_PER_POLL {
                self.complete_since = entered.wall;
            }
        }
        self.close(cpu_from);
        Ok(())
    }

    /// Takes a reading of the clock; the worker had meant to sleep for `asleep` since the one before.
    fn beat(&mut self, now: Wall, asleep: Nanos) {
        if let Some(window) = self.pulse.beat(now, asleep) {
            self.recorder.stopped(window);
        }
    }

    fn goes_on(&self, now: Now) -> bool {
        let stopped = self.shared.stop.load(Ordering::Relaxed);
        let over = now.mono >= self.shared.end;
        !(stopped || over || self.alive == 0)
    }

    /// Whole milliseconds, as epoll counts; rounded up, so that a timer is due when the poll returns.
    fn sleep(&self, now: Mono) -> Duration {
        if !self.again.is_empty() {
            return Duration::ZERO;
        }
        let due = [
            self.timers.next_due(),
            self.next_start(),
            Some(self.shared.end),
        ];
        let nearest = due.into_iter().flatten().min().unwrap_or(now);
        let wait = Duration::from_nanos((nearest - now).0).min(self.longest_sleep());
        Duration::from_millis(
            u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or_default(),
        )
    }

    fn longest_sleep(&self) -> Duration {
        if self.unstamped || self.pulse.last() < self.alert_until {
            SHORT_SLEEP
        } else {
            LONG_SLEEP
        }
    }

    fn next_start(&self) -> Option<Mono> {
        let slot = self.slots.get(self.started)?;
        let due = self.shared.schedule.due(slot.session.index())?;
        Some(self.shared.start + Nanos::from(due))
    }

    fn start_due(&mut self, now: Now) {
        while let Some(due) = self.next_start().filter(|due| *due <= now.mono) {
            let slot = self.started;
            self.started += 1;
            self.dial(slot, due);
        }
    }

    fn fire_timers(&mut self, now: Now) {
        while let Some(timer) = self.timers.pop_due(now.mono) {
            let slot = &self.slots[timer.slot as usize];
            if slot.attempt != timer.attempt {
                continue;
            }
            match timer.wake {
                Wake::Dial => self.dial(timer.slot as usize, timer.due),
                Wake::ConnectLimit if slot.phase < Phase::Open => {
                    self.end(timer.slot as usize, End::ConnectTimeout)
                }
                Wake::ConnectLimit => {}
            }
        }
    }

    /// Opens the connection of a slot that was due at `due`.
    fn dial(&mut self, at: usize, due: Mono) {
        let now = clock::now();
        self.beat(now.wall, Nanos::ZERO);
        let plan = &self.shared.plan;
        let slot = &mut self.slots[at];
        slot.attempt = slot.attempt.wrapping_add(1);
        let turn = plan.load.share.turn(slot.session.index()) + slot.attempt as usize - 1;
        slot.endpoint = u16::try_from(turn % plan.target.endpoints.len()).unwrap_or_default();
        let endpoint = &plan.target.endpoints[slot.endpoint as usize];
        let sources = &plan.load.sources;
        let source = (!sources.is_empty()).then(|| sources[turn % sources.len()]);
        let due_wall = now.wall - (now.mono - due);
        slot.session
            .dial(due_wall, now.wall, slot.endpoint, &mut self.recorder);
        match connect(endpoint, source, plan.target.tls.as_ref()) {
            Ok(mut transport) => {
                let interests = Interest::READABLE | Interest::WRITABLE;
                match self
                    .poll
                    .registry()
                    .register(&mut transport, Token(at), interests)
                {
                    Ok(()) => {
                        slot.phase = Phase::Connecting;
                        slot.transport = Some(transport);
                        let due = now.mono + CONNECT_LIMIT;
                        let limit = Wake::ConnectLimit;
                        self.timers.add(Timer {
                            due,
                            slot: at as u32,
                            attempt: slot.attempt,
                            wake: limit,
                        });
                    }
                    Err(error) => self.end(at, End::from_connect(&error)),
                }
            }
            Err(error) => self.end(at, End::from_connect(&error)),
        }
    }

    /// A socket has something to say: moves its connection on.
    fn ready(&mut self, at: usize, writable: bool, closing: bool) {
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        let Some(transport) = &mut slot.transport else {
            return;
        };
        if slot.phase == Phase::Connecting {
            match transport.finish_connect() {
                Ok(false) => return,
                Ok(true) => self.established(at),
                Err(error) => return self.end(at, End::from_connect(&error)),
            }
        } else if writable && slot.phase < Phase::Open {
            self.send(at);
        }
        self.read(at, closing);
    }

    fn established(&mut self, at: usize) {
        let now = clock::wall();
        let slot = &mut self.slots[at];
        slot.session.connected(now, &mut self.recorder);
        slot.empty_since = now;
        slot.phase = match &slot.transport {
            Some(transport) if transport.is_tls() => Phase::Securing,
            _ => Phase::Sending,
        };
        self.send(at);
    }

    /// Sends what is due to be sent: handshake, then request.
    fn send(&mut self, at: usize) {
        if let Err(error) = self.try_send(at) {
            let end = self.slots[at].session.end_of_connection(Some(&error));
            self.end(at, end);
        }
    }

    fn try_send(&mut self, at: usize) -> io::Result<()> {
        let slot = &mut self.slots[at];
        let Some(transport) = &mut slot.transport else {
            return Ok(());
        };
        let flushed = transport.flush()?;
        if slot.phase == Phase::Securing {
            if transport.is_handshaking() {
                return Ok(());
            }
            slot.session.secured(clock::wall(), &mut self.recorder);
            slot.phase = Phase::Sending;
        }
        if slot.phase != Phase::Sending {
            return Ok(());
        }
        let own = slot.own_request.as_deref();
        let request: &[u8] = own.unwrap_or(&self.shared.request);
        // Read before the write that completes the request: an answer on loopback can be there before it returns.
        let mut now = clock::wall();
        while (slot.sent as usize) < request.len() {
            match transport.write(&request[slot.sent as usize..]) {
                Ok(bytes) => slot.sent += bytes as u32,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            if (slot.sent as usize) < request.len() {
                now = clock::wall();
            }
        }
        if flushed || transport.flush()? {
            slot.own_request = None;
            slot.phase = Phase::Open;
            slot.empty_since = now;
            slot.session.requested(now);
        }
        Ok(())
    }

    /// Reads until the socket is empty, or its turn is over.
    ///
    /// A short read empties a socket, unless the other side may have closed it (`closing`): then its end stands
    /// behind the last bytes, and epoll, edge-triggered, has announced both at once.
    fn read(&mut self, at: usize, closing: bool) {
        for _ in 0..READS_PER_TURN {
            match self.read_once(at, closing) {
                Turn::Drained if closing => {}
                Turn::Drained => return,
                Turn::GoOn => {}
                Turn::Empty => return,
                Turn::End(end) => return self.end(at, end),
            }
        }
        self.again.push(at as u32);
    }

    fn read_once(&mut self, at: usize, closing: bool) -> Turn {
        let slot = &mut self.slots[at];
        let Some(transport) = &mut slot.transport else {
            return Turn::Empty;
        };
        let before = self.pulse.last();
        let received = match transport.receive(&mut self.buffer, &mut self.control) {
            Ok(received) => received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                slot.empty_since = before;
                return Turn::Empty;
            }
            Err(error) => return Turn::End(slot.session.end_of_connection(Some(&error))),
        };
        let read = clock::wall();
        if let Some(window) = self.pulse.beat(read, Nanos::ZERO) {
            self.recorder.stopped(window);
        }
        if received.bytes == 0 {
            return Turn::End(slot.session.end_of_connection(None));
        }
        let drained = received.bytes < self.buffer.len();
        let earliest = slot.empty_since.max(self.complete_since);
        if drained {
            slot.empty_since = before;
        }
        let repaired = slot
            .holes
            .filled_by(transport, &received, read, closing, RESOLUTION);
        let mut reading = Reading::new(earliest, received.stamp, read, drained && !closing)
            .repaired(repaired)
            .with_server_clock(self.shared.plan.server_clock.reading());
        let bytes = &self.buffer[..received.bytes];
        let counters = self.recorder.counters();
        counters.bytes.wire += received.bytes as u64;
        counters.reads.returned += 1;
        counters.reads.stamped += u64::from(received.stamp.is_some());
        let was_streaming = slot.session.is_streaming();
        let end = if transport.is_tls() {
            match self.read_tls(at, received.bytes, &mut reading) {
                Ok(end) => end,
                Err(error) => Some(End::from_tls(&error)),
            }
        } else {
            slot.session
                .read(bytes, &mut reading, &self.shared.spec, &mut self.recorder)
        };
        if reading.events() > 1 && reading.width() > Nanos::from(SHORT_SLEEP) {
            self.alert_until = read + ALERT;
        }
        let work = self.shared.instrument.work(reading.events());
        if work > Duration::ZERO {
            clock::spin(work);
        }
        let slot = &mut self.slots[at];
        slot.session
            .end_read(reading, &self.shared.spec, &mut self.recorder);
        if slot.session.is_streaming() && !was_streaming {
            self.breaker.observe(false);
        }
        match end {
            Some(end) => Turn::End(end),
            None if drained => Turn::Drained,
            None => Turn::GoOn,
        }
    }

    fn read_tls(
        &mut self,
        at: usize,
        bytes: usize,
        reading: &mut Reading,
    ) -> io::Result<Option<End>> {
        let mut ciphertext = &self.buffer[..bytes];
        loop {
            let slot = &mut self.slots[at];
            let Some(transport) = &mut slot.transport else {
                return Ok(None);
            };
            match transport.open(&mut ciphertext, &mut self.plaintext)? {
                Opened::Nothing => break,
                Opened::Closed => return Ok(Some(slot.session.end_of_connection(None))),
                Opened::Plaintext(length) => {
                    let plain = &self.plaintext[..length];
                    let end =
                        slot.session
                            .read(plain, reading, &self.shared.spec, &mut self.recorder);
                    if end.is_some() {
                        return Ok(end);
                    }
                }
            }
        }
        if self.slots[at].phase < Phase::Open {
            self.try_send(at)?;
        }
        Ok(None)
    }

    /// A stream or an attempt has ended: closes its books and plans what follows.
    fn end(&mut self, at: usize, end: End) {
        let now = clock::now();
        let end = self.redirected(at, end);
        let slot = &mut self.slots[at];
        slot.drop_connection();
        if !slot.session.is_streaming() {
            self.breaker.observe(end.is_refusal());
        }
        if self.breaker.is_open() && !self.shared.plan.keep_going {
            self.shared.trip();
        }
        match slot
            .session
            .finish(&end, now.wall, &self.shared.spec, &mut self.recorder)
        {
            Next::Close => {
                slot.phase = Phase::Over;
                self.alive -= 1;
            }
            Next::Reconnect(delay) => {
                slot.phase = Phase::Waiting;
                slot.redirect = None;
                slot.own_request = self.shared.request_after(slot.session.last_event_id());
                self.wait(at, now.mono + Nanos::from(delay));
            }
            Next::Follow { .. } => {
                slot.phase = Phase::Waiting;
                self.wait(at, now.mono);
            }
        }
    }

    fn wait(&mut self, at: usize, due: Mono) {
        let attempt = self.slots[at].attempt;
        self.timers.add(Timer {
            due,
            slot: at as u32,
            attempt,
            wake: Wake::Dial,
        });
    }

    /// A redirect within the origin becomes the next request of the slot; any other is refused under load.
    fn redirected(&mut self, at: usize, end: End) -> End {
        let End::Redirect { status, location } = &end else {
            return end;
        };
        let plan = &self.shared.plan;
        let slot = &mut self.slots[at];
        let (url, request) = match slot.redirect.as_deref() {
            Some((url, request)) => (url, request),
            None => (&plan.url, &plan.request),
        };
        match request.redirected(url, *status, location.as_bytes()) {
            Ok(next) if next.same_origin => {
                let id = slot.session.last_event_id();
                let id = (!id.is_empty()).then_some(id);
                slot.own_request = Some(next.request.to_bytes(&plan.target.host, id).into());
                slot.redirect = Some(Box::new((next.url, next.request)));
                end
            }
            Ok(next) => End::RedirectRefused(format!(
                "{status} to another origin ({}), which is not followed under load; measure that URL itself",
                next.url.origin().ascii_serialization()
            )),
            Err(error) => End::RedirectRefused(format!("{status}: {error}")),
        }
    }

    /// Once a second the recorder changes places with an empty one. While the collector is busy the worker keeps
    /// its own: nothing is lost, nobody waits.
    fn hand_over_at_the_second(&mut self, now: Now) {
        if second_of(now.wall) == self.second {
            return;
        }
        let Ok(mut spare) = self.spares.try_recv() else {
            return;
        };
        self.second = second_of(now.wall);
        spare.inherit(&mut self.recorder);
        let recorder = std::mem::replace(&mut self.recorder, spare);
        let batch = Batch {
            worker: self.number,
            recorder,
            gauges: self.gauges(),
            cpu: None,
        };
        if let Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) =
            self.batches.try_send(batch)
        {
            self.recorder.give_back(batch.recorder);
        }
    }

    fn gauges(&self) -> Gauges {
        let mut gauges = Gauges {
            subscribers: self.slots.len() as u64,
            ..Gauges::default()
        };
        for slot in &self.slots[..self.started] {
            let state = match slot.phase {
                Phase::Connecting | Phase::Securing | Phase::Sending => &mut gauges.opening,
                Phase::Open if slot.session.has_events() => &mut gauges.streaming,
                Phase::Open => &mut gauges.open,
                Phase::Waiting => &mut gauges.waiting,
                Phase::Over => &mut gauges.over,
            };
            *state += 1;
        }
        gauges
    }

    /// Closes every connection and hands over what is left; this one time it waits for the collector.
    fn close(mut self, cpu_from: u64) {
        for at in 0..self.started {
            if self.slots[at].phase == Phase::Open {
                // What has arrived is read, so that nothing received is called lost.
                self.read(at, false);
            }
        }
        let gauges = self.gauges();
        let now = clock::wall();
        for slot in &mut self.slots[..self.started] {
            if slot.transport.is_some() {
                slot.drop_connection();
                slot.session
                    .finish(&End::Ours, now, &self.shared.spec, &mut self.recorder);
            }
        }
        let cpu = Some(Nanos(clock::thread_cpu_ns().saturating_sub(cpu_from)));
        // A collector that is gone has nobody to report to.
        let _ = self.batches.send(Batch {
            worker: self.number,
            recorder: self.recorder,
            gauges,
            cpu,
        });
    }
}

fn second_of(now: Wall) -> u64 {
    now.0 / 1_000_000_000
}

/// What became of one read.
enum Turn {
    GoOn,
    /// A short read: nothing more was there.
    Drained,
    Empty,
    End(End),
}
