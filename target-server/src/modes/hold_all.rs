//! `hold-all`: head and body withheld until the end, as a server does that collects the body first.

use super::action::Actions;
use super::held::Held;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;

pub(crate) const ENTRY: Entry = Entry {
    name: "hold-all",
    value: None,
    needs: Needs::Nothing,
    prepare: |_| Ok(factory(HoldAll::default)),
};

#[derive(Debug, Default)]
struct HoldAll {
    held: Held,
}

impl Mode for HoldAll {
    fn open(&mut self, _now: Nanos, _actions: &mut Actions) {}

    fn frame(&mut self, _now: Nanos, frame: Frame, actions: &mut Actions) {
        self.held.push(frame, actions);
    }

    fn end(&mut self, now: Nanos, actions: &mut Actions) {
        actions.head();
        actions.together(&self.held.take(), now);
        actions.end();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{Step, events, play};

    #[test]
    fn nothing_leaves_before_the_end() {
        let mut steps = events(3, 100);
        assert!(play("hold-all", &steps).is_empty());
        steps.push(Step::End(300));
        assert_eq!(
            play("hold-all", &steps),
            ["300 head", "300 chunk of 96 with [1, 2, 3]", "300 end"]
        );
    }
}
