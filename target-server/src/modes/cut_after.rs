//! `cut-after:T`: the connection ends T after the request, whatever flows, without an end of the body.

use std::time::Duration;

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "cut-after",
    value: Some("TIME"),
    needs: Needs::Nothing,
    prepare: |value| {
        let time = values::span(value)?;
        Ok(factory(move || CutAfter { time, cut_at: None }))
    },
};

#[derive(Debug)]
struct CutAfter {
    time: Duration,
    cut_at: Option<Nanos>,
}

impl Mode for CutAfter {
    fn open(&mut self, now: Nanos, actions: &mut Actions) {
        self.cut_at = Some(now + self.time);
        actions.head();
    }

    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        actions.pass(frame, now);
    }

    fn wake_at(&self) -> Option<Nanos> {
        self.cut_at
    }

    fn wake(&mut self, _now: Nanos, actions: &mut Actions) {
        actions.cut();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{events, play};

    #[test]
    fn traffic_does_not_put_off_the_cut() {
        assert_eq!(
            play("cut-after:250ms", &events(5, 100)),
            ["0 head", "100 event 1", "200 event 2", "250 cut"]
        );
    }
}
