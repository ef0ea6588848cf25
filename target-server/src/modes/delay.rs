//! `delay:T[,T...]`: each event late by one of these times, drawn by its number, order kept: a known distribution of
//! delays for the proof that a measuring tool finds it again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::action::Actions;
use super::held::Held;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::random::Random;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "delay",
    value: Some("TIME[,TIME...]"),
    needs: Needs::Nothing,
    prepare: |value| {
        let delays: Arc<[Duration]> = value
            .split(',')
            .map(values::span)
            .collect::<Result<_, _>>()?;
        Ok(factory(move || Delay {
            delays: delays.clone(),
            held: Held::default(),
            due: VecDeque::new(),
        }))
    },
};

/// All subscribers draw the same delay for the same event, in every run.
const SEED: u64 = 1;

#[derive(Debug)]
struct Delay {
    delays: Arc<[Duration]>,
    held: Held,
    /// When each frame in `held` may go; never before the one in front of it.
    due: VecDeque<Nanos>,
}

impl Mode for Delay {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        let seq = frame.stamp().map_or(0, |stamp| stamp.seq);
        let draw = Random::for_event(SEED, seq).below(self.delays.len() as u64) as usize;
        let due = now + self.delays[draw];
        self.due
            .push_back(self.due.back().map_or(due, |&last| due.max(last)));
        self.held.push(frame, actions);
    }

    fn wake_at(&self) -> Option<Nanos> {
        self.due.front().copied()
    }

    fn wake(&mut self, now: Nanos, actions: &mut Actions) {
        while self.due.front().is_some_and(|&due| due <= now) {
            self.due.pop_front();
            if let Some(frame) = self.held.pop() {
                actions.pass(frame, now);
            }
        }
    }

    fn end(&mut self, now: Nanos, actions: &mut Actions) {
        for frame in self.held.take() {
            actions.pass(frame, now);
        }
        actions.end();
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{Step, events, play};

    #[test]
    fn one_time_delays_every_event_alike() {
        let mut steps = events(3, 20);
        steps.push(Step::Silence(1_000));
        assert_eq!(
            play("delay:50ms", &steps),
            ["0 head", "70 event 1", "90 event 2", "110 event 3"]
        );
    }

    #[test]
    fn several_times_are_all_drawn_and_order_is_kept() {
        let mut steps = events(40, 1_000);
        steps.push(Step::Silence(50_000));
        let lines = play("delay:10ms,200ms", &steps);
        let late = |ms: u64| {
            (1..=40)
                .filter(|seq| lines.contains(&format!("{} event {seq}", seq * 1_000 + ms)))
                .count()
        };
        assert_eq!(late(10) + late(200), 40);
        assert!(
            late(10) >= 10 && late(200) >= 10,
            "{} and {}",
            late(10),
            late(200)
        );

        let mut dense = events(40, 10);
        dense.push(Step::Silence(1_000));
        let order: Vec<u64> = play("delay:10ms,200ms", &dense)[1..]
            .iter()
            .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(order, (1..=40).collect::<Vec<_>>());
    }
}
