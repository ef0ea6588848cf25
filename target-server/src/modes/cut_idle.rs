//! `cut-idle:T`: the connection ends after T without a byte, without an end of the body, as proxies' idle limits do.

use std::time::Duration;

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "cut-idle",
    value: Some("TIME"),
    needs: Needs::Nothing,
    prepare: |value| {
        let time = values::span(value)?;
        Ok(factory(move || CutIdle {
            time,
            last_byte: None,
        }))
    },
};

#[derive(Debug)]
struct CutIdle {
    time: Duration,
    last_byte: Option<Nanos>,
}

impl Mode for CutIdle {
    fn open(&mut self, now: Nanos, actions: &mut Actions) {
        self.last_byte = Some(now);
        actions.head();
    }

    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        self.last_byte = Some(now);
        actions.pass(frame, now);
    }

    fn wake_at(&self) -> Option<Nanos> {
        self.last_byte.map(|last| last + self.time)
    }

    fn wake(&mut self, _now: Nanos, actions: &mut Actions) {
        actions.cut();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{Step, play};

    #[test]
    fn every_byte_puts_off_the_cut() {
        let steps = [Step::Event(100, 1), Step::Comment(250), Step::Event(500, 2)];
        let expected = [
            "0 head",
            "100 event 1",
            "250 comment : sixteen bytes",
            "450 cut",
        ];
        assert_eq!(play("cut-idle:200ms", &steps), expected);
    }
}
