//! `delay:T[,T...]`, `delay:lognormal:MEDIAN:SIGMA`, `delay:pareto:LEAST:SHAPE`: each event late by a time that is drawn
//! by its number, order kept: a known distribution of delays for the proof that a measuring tool finds it again.

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
    value: Some("TIME[,TIME...] or lognormal:TIME:SIGMA or pareto:TIME:SHAPE"),
    needs: Needs::Nothing,
    prepare: |value| {
        let delays = Delays::parse(value)?;
        Ok(factory(move || Delay {
            delays: delays.clone(),
            held: Held::default(),
            due: VecDeque::new(),
        }))
    },
};

/// All subscribers draw the same delay for the same event, in every run.
const SEED: u64 = 1;
/// No draw from a tail is longer: a stream of minutes would otherwise stand still behind one event.
const LONGEST: Duration = Duration::from_secs(10);

/// What delays are drawn from.
#[derive(Clone, Debug)]
enum Delays {
    /// One of these, each as likely.
    OneOf(Arc<[Duration]>),
    /// The logarithm is normal: half are longer than `median`, `sigma` is the deviation of the logarithm.
    LogNormal { median: Duration, sigma: f64 },
    /// A heavy tail: longer than x with the probability (least / x) ^ shape.
    Pareto { least: Duration, shape: f64 },
}

impl Delays {
    fn parse(value: &str) -> Result<Delays, String> {
        let two = |rest: &str| -> Result<(Duration, f64), String> {
            let (time, number) = rest
                .split_once(':')
                .ok_or_else(|| format!("{rest:?}: expected TIME:NUMBER, such as 20ms:0.8"))?;
            let number: f64 = number
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite() && *number > 0.0)
                .ok_or_else(|| format!("{number:?}: expected a number above zero"))?;
            Ok((values::span(time)?, number))
        };
        if let Some(rest) = value.strip_prefix("lognormal:") {
            let (median, sigma) = two(rest)?;
            return Ok(Delays::LogNormal { median, sigma });
        }
        if let Some(rest) = value.strip_prefix("pareto:") {
            let (least, shape) = two(rest)?;
            return Ok(Delays::Pareto { least, shape });
        }
        let times: Result<_, _> = value.split(',').map(values::span).collect();
        Ok(Delays::OneOf(times?))
    }

    fn draw(&self, seq: u64) -> Duration {
        let mut random = Random::for_event(SEED, seq);
        let drawn = |time: &Duration, factor: f64| {
            let seconds = (time.as_secs_f64() * factor).min(LONGEST.as_secs_f64());
            Duration::from_secs_f64(seconds)
        };
        match self {
            Delays::OneOf(times) => times[random.below(times.len() as u64) as usize],
            Delays::LogNormal { median, sigma } => {
                // Box and Muller, 1958.
                let radius = (-2.0 * random.unit().ln()).sqrt();
                let normal = radius * (std::f64::consts::TAU * random.unit()).cos();
                drawn(median, (sigma * normal).exp())
            }
            Delays::Pareto { least, shape } => drawn(least, random.unit().powf(-1.0 / shape)),
        }
    }
}

#[derive(Debug)]
struct Delay {
    delays: Delays,
    held: Held,
    /// When each frame in `held` may go; never before the one in front of it.
    due: VecDeque<Nanos>,
}

impl Mode for Delay {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        let seq = frame.stamp().map_or(0, |stamp| stamp.seq);
        let due = now + self.delays.draw(seq);
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
    use super::Delays;
    use crate::modes::script::{Step, events, play};

    #[test]
    fn the_distributions_are_what_they_are_called() {
        let quantile = |value: &str, q: f64| {
            let delays = Delays::parse(value).unwrap();
            let mut drawn: Vec<f64> = (1..=20_000)
                .map(|seq| delays.draw(seq).as_secs_f64() * 1e3)
                .collect();
            drawn.sort_by(f64::total_cmp);
            drawn[(q * drawn.len() as f64) as usize]
        };
        let near = |found: f64, truth: f64| {
            assert!((found / truth).ln().abs() < 0.1, "{found} is not {truth}");
        };
        near(quantile("lognormal:20ms:0.5", 0.5), 20.0);
        near(
            quantile("lognormal:20ms:0.5", 0.99),
            20.0 * (0.5_f64 * 2.326).exp(),
        );
        near(quantile("pareto:5ms:2", 0.5), 5.0 * 2_f64.sqrt());
        near(quantile("pareto:5ms:2", 0.99), 50.0);
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        for value in [
            "pareto:5ms",
            "pareto:5ms:0",
            "lognormal:fast:1",
            "lognormal:5ms:NaN",
        ] {
            assert!(Delays::parse(value).is_err(), "{value}");
        }
    }

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
