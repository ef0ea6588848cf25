//! `hold-time:T`: released together T after the first byte that was held, as a flush timer does.

use std::time::Duration;

use super::action::Actions;
use super::held::Held;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "hold-time",
    value: Some("TIME"),
    needs: Needs::Nothing,
    prepare: |value| {
        let time = values::span(value)?;
        Ok(factory(move || HoldTime {
            time,
            held: Held::default(),
            flush_at: None,
        }))
    },
};

#[derive(Debug)]
struct HoldTime {
    time: Duration,
    held: Held,
    flush_at: Option<Nanos>,
}

impl Mode for HoldTime {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        self.flush_at.get_or_insert(now + self.time);
        self.held.push(frame, actions);
    }

    fn wake_at(&self) -> Option<Nanos> {
        self.flush_at
    }

    fn wake(&mut self, now: Nanos, actions: &mut Actions) {
        self.flush_at = None;
        actions.together(&self.held.take(), now);
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
    fn the_timer_starts_with_the_first_held_byte() {
        let mut steps = events(6, 100);
        steps.push(Step::End(650));
        let expected = [
            "0 head",
            "350 chunk of 96 with [1, 2, 3]",
            "650 chunk of 96 with [4, 5, 6]",
            "650 end",
        ];
        assert_eq!(play("hold-time:250ms", &steps), expected);
    }

    #[test]
    fn a_lone_event_is_late_by_the_time() {
        let steps = [Step::Event(1_000, 1), Step::Silence(5_000)];
        assert_eq!(
            play("hold-time:200ms", &steps),
            ["0 head", "1200 chunk of 32 with [1]"]
        );
    }
}
