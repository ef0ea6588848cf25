//! `lag-one`: always one behind; what is held leaves when the next comes, as in a compressor without a last flush.

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;

pub(crate) const ENTRY: Entry = Entry {
    name: "lag-one",
    value: None,
    needs: Needs::Nothing,
    prepare: |_| Ok(factory(LagOne::default)),
};

#[derive(Debug, Default)]
struct LagOne {
    held: Option<Frame>,
}

impl LagOne {
    fn release(&mut self, now: Nanos, actions: &mut Actions) {
        if let Some(frame) = self.held.take() {
            actions.pass(frame, now);
        }
    }
}

impl Mode for LagOne {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        self.release(now, actions);
        self.held = Some(frame);
    }

    fn end(&mut self, now: Nanos, actions: &mut Actions) {
        self.release(now, actions);
        actions.end();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{Step, events, play};

    #[test]
    fn each_event_waits_for_the_next() {
        let mut steps = events(3, 100);
        steps.push(Step::End(900));
        assert_eq!(
            play("lag-one", &steps),
            [
                "0 head",
                "200 event 1",
                "300 event 2",
                "900 event 3",
                "900 end"
            ]
        );
    }
}
