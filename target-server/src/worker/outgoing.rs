//! The way of bytes to one subscriber: written at once while its socket takes them, queued while it does not.
//! The clock is read just before each write, and an event is logged with the write that completed it.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};

use bytes::Buf;

use super::stamps::KernelStamps;
use super::transport::Transport;
use crate::clock;
use crate::modes::action::{Mark, Piece};
use crate::truth::{SubscriberRecord, WorkerLog};

/// What goes out to one subscriber; without a queue as long as it keeps up.
#[derive(Debug)]
pub(crate) struct Outgoing {
    transport: Transport,
    backlog: Option<Box<Backlog>>,
    /// Present where the kernel's stamps are wanted and can be had.
    stamps: Option<Box<KernelStamps>>,
}

/// What the kernel has not taken yet.
#[derive(Debug, Default)]
struct Backlog {
    pieces: VecDeque<Piece>,
    bytes: usize,
}

/// The most pieces that one system call takes.
const PIECES_PER_WRITE: usize = 64;

impl Outgoing {
    /// Writes to `transport`; with `kernel_stamps` the kernel is asked for them, which plain TCP alone offers.
    pub(crate) fn new(transport: Transport, kernel_stamps: bool) -> Self {
        let socket = transport.plain_tcp().filter(|_| kernel_stamps);
        // A connection that is broken already has no stamps, and nothing else either.
        let stamps = socket.and_then(|socket| KernelStamps::begin(socket).ok());
        Self {
            stamps: stamps.map(Box::new),
            transport,
            backlog: None,
        }
    }

    /// The socket.
    pub(crate) fn transport(&mut self) -> &mut Transport {
        &mut self.transport
    }

    /// How many bytes wait for the subscriber.
    pub(crate) fn backlog_bytes(&self) -> usize {
        self.backlog.as_ref().map_or(0, |backlog| backlog.bytes)
    }

    /// Sends one piece, behind those that wait.
    ///
    /// Errors: the connection is broken.
    pub(crate) fn send(
        &mut self,
        mut piece: Piece,
        record: &mut SubscriberRecord,
        log: &mut WorkerLog,
    ) -> io::Result<()> {
        if self.backlog.is_none() {
            // Nearly every write goes this way: no queue, no copy, one system call.
            let written_at = clock::now();
            match self.transport.write(&[IoSlice::new(&piece.bytes)]) {
                Ok(count) => {
                    record.bytes += count as u64;
                    note_bytes(&mut self.stamps, count);
                    piece.bytes.advance(count);
                    if piece.bytes.is_empty() {
                        if let Some(mark) = piece.mark {
                            log.record(record, mark.seq, mark.released, written_at);
                            note_event(&mut self.stamps, mark);
                        }
                        return Ok(());
                    }
                }
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.queue(piece);
        self.flush(record, log)
    }

    /// Puts a piece behind those that wait, without trying to write: for pieces that belong into one write.
    pub(crate) fn queue(&mut self, piece: Piece) {
        if !piece.bytes.is_empty() || piece.mark.is_some() {
            let backlog = self.backlog.get_or_insert_default();
            backlog.bytes += piece.bytes.len();
            backlog.pieces.push_back(piece);
        }
    }

    /// Writes until nothing waits or the kernel takes no more.
    ///
    /// Errors: the connection is broken.
    pub(crate) fn flush(
        &mut self,
        record: &mut SubscriberRecord,
        log: &mut WorkerLog,
    ) -> io::Result<()> {
        while let Some(backlog) = &mut self.backlog {
            let mut slices = [IoSlice::new(&[]); PIECES_PER_WRITE];
            let count = backlog.pieces.len().min(PIECES_PER_WRITE);
            for (slice, piece) in slices.iter_mut().zip(&backlog.pieces) {
                *slice = IoSlice::new(&piece.bytes);
            }
            let written_at = clock::now();
            match self.transport.write(&slices[..count]) {
                Ok(count) => {
                    record.bytes += count as u64;
                    note_bytes(&mut self.stamps, count);
                    backlog.consume(count, |piece| {
                        if let Some(mark) = piece.mark {
                            log.record(record, mark.seq, mark.released, written_at);
                            note_event(&mut self.stamps, mark);
                        }
                    });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if backlog.pieces.is_empty() {
                self.backlog = None;
            }
        }
        Ok(())
    }

    /// Logs the events whose stamps are complete.
    pub(crate) fn collect_stamps(&mut self, record: &SubscriberRecord, log: &mut WorkerLog) {
        if let (Some(stamps), Some(socket)) = (&mut self.stamps, self.transport.plain_tcp()) {
            stamps.collect(socket, |stamped| log.stamp(record, stamped));
        }
    }

    /// Logs all others too, with what is known of them.
    pub(crate) fn give_up_stamps(&mut self, record: &SubscriberRecord, log: &mut WorkerLog) {
        self.collect_stamps(record, log);
        if let Some(stamps) = &mut self.stamps {
            stamps
                .give_up()
                .for_each(|stamped| log.stamp(record, stamped));
        }
    }
}

fn note_bytes(stamps: &mut Option<Box<KernelStamps>>, count: usize) {
    if let Some(stamps) = stamps {
        stamps.gave(count);
    }
}

fn note_event(stamps: &mut Option<Box<KernelStamps>>, mark: Mark) {
    if let Some(stamps) = stamps {
        stamps.completed(mark.seq);
    }
}

impl Backlog {
    /// Drops what was written; `completed` sees each piece that is now gone whole, empty ones behind it included.
    fn consume(&mut self, mut count: usize, mut completed: impl FnMut(Piece)) {
        self.bytes -= count;
        while let Some(mut front) = self.pieces.pop_front() {
            if front.bytes.len() > count {
                front.bytes.advance(count);
                self.pieces.push_front(front);
                return;
            }
            count -= front.bytes.len();
            completed(front);
        }
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Nanos;
    use crate::modes::action::Mark;

    #[test]
    fn an_event_is_complete_only_with_its_last_byte() {
        let mut backlog = Backlog::default();
        for (seq, text) in [(1, "abc"), (2, "defg"), (3, ""), (4, "h")] {
            let mark = Some(Mark {
                seq,
                released: Nanos(0),
            });
            backlog.pieces.push_back(Piece {
                bytes: text.into(),
                mark,
            });
            backlog.bytes += text.len();
        }
        let mut completed = Vec::new();
        for count in [2, 1, 3, 1, 1] {
            backlog.consume(count, |piece| {
                completed.push((count, piece.mark.unwrap().seq))
            });
        }
        let numbered: Vec<u64> = completed.iter().map(|(_, seq)| *seq).collect();
        assert_eq!(numbered, [1, 2, 3, 4]);
        assert!(
            completed.iter().all(|(count, _)| *count == 1),
            "{completed:?}"
        );
        assert_eq!((backlog.bytes, backlog.pieces.len()), (0, 0));
    }
}
