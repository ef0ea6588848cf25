//! `late-head`: the head comes with the first event, which is then on time, as servers do that wait for a first write.

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;

pub(crate) const ENTRY: Entry = Entry {
    name: "late-head",
    value: None,
    needs: Needs::Nothing,
    prepare: |_| Ok(factory(LateHead::default)),
};

#[derive(Debug, Default)]
struct LateHead {
    has_head: bool,
}

impl LateHead {
    fn head(&mut self, actions: &mut Actions) {
        if !std::mem::replace(&mut self.has_head, true) {
            actions.head();
        }
    }
}

impl Mode for LateHead {
    fn open(&mut self, _now: Nanos, _actions: &mut Actions) {}

    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        self.head(actions);
        actions.pass(frame, now);
    }

    fn end(&mut self, _now: Nanos, actions: &mut Actions) {
        self.head(actions);
        actions.end();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{Step, events, play};

    #[test]
    fn the_head_comes_with_the_first_event() {
        assert_eq!(
            play("late-head", &events(2, 100)),
            ["100 head", "100 event 1", "200 event 2"]
        );
        assert_eq!(play("late-head", &[Step::End(50)]), ["50 head", "50 end"]);
    }
}
