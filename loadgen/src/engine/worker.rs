//! One thread's share of the subscribers: one `Poll`, one read buffer, one recorder, no lock.
//!
//! It moves bytes and times between sockets and sessions; it must not know what a stream means or how a record
//! looks.

mod connecting;
mod reading;

use super::breaker::Breaker;
use super::hiccups::Pulse;
use super::pace::Pace;
use super::slot::{Phase, Slot};
use super::timers::{Limits, Timer, Timers};
use super::{Batch, Gauges, Shared};
use crate::clock::{self, Now};
use crate::connection::receive;
use crate::plan::{Endpoint, Part};
use crate::session::Session;
use crate::session::end::End;
use crate::session::recorder::Recorder;
use mio::{Events, Poll};
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
/// The longest sleep. Each one costs a wake-up: at 10,000 events a second a tenth of this would be a tenth of all
/// processor time (measured on two virtual cores).
const LONG_SLEEP: Duration = Duration::from_millis(100);
/// The longest sleep while reads return several events after a longer one: it bounds the interval in which the earlier ones of
/// them can have arrived.
const SHORT_SLEEP: Duration = Duration::from_millis(10);
/// How long they are short at first, while it is not known how the server sends.
const ALERT_AT_START: Nanos = Nanos::from_secs(3);

/// One worker.
pub(super) struct Worker {
    shared: Arc<Shared>,
    poll: Poll,
    slots: Vec<Slot>,
    /// Connections of the schedule that have been started.
    started: usize,
    /// Connections under way whose request is not out yet.
    opening: usize,
    /// Connections to be dialled again.
    redials: Timers,
    /// When connections must be established.
    limits: Limits,
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
    pace: Pace,
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
            opening: 0,
            redials: Timers::default(),
            limits: Limits::default(),
            buffer: vec![0; READ_BUFFER_BYTES].into_boxed_slice(),
            plaintext: vec![0; plaintext_bytes].into_boxed_slice(),
            control: receive::control_buffer(),
            again: Vec::new(),
            complete_since: now,
            pulse: Pulse::at(now),
            pace: Pace::default(),
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
            let entered = self.after_pause();
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
            self.pace.looked(began.mono - entered.mono, listed > 0);
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

    /// How long to let events gather before the next look. Not where a look is what tells when something happened: while
    /// connections are opened, and on sockets without stamps.
    fn pause(&self) -> Duration {
        let is_awaited = self.opening > 0 || self.next_start().is_some();
        if self.unstamped || is_awaited || !self.again.is_empty() {
            Duration::ZERO
        } else {
            self.pace.pause(self.alive)
        }
    }

    /// When the next look begins: after the pause, if there is one. How much longer it was is in `generator_lag`.
    fn after_pause(&mut self) -> Now {
        let pause = self.pause();
        if pause > Duration::ZERO {
            std::thread::sleep(pause);
        }
        let now = clock::now();
        self.beat(now.wall, pause.into());
        now
    }

    /// Whole milliseconds, as epoll counts; rounded up, so that a timer is due when the poll returns.
    fn sleep(&self, now: Mono) -> Duration {
        if !self.again.is_empty() {
            return Duration::ZERO;
        }
        let due = [
            self.redials.next_due(),
            self.limits.next_due(),
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
        while let Some(timer) = self.redials.pop_due(now.mono) {
            if self.slots[timer.slot as usize].attempt == timer.attempt {
                self.dial(timer.slot as usize, timer.due);
            }
        }
        while let Some(timer) = self.overdue(now.mono) {
            self.end(timer.slot as usize, End::ConnectTimeout);
        }
    }

    /// A connection that should have been established by now.
    fn overdue(&mut self, now: Mono) -> Option<Timer> {
        let slots = &self.slots;
        self.limits.pop_due(now, |timer| {
            let slot = &slots[timer.slot as usize];
            slot.attempt == timer.attempt && slot.phase.is_opening()
        })
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
