//! `duplicate:N`: the events whose number is a multiple of N are sent twice.

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "duplicate",
    value: Some("N"),
    needs: Needs::Nothing,
    prepare: |value| {
        let every = values::number(1, u64::MAX)(value)?;
        Ok(factory(move || Duplicate { every }))
    },
};

#[derive(Debug)]
struct Duplicate {
    every: u64,
}

impl Mode for Duplicate {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        if frame
            .stamp()
            .is_some_and(|stamp| stamp.seq % self.every == 0)
        {
            actions.pass(frame.clone(), now);
        }
        actions.pass(frame, now);
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{events, play};

    #[test]
    fn multiples_come_twice() {
        let expected = [
            "0 head",
            "10 event 1",
            "20 event 2",
            "20 event 2",
            "30 event 3",
        ];
        assert_eq!(play("duplicate:2", &events(3, 10)), expected);
    }
}
