//! `gzip` and `gzip-unflushed`: the body compressed, with a flush after each event or without any.
//! Without one, output leaves the compressor when a block of it is full, and completes events long after they went in.

use std::collections::VecDeque;
use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::{Compression, Decompress, FlushDecompress};

use super::action::{Actions, Mark, Piece};
use super::{Entry, Mode, Needs, Response, factory};
use crate::clock::Nanos;
use crate::frame::Frame;

/// Flushed after each event: live.
pub(crate) const FLUSHED: Entry = Entry {
    name: "gzip",
    value: None,
    needs: Needs::Gzip,
    prepare: |_| Ok(factory(|| Gzip::new(true))),
};

/// Never flushed before the end.
pub(crate) const UNFLUSHED: Entry = Entry {
    name: "gzip-unflushed",
    value: None,
    needs: Needs::Gzip,
    prepare: |_| Ok(factory(|| Gzip::new(false))),
};

#[derive(Debug)]
struct Gzip {
    encoder: GzEncoder<Vec<u8>>,
    flushes: bool,
    witness: Witness,
    /// Events that went in and cannot be read from what came out: number, and where they end in the plain text.
    pending: VecDeque<(u64, u64)>,
    plain_bytes: u64,
}

impl Gzip {
    fn new(flushes: bool) -> Self {
        Self {
            encoder: GzEncoder::new(Vec::new(), Compression::default()),
            flushes,
            witness: Witness::default(),
            pending: VecDeque::new(),
            plain_bytes: 0,
        }
    }

    fn compress(&mut self, frame: &Frame) -> std::io::Result<()> {
        let plain = frame.plain();
        self.plain_bytes += plain.len() as u64;
        self.pending
            .extend(frame.stamp().map(|stamp| (stamp.seq, self.plain_bytes)));
        self.encoder.write_all(&plain)?;
        if self.flushes {
            self.encoder.flush()
        } else {
            Ok(())
        }
    }

    /// Lets go what came out of the compressor, marked with the events that a reader can now decode.
    fn release(&mut self, now: Nanos, actions: &mut Actions) {
        let output = std::mem::take(self.encoder.get_mut());
        let decodable = self.witness.read(&output);
        let mut pieces = vec![Piece::unmarked(output)];
        while let Some((seq, _)) = self.pending.pop_front_if(|(_, end)| *end <= decodable) {
            // The bytes before complete all of these events; an empty piece carries each further mark.
            pieces.push(Piece {
                bytes: bytes::Bytes::new(),
                mark: Some(Mark { seq, released: now }),
            });
        }
        actions.chunk(pieces);
    }
}

impl Mode for Gzip {
    fn response(&self) -> Response {
        Response {
            content_encoding: Some("gzip"),
            ..Response::default()
        }
    }

    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        self.compress(&frame)
            .expect("writing to memory cannot fail");
        self.release(now, actions);
    }

    fn end(&mut self, now: Nanos, actions: &mut Actions) {
        self.encoder
            .try_finish()
            .expect("writing to memory cannot fail");
        self.release(now, actions);
        actions.end();
    }
}

/// Decompresses what was sent, to know how much of the plain text a reader has.
#[derive(Debug)]
struct Witness {
    inflate: Decompress,
    header_left: usize,
    scratch: Vec<u8>,
}

/// A gzip header without a file name (RFC 1952, section 2.3).
const GZIP_HEADER: usize = 10;

impl Default for Witness {
    fn default() -> Self {
        Self {
            inflate: Decompress::new(false),
            header_left: GZIP_HEADER,
            scratch: vec![0; 4096],
        }
    }
}

impl Witness {
    /// Reads on; returns the length of the plain text so far.
    fn read(&mut self, output: &[u8]) -> u64 {
        let header = self.header_left.min(output.len());
        self.header_left -= header;
        let mut input = &output[header..];
        loop {
            let (read, made) = (self.inflate.total_in(), self.inflate.total_out());
            // What an own compressor made is always valid; after its end comes a checksum, which is not read.
            let status = self
                .inflate
                .decompress(input, &mut self.scratch, FlushDecompress::None);
            input = &input[(self.inflate.total_in() - read) as usize..];
            if self.inflate.total_out() == made || !matches!(status, Ok(flate2::Status::Ok)) {
                return self.inflate.total_out();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::time::Duration;

    use super::super::action::Action;
    use super::super::script::event;
    use super::*;

    /// What a reader has after each event, and the events that are marked complete by then.
    fn run(flushes: bool, count: u64) -> Vec<(Vec<u8>, Vec<u64>)> {
        let mut mode = Gzip::new(flushes);
        let (mut wire, mut marks, mut steps) = (Vec::new(), Vec::new(), Vec::new());
        for seq in 1..=count + 1 {
            let now = Nanos(0) + Duration::from_millis(seq);
            let mut actions = Actions::default();
            if seq <= count {
                mode.frame(now, event(seq, now), &mut actions);
            } else {
                mode.end(now, &mut actions);
            }
            for action in actions.drain() {
                if let Action::Chunk(pieces) = action {
                    wire.extend(pieces.iter().flat_map(|piece| piece.bytes.clone()));
                    marks.extend(
                        pieces
                            .iter()
                            .filter_map(|piece| piece.mark)
                            .map(|mark| mark.seq),
                    );
                }
            }
            steps.push((wire.clone(), marks.clone()));
        }
        steps
    }

    /// What can be decoded of a gzip stream that may be incomplete.
    fn decode(wire: &[u8]) -> usize {
        let mut plain = Vec::new();
        let mut decoder = flate2::read::MultiGzDecoder::new(wire);
        let mut byte = [0];
        while let Ok(1) = decoder.read(&mut byte) {
            plain.push(byte[0]);
        }
        plain.len()
    }

    #[test]
    fn flushed_events_are_complete_at_once() {
        for (position, (wire, marks)) in run(true, 5).iter().enumerate() {
            let events = (position + 1).min(5);
            assert_eq!(decode(wire), 32 * events);
            assert_eq!(marks.len(), events);
        }
    }

    #[test]
    fn unflushed_events_are_marked_when_and_only_when_they_can_be_decoded() {
        let steps = run(false, 8_000);
        let (_, marks) = steps.last().unwrap();
        assert_eq!(*marks, (1..=8_000).collect::<Vec<_>>());
        let changes: Vec<_> = steps
            .windows(2)
            .filter(|pair| pair[0].0.len() != pair[1].0.len())
            .collect();
        assert!(
            changes.len() < 100,
            "it holds back: {} releases",
            changes.len()
        );
        for pair in changes {
            let (wire, marks) = &pair[1];
            assert_eq!(marks.len(), decode(wire) / 32);
        }
        assert!(steps[100].1.is_empty());
    }
}
