//! One response under way: its framing, its count, its mode, its end.
//! Which thread it lives in and who else is fed from its source is the worker's concern.

use std::num::NonZeroU64;
use std::time::Duration;

use bytes::Bytes;

use super::head::{self, Framing};
use super::outgoing::Outgoing;
use super::transport::Transport;
use crate::clock::{self, Nanos};
use crate::frame::{CHUNK_SUFFIX, Frame, LAST_CHUNK, chunk_prefix};
use crate::messages::Subscription;
use crate::modes::action::{Action, Actions, Mark, Piece};
use crate::modes::{Mode, Response};
use crate::request::ToProxies;
use crate::source::SourceId;
use crate::truth::{End, SubscriberRecord, WorkerLog};

/// A client that is being written to.
///
/// Kept small: ten thousand of them wait most of the time. What only few need is behind a pointer.
#[derive(Debug)]
pub(crate) struct Subscriber {
    out: Outgoing,
    record: SubscriberRecord,
    framing: Framing,
    /// What the head says to proxies.
    to_proxies: ToProxies,
    /// Events until the end that the client asked for.
    left: Option<NonZeroU64>,
    mode: Option<Box<ModeState>>,
    /// Set when nothing more will be said; the response is over once the backlog is empty.
    ending: Option<Ending>,
    /// The wake-up that is already asked for.
    armed: Option<Nanos>,
    /// Where its worker lists it among the subscribers of its source.
    pub slot: usize,
}

#[derive(Debug)]
struct ModeState {
    mode: Box<dyn Mode>,
    actions: Actions,
}

#[derive(Clone, Copy, Debug)]
struct Ending {
    end: End,
    /// How long it may take until the last byte is taken.
    until: Nanos,
}

/// What all subscribers of a worker have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// The process, as in every event.
    pub instance: u32,
    /// Whether heads are without a `Server` field.
    pub anonymous: bool,
    /// Bytes that may wait for one subscriber.
    pub max_backlog: usize,
    /// Whether the kernel's send stamps are logged.
    pub kernel_stamps: bool,
    /// Time that handing an event to one subscriber costs besides.
    pub cost: Duration,
}

/// The response is over, for this reason.
#[derive(Debug)]
pub(crate) struct Over(pub End);

type Outcome = Result<(), Over>;

/// How long a response that is over may take to get its last bytes out.
const LINGER: Duration = Duration::from_secs(10);

impl Subscriber {
    /// Takes over a connection; nothing is written yet.
    pub(crate) fn new(id: u64, source: SourceId, subscription: Subscription, terms: Terms) -> Self {
        let Subscription {
            socket,
            peer,
            request,
        } = subscription;
        let mode = request.mode.and_then(|mode| mode.build(&request.client));
        Self {
            out: Outgoing::new(Transport::new(socket), terms.kernel_stamps),
            record: SubscriberRecord {
                id,
                source,
                peer,
                opened: clock::now(),
                closed: None,
                events: 0,
                bytes: 0,
                seqs: None,
            },
            framing: match (request.client.head_only, request.client.http10) {
                (true, _) => Framing::Bodyless,
                (false, true) => Framing::Close,
                (false, false) => Framing::Chunked,
            },
            to_proxies: request.to_proxies,
            left: request.count,
            mode: mode.map(|mode| {
                Box::new(ModeState {
                    mode,
                    actions: Actions::default(),
                })
            }),
            ending: None,
            armed: None,
            slot: 0,
        }
    }

    /// The socket, to register it.
    pub(crate) fn transport(&mut self) -> &mut Transport {
        self.out.transport()
    }

    /// Its counters.
    pub(crate) fn record(&self) -> &SubscriberRecord {
        &self.record
    }

    /// How many bytes wait for it.
    pub(crate) fn backlog_bytes(&self) -> usize {
        self.out.backlog_bytes()
    }

