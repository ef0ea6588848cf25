//! `stall:T@K`: after event K nothing for T, then all at once what was due meanwhile, as a server that hung.

use std::time::Duration;

use super::action::Actions;
use super::held::Held;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "stall",
    value: Some("TIME@EVENT"),
    needs: Needs::Nothing,
    prepare: |value| {
        let expected = || "TIME@EVENT, such as 2s@30: after this subscriber's 30th event";
        let (time, after) = value.split_once('@').ok_or_else(expected)?;
        let (time, after) = (values::span(time)?, values::number(1, u64::MAX)(after)?);
        Ok(factory(move || Stall {
            time,
            left: after,
            held: Held::default(),
            until: None,
        }))
    },
};

#[derive(Debug)]
struct Stall {
    time: Duration,
    /// Events until the stall.
    left: u64,
    held: Held,
    until: Option<Nanos>,
}

impl Mode for Stall {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        if self.until.is_some() {
            self.held.push(frame, actions);
            return;
        }
        if frame.stamp().is_some() && self.left > 0 {
            self.left -= 1;
            self.until = (self.left == 0).then(|| now + self.time);
        }
        actions.pass(frame, now);
    }

    fn wake_at(&self) -> Option<Nanos> {
        self.until
    }

    fn wake(&mut self, now: Nanos, actions: &mut Actions) {
        self.until = None;
        for frame in self.held.take() {
            actions.pass(frame, now);
        }
    }

    fn end(&mut self, now: Nanos, actions: &mut Actions) {
        self.wake(now, actions);
        actions.end();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{Step, events, play};

    #[test]
    fn events_due_in_the_stall_come_at_its_end() {
        let expected = [
            "0 head",
            "100 event 1",
            "200 event 2",
            "450 event 3",
            "450 event 4",
            "500 event 5",
        ];
        assert_eq!(play("stall:250ms@2", &events(5, 100)), expected);
    }

    #[test]
    fn comments_do_not_count() {
        let steps = [
            Step::Comment(10),
            Step::Event(20, 1),
            Step::Event(30, 2),
            Step::Silence(1_000),
        ];
        let expected = [
            "0 head",
            "10 comment : sixteen bytes",
            "20 event 1",
            "520 event 2",
        ];
        assert_eq!(play("stall:500ms@1", &steps), expected);
    }
}
