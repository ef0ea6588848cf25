//! `late-first:T`: the first event, and what comes meanwhile, is late by T; the rest is on time.

use std::time::Duration;

use super::action::Actions;
use super::held::Held;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "late-first",
    value: Some("TIME"),
    needs: Needs::Nothing,
    prepare: |value| {
        let time = values::span(value)?;
        Ok(factory(move || LateFirst {
            time,
            state: State::Waiting,
        }))
    },
};

#[derive(Debug)]
struct LateFirst {
    time: Duration,
    state: State,
}

#[derive(Debug)]
enum State {
    /// For the first frame.
    Waiting,
    Holding {
        held: Held,
        until: Nanos,
    },
    Open,
}

impl Mode for LateFirst {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        if matches!(self.state, State::Waiting) {
            self.state = State::Holding {
                held: Held::default(),
                until: now + self.time,
            };
        }
        match &mut self.state {
            State::Holding { held, .. } => held.push(frame, actions),
            State::Waiting | State::Open => actions.pass(frame, now),
        }
    }

    fn wake_at(&self) -> Option<Nanos> {
        match self.state {
            State::Holding { until, .. } => Some(until),
            State::Waiting | State::Open => None,
        }
    }

    fn wake(&mut self, now: Nanos, actions: &mut Actions) {
        if let State::Holding { mut held, .. } = std::mem::replace(&mut self.state, State::Open) {
            actions.together(&held.take(), now);
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
    fn only_the_beginning_is_late() {
        let expected = [
            "0 head",
            "350 chunk of 96 with [1, 2, 3]",
            "400 event 4",
            "500 event 5",
        ];
        assert_eq!(play("late-first:250ms", &events(5, 100)), expected);
    }

    #[test]
    fn an_early_end_releases_what_is_held() {
        let steps = [Step::Event(100, 1), Step::End(200)];
        assert_eq!(
            play("late-first:1s", &steps),
            ["0 head", "200 chunk of 32 with [1]", "200 end"]
        );
    }
}