    /// Whether it waits for its last bytes to be taken.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Begins the response: the head, unless a mode withholds it.
    pub(crate) fn open(&mut self, terms: Terms, log: &mut WorkerLog) -> Outcome {
        if self.framing == Framing::Bodyless {
            let response = self
                .mode
                .as_ref()
                .map_or_else(Response::default, |state| state.mode.response());
            self.send_head(&response, None, terms, log)?;
            self.end(End::Finished);
        } else if self.mode.is_some() {
            if self
                .mode
                .as_ref()
                .is_some_and(|state| state.mode.wants_cork())
            {
                self.out.transport().cork().map_err(|_| Over(End::Client))?;
            }
            self.play(terms, log, End::Mode, |mode, now, actions| {
                mode.open(now, actions)
            })?;
        } else {
            self.send_head(&Response::default(), None, terms, log)?;
        }
        self.settle(terms)
    }

    /// Passes a frame on, or has the mode do with it what it does.
    pub(crate) fn deliver(&mut self, frame: &Frame, terms: Terms, log: &mut WorkerLog) -> Outcome {
        if self.is_ending() {
            return self.settle(terms);
        }
        if self.mode.is_some() {
            self.play(terms, log, End::Mode, |mode, now, actions| {
                mode.frame(now, frame.clone(), actions)
            })?;
        } else {
            self.send_frame(frame, frame.stamp().map(|stamp| stamp.emitted), log)?;
        }
        if let (Some(left), Some(_)) = (self.left, frame.stamp()) {
            self.left = NonZeroU64::new(left.get() - 1);
            if self.left.is_none() && !self.is_ending() {
                return self.finish(End::Count, terms, log);
            }
        }
        self.settle(terms)
    }

    /// Ends the response as its mode ends it, or properly.
    pub(crate) fn finish(&mut self, end: End, terms: Terms, log: &mut WorkerLog) -> Outcome {
        if !self.is_ending() {
            if self.mode.is_some() {
                self.play(terms, log, end, |mode, now, actions| mode.end(now, actions))?;
                // Whatever the mode did: there is nothing more to come.
                self.end(end);
            } else {
                self.send_end(end, log)?;
            }
        }
        self.settle(terms)
    }

    /// Goes on where the socket was full.
    pub(crate) fn flush(&mut self, terms: Terms, log: &mut WorkerLog) -> Outcome {
        self.out
            .flush(&mut self.record, log)
            .map_err(|_| Over(End::Client))?;
        self.settle(terms)
    }

