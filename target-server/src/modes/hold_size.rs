//! `hold-size:N`: released in blocks of exactly N bytes, wherever that cuts an event, as buffering proxies do.

use std::collections::VecDeque;

use bytes::Bytes;

use super::action::{Actions, Mark, Piece};
use super::held::MAX_HELD;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "hold-size",
    value: Some("BYTES"),
    needs: Needs::Nothing,
    prepare: |value| {
        let size = values::number(1, MAX_HELD)(value)?;
        Ok(factory(move || HoldSize {
            size,
            held: VecDeque::new(),
            bytes: 0,
        }))
    },
};

#[derive(Debug)]
struct HoldSize {
    size: usize,
    /// What is held of each frame, and the number of the event that ends with it.
    held: VecDeque<(Bytes, Option<u64>)>,
    bytes: usize,
}

impl HoldSize {
    /// Takes exactly `count` bytes out.
    fn block(&mut self, mut count: usize, released: Nanos) -> Vec<Piece> {
        self.bytes -= count;
        let mut block = Vec::new();
        while count > 0 {
            let (bytes, seq) = self
                .held
                .front_mut()
                .expect("no more is taken than is held");
            if count < bytes.len() {
                block.push(Piece::unmarked(bytes.split_to(count)));
                break;
            }
            count -= bytes.len();
            let mark = seq.map(|seq| Mark { seq, released });
            block.push(Piece {
                bytes: std::mem::take(bytes),
                mark,
            });
            self.held.pop_front();
        }
        block
    }
}

impl Mode for HoldSize {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        let plain = frame.plain();
        self.bytes += plain.len();
        self.held
            .push_back((plain, frame.stamp().map(|stamp| stamp.seq)));
        while self.bytes >= self.size {
            actions.chunk(self.block(self.size, now));
        }
    }

    fn end(&mut self, now: Nanos, actions: &mut Actions) {
        actions.chunk(self.block(self.bytes, now));
        actions.end();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{Step, events, play};

    #[test]
    fn every_block_has_the_size_and_events_are_cut_where_it_ends() {
        let mut steps = events(5, 10);
        steps.push(Step::End(50));
        let expected = [
            "0 head",
            "20 chunk of 50 with [1]",
            "40 chunk of 50 with [2, 3]",
            "50 chunk of 50 with [4]",
            "50 chunk of 10 with [5]",
            "50 end",
        ];
        assert_eq!(play("hold-size:50", &steps), expected);
    }

    #[test]
    fn an_event_may_fill_several_blocks() {
        let steps = events(1, 10);
        let expected = [
            "0 head",
            "10 chunk of 16 with []",
            "10 chunk of 16 with [1]",
        ];
        assert_eq!(play("hold-size:16", &steps), expected);
    }
}
