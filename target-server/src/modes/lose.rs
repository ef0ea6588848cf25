//! `lose:N`: the events whose number is a multiple of N are never sent.

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "lose",
    value: Some("N"),
    needs: Needs::Nothing,
    prepare: |value| {
        let every = values::number(2, u64::MAX)(value)?;
        Ok(factory(move || Lose { every }))
    },
};

#[derive(Debug)]
struct Lose {
    every: u64,
}

impl Mode for Lose {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        if frame
            .stamp()
            .is_none_or(|stamp| stamp.seq % self.every != 0)
        {
            actions.pass(frame, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{events, play};

    #[test]
    fn multiples_are_missing() {
        let expected = [
            "0 head",
            "10 event 1",
            "20 event 2",
            "40 event 4",
            "50 event 5",
            "70 event 7",
        ];
        assert_eq!(play("lose:3", &events(7, 10)), expected);
    }
}