    /// Reads and forgets what the client says; it has nothing to say but goodbye.
    pub(crate) fn discard_input(&mut self, scratch: &mut [u8]) -> Outcome {
        match self.out.transport().discard_input(scratch) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Over(self.ending.map_or(End::Client, |ending| ending.end))),
        }
    }

    /// The wake-up that it has asked for and not had yet.
    pub(crate) fn armed(&self) -> Option<Nanos> {
        self.armed
    }

    /// When it wants to be woken, if that is earlier than what it has asked for; then that is asked for.
    ///
    /// A wake-up that is put off is not worth the change: it comes, finds nothing to do, and asks again.
    pub(crate) fn rearm(&mut self) -> Option<Nanos> {
        let at = self
            .wake_at()
            .filter(|at| self.armed.is_none_or(|armed| *at < armed))?;
        self.armed = Some(at);
        Some(at)
    }

    /// Does what was to be done at a time that has come: the mode acts, or patience with a slow reader ends.
    pub(crate) fn wake(&mut self, now: Nanos, terms: Terms, log: &mut WorkerLog) -> Outcome {
        if self.armed.is_some_and(|armed| armed <= now) {
            self.armed = None;
        }
        if self.wake_at().is_some_and(|at| at <= now) {
            if self.is_ending() {
                return Err(Over(End::Slow));
            }
            self.play(terms, log, End::Mode, |mode, now, actions| {
                mode.wake(now, actions)
            })?;
        }
        self.settle(terms)
    }

    fn wake_at(&self) -> Option<Nanos> {
        match self.ending {
            Some(ending) => Some(ending.until),
            None => self.mode.as_ref()?.mode.wake_at(),
        }
    }

    /// From here on nothing is sent but what already waits.
    fn end(&mut self, end: End) {
        self.ending.get_or_insert_with(|| Ending {
            end,
            until: clock::now() + LINGER,
        });
    }

    /// Logs what the kernel has stamped since.
    pub(crate) fn collect_stamps(&mut self, log: &mut WorkerLog) {
        self.out.collect_stamps(&self.record, log);
    }

    /// Says goodbye on the socket and gives the counters away.
    pub(crate) fn close(mut self, end: End, log: &mut WorkerLog) -> SubscriberRecord {
        self.out.give_up_stamps(&self.record, log);
        self.out.transport().finish();
        self.record.closed = Some((clock::now(), end));
        self.record
    }

    /// Asks the mode what to do, and does it. `end` is the reason to log if the mode ends the response.
    fn play(
        &mut self,
        terms: Terms,
        log: &mut WorkerLog,
        end: End,
        ask: impl FnOnce(&mut dyn Mode, Nanos, &mut Actions),
    ) -> Outcome {
        let Some(mut state) = self.mode.take() else {
            return Ok(());
        };
        ask(&mut *state.mode, clock::now(), &mut state.actions);
        let response = state.mode.response();
        let outcome = state
            .actions
            .drain()
            .try_for_each(|action| self.act(action, &response, end, terms, log));
        self.mode = Some(state);
        outcome
    }

    fn act(
        &mut self,
        action: Action,
        response: &Response,
        end: End,
        terms: Terms,
        log: &mut WorkerLog,
    ) -> Outcome {
        match action {
            Action::Head { length } => self.send_head(response, length, terms, log),
            Action::Frame { frame, released } => self.send_frame(&frame, Some(released), log),
            Action::Chunk(pieces) => {
                let length = pieces.iter().map(|piece| piece.bytes.len()).sum();
                self.send_chunk(pieces, length, CHUNK_SUFFIX, log)
            }
            Action::Torn { pieces, promised } => self.send_chunk(pieces, promised, b"", log),
            Action::End => self.send_end(end, log),
            Action::Cut => {
                self.end(end);
                Ok(())
            }
        }
    }

    fn send_head(
        &mut self,
        response: &Response,
        length: Option<usize>,
        terms: Terms,
        log: &mut WorkerLog,
    ) -> Outcome {
        if matches!(response.status, 204 | 304) {
            self.framing = Framing::Bodyless;
        } else if length.is_some() && self.framing != Framing::Bodyless {
            self.framing = Framing::Length;
        }
        let head = head::encode(
            response,
            self.framing,
            length,
            self.to_proxies,
            terms,
            &self.record,
        );
        self.send(Piece::unmarked(head), log)
    }

    fn send_frame(
        &mut self,
        frame: &Frame,
        released: Option<Nanos>,
        log: &mut WorkerLog,
    ) -> Outcome {
        let bytes = match self.framing {
            Framing::Chunked => frame.chunk().clone(),
            Framing::Close | Framing::Length => frame.plain(),
            Framing::Bodyless => return Ok(()),
        };
        let mark = frame.stamp().zip(released).map(|(stamp, released)| Mark {
            seq: stamp.seq,
            released,
        });
        self.send(Piece { bytes, mark }, log)
    }

    fn send_chunk(
        &mut self,
        pieces: Vec<Piece>,
        promised: usize,
        suffix: &'static [u8],
        log: &mut WorkerLog,
    ) -> Outcome {
        let is_chunked = match self.framing {
            Framing::Chunked => true,
            Framing::Close | Framing::Length => false,
            Framing::Bodyless => return Ok(()),
        };
        if is_chunked {
            self.out.queue(Piece::unmarked(chunk_prefix(promised)));
        }
        pieces.into_iter().for_each(|piece| self.out.queue(piece));
        if is_chunked {
            self.out.queue(Piece::unmarked(Bytes::from_static(suffix)));
        }
        self.out
            .flush(&mut self.record, log)
            .map_err(|_| Over(End::Client))
    }

    fn send_end(&mut self, end: End, log: &mut WorkerLog) -> Outcome {
        self.end(end);
        if self.framing == Framing::Chunked {
            self.send(Piece::unmarked(LAST_CHUNK), log)?;
        }
        Ok(())
    }

    fn send(&mut self, piece: Piece, log: &mut WorkerLog) -> Outcome {
        self.out
            .send(piece, &mut self.record, log)
            .map_err(|_| Over(End::Client))
    }

    /// Over if everything is said and written, or if too much waits.
    fn settle(&self, terms: Terms) -> Outcome {
        match (self.ending, self.out.backlog_bytes()) {
            (Some(ending), 0) => Err(Over(ending.end)),
            (_, waiting) if waiting > terms.max_backlog => Err(Over(End::Slow)),
            _ => Ok(()),
        }
    }
}
