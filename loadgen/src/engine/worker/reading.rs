//! Taking bytes out of a socket that has some, and giving them to its session with the times that are known of them.
//!
//! It must not know what the bytes mean.

use super::{SHORT_SLEEP, Worker};
use crate::clock;
use crate::connection::tls::Opened;
use crate::engine::slot::Phase;
use crate::session::end::End;
use crate::session::reading::{RESOLUTION, Reading};
use run_record::time::Nanos;
use std::io;
use std::time::Duration;

/// Reads from one socket before the others have their turn.
const READS_PER_TURN: usize = 16;
/// How long sleeps stay short after such a read.
const ALERT: Nanos = Nanos::from_secs(10);

/// What became of one read.
enum Turn {
    GoOn,
    /// A short read: nothing more was there.
    Drained,
    Empty,
    End(End),
}

impl Worker {
    /// Reads until the socket is empty, or its turn is over.
    ///
    /// A short read empties a socket, unless the other side may have closed it (`closing`): then its end stands
    /// behind the last bytes, and epoll, edge-triggered, has announced both at once.
    pub(super) fn read(&mut self, at: usize, closing: bool) {
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
            let bytes = &self.buffer[..received.bytes];
            slot.session
                .read(bytes, &mut reading, &self.shared.spec, &mut self.recorder)
        };
        self.pace.read(reading.events());
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
        let mut ciphertext = &mut self.buffer[..bytes];
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
}
