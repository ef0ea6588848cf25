//! From a place that is due to a request that is out: dialling, the handshake, sending; and what follows an end.
//!
//! It must not know what a stream says.

use super::Worker;
use crate::clock;
use crate::connection::connect;
use crate::engine::slot::Phase;
use crate::engine::timers::Timer;
use crate::session::end::{End, Next};
use mio::{Interest, Token};
use run_record::time::{Mono, Nanos};
use std::io;

/// A connection must be established within this time of its dialling.
const CONNECT_LIMIT: Nanos = Nanos::from_secs(10);

impl Worker {
    /// Opens the connection of a slot that was due at `due`.
    pub(super) fn dial(&mut self, at: usize, due: Mono) {
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
        if slot.redirect.is_none() {
            // Made for this attempt and gone once it is out: requests of their own take no memory while streams are open.
            let session = &slot.session;
            slot.own_request = self
                .shared
                .bytes_of(session.index(), session.last_event_id());
        }
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
                        self.opening += 1;
                        slot.transport = Some(transport);
                        self.limits.add(Timer {
                            due: now.mono + CONNECT_LIMIT,
                            slot: at as u32,
                            attempt: slot.attempt,
                        });
                    }
                    Err(error) => self.end(at, End::from_connect(&error)),
                }
            }
            Err(error) => self.end(at, End::from_connect(&error)),
        }
    }

    /// A socket has something to say: moves its connection on.
    pub(super) fn ready(&mut self, at: usize, writable: bool, closing: bool) {
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

    pub(super) fn try_send(&mut self, at: usize) -> io::Result<()> {
        let slot = &mut self.slots[at];
        let Some(transport) = &mut slot.transport else {
            return Ok(());
        };
        transport.flush()?;
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
        if transport.flush()? {
            slot.own_request = None;
            slot.phase = Phase::Open;
            self.opening -= 1;
            slot.empty_since = now;
            slot.session.requested(now);
        }
        Ok(())
    }

    /// A stream or an attempt has ended: closes its books and plans what follows.
    pub(super) fn end(&mut self, at: usize, end: End) {
        let now = clock::now();
        let end = self.redirected(at, end);
        let slot = &mut self.slots[at];
        slot.drop_connection();
        self.opening -= usize::from(slot.phase.is_opening());
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
        self.redials.add(Timer {
            due,
            slot: at as u32,
            attempt,
        });
    }

    /// A redirect within the origin becomes the next request of the slot; any other is refused under load.
    fn redirected(&mut self, at: usize, end: End) -> End {
        let End::Redirect { status, location } = &end else {
            return end;
        };
        let plan = &self.shared.plan;
        let slot = &mut self.slots[at];
        let (own, host) = self.shared.request_of(slot.session.index());
        let redirected = match slot.redirect.as_deref() {
            Some((url, request)) => request.redirected(url, *status, location.as_bytes()),
            None => own.redirected(&own.url_at(&plan.url), *status, location.as_bytes()),
        };
        match redirected {
            Ok(next) if next.same_origin => {
                let id = slot.session.last_event_id();
                let id = (!id.is_empty()).then_some(id);
                slot.own_request = Some(next.request.to_bytes(&host, id).into());
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
}
