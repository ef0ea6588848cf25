//! `content-length`: as `hold-all`, and the length is told, which proves that the whole body was there before the head.

use super::action::Actions;
use super::held::Held;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;

pub(crate) const ENTRY: Entry = Entry {
    name: "content-length",
    value: None,
    needs: Needs::Count,
    prepare: |_| Ok(factory(ContentLength::default)),
};

#[derive(Debug, Default)]
struct ContentLength {
    held: Held,
}

impl Mode for ContentLength {
    fn open(&mut self, _now: Nanos, _actions: &mut Actions) {}

    fn frame(&mut self, _now: Nanos, frame: Frame, actions: &mut Actions) {
        self.held.push(frame, actions);
    }

    fn end(&mut self, now: Nanos, actions: &mut Actions) {
        let frames = self.held.take();
        actions.head_with_length(frames.iter().map(|frame| frame.plain().len()).sum());
        actions.together(&frames, now);
        actions.end();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{Step, events, play};

    #[test]
    fn the_length_counts_all_events() {
        let mut steps = events(2, 100);
        steps.push(Step::End(200));
        let expected = [
            "200 head length 64",
            "200 chunk of 64 with [1, 2]",
            "200 end",
        ];
        assert_eq!(play("content-length", &steps), expected);
    }
}
