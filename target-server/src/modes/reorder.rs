//! `reorder:N`: each event whose number is a multiple of N changes places with the one after it.

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "reorder",
    value: Some("N"),
    needs: Needs::Nothing,
    prepare: |value| {
        let every = values::number(2, u64::MAX)(value)?;
        Ok(factory(move || Reorder { every, held: None }))
    },
};

#[derive(Debug)]
struct Reorder {
    every: u64,
    held: Option<Frame>,
}

impl Mode for Reorder {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        match frame.stamp() {
            Some(stamp) if stamp.seq % self.every == 0 => self.held = Some(frame),
            Some(_) => {
                actions.pass(frame, now);
                if let Some(held) = self.held.take() {
                    actions.pass(held, now);
                }
            }
            None => actions.pass(frame, now),
        }
    }

    fn end(&mut self, now: Nanos, actions: &mut Actions) {
        if let Some(held) = self.held.take() {
            actions.pass(held, now);
        }
        actions.end();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{Step, events, play};

    #[test]
    fn multiples_change_places_with_their_successors() {
        let mut steps = events(6, 10);
        steps.insert(2, Step::Comment(25));
        steps.push(Step::End(60));
        let expected = [
            "0 head",
            "10 event 1",
            "25 comment : sixteen bytes",
            "30 event 3",
            "30 event 2",
            "50 event 5",
            "50 event 4",
            "60 event 6",
            "60 end",
        ];
        assert_eq!(play("reorder:2", &steps), expected);
    }
}
