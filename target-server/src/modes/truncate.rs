//! `truncate:N`: after N bytes of body the connection ends, in the middle of a chunk that promised more.

use super::action::{Actions, Piece};
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "truncate",
    value: Some("BYTES"),
    needs: Needs::Nothing,
    prepare: |value| {
        let left = values::number(1, usize::MAX)(value)?;
        Ok(factory(move || Truncate { left }))
    },
};

#[derive(Debug)]
struct Truncate {
    left: usize,
}

impl Mode for Truncate {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        let length = frame.plain().len();
        if length <= self.left {
            self.left -= length;
            actions.pass(frame, now);
        } else {
            actions.torn(
                vec![Piece::unmarked(frame.plain().slice(..self.left))],
                length,
            );
            self.left = 0;
        }
        if self.left == 0 {
            actions.cut();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{events, play};

    #[test]
    fn the_last_event_is_torn() {
        let expected = [
            "0 head",
            "10 event 1",
            "20 event 2",
            "30 torn 6 of 32",
            "30 cut",
        ];
        assert_eq!(play("truncate:70", &events(5, 10)), expected);
    }

    #[test]
    fn an_end_between_events_still_lacks_the_last_chunk() {
        assert_eq!(
            play("truncate:64", &events(5, 10)),
            ["0 head", "10 event 1", "20 event 2", "20 cut"]
        );
    }
}
