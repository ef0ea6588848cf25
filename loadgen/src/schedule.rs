//! When each connection is due: computed before the run, never read from a clock, so that a late start stays visible.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, Gamma};
use std::fmt;
use std::time::Duration;

/// How the starts of connections lie in the ramp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// Evenly.
    #[default]
    Constant,
    /// At random, each gap drawn on its own from a gamma distribution: the same `seed`, the same starts.
    Random {
        /// The shape of the distribution.
        shape: Shape,
        /// What the draws begin with.
        seed: u64,
    },
}

/// The shape of a gamma distribution: 1 is Poisson's process, below it starts come in bursts, above it they are more even.
/// The coefficient of variation of the gaps is 1 / sqrt(shape).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    thousandths: u32,
}

impl Shape {
    /// Poisson's process.
    pub const POISSON: Shape = Shape { thousandths: 1_000 };

    /// A shape from 0.001 to 1,000; `None` for any other.
    pub fn new(shape: f64) -> Option<Shape> {
        let is_possible = (0.001..=1_000.0).contains(&shape);
        is_possible.then(|| Shape {
            thousandths: (shape * 1e3).round() as u32,
        })
    }

    fn value(self) -> f64 {
        f64::from(self.thousandths) / 1e3
    }
}

impl fmt::Display for Arrivals {
    /// As the command line spells it, the seed included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arrivals::Constant => write!(f, "constant"),
            Arrivals::Random { shape, seed } if *shape == Shape::POISSON => {
                write!(f, "poisson, seed {seed}")
            }
            Arrivals::Random { shape, seed } => write!(f, "gamma:{}, seed {seed}", shape.value()),
        }
    }
}

/// Connection starts over a ramp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    connections: u32,
    ramp: Duration,
    /// Nanoseconds from the start, where they are drawn; 8 bytes for each connection.
    drawn: Option<Vec<u64>>,
}

impl Schedule {
    /// `connections` starts over `ramp`; a zero ramp makes all of them due at once.
    ///
    /// Random starts have the mean distance that even ones have. They are not stretched to end with the ramp: gaps would
    /// no longer be independent, and a rate that is 1 % off by chance is what was asked for (measuring 1.3).
    pub fn new(connections: u32, ramp: Duration, arrivals: Arrivals) -> Schedule {
        let drawn = match arrivals {
            Arrivals::Constant => None,
            Arrivals::Random { shape, seed } => draw(connections, ramp, shape, seed),
        };
        Schedule {
            connections,
            ramp,
            drawn,
        }
    }

    /// When connection `index` (from 0) is due, from the start of the run; `None` beyond the last one.
    pub fn due(&self, index: u32) -> Option<Duration> {
        if index >= self.connections {
            return None;
        }
        if let Some(drawn) = &self.drawn {
            return drawn.get(index as usize).copied().map(Duration::from_nanos);
        }
        let nanos = self.ramp.as_nanos() * u128::from(index) / u128::from(self.connections);
        Some(Duration::from_nanos(
            u64::try_from(nanos).unwrap_or(u64::MAX),
        ))
    }
}

/// The first start is at 0, each other one a gap after the one before it; `None` where all are due at once.
fn draw(connections: u32, ramp: Duration, shape: Shape, seed: u64) -> Option<Vec<u64>> {
    let mean_gap = ramp.as_nanos() as f64 / f64::from(connections);
    let gaps = Gamma::new(shape.value(), mean_gap / shape.value()).ok()?;
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut at = 0.0;
    let starts = (0..connections).map(|_| {
        let start = at as u64;
        at += gaps.sample(&mut chance);
        start
    });
    Some(starts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_even_and_end_within_the_ramp() {
        let schedule = Schedule::new(4, Duration::from_secs(2), Arrivals::Constant);
        let due: Vec<_> = (0..5).map(|index| schedule.due(index)).collect();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(due, [ms(0), ms(500), ms(1000), ms(1500), None]);
    }

    const STARTS: u32 = 20_001;
    /// So long that starts in whole nanoseconds change nothing: a gap of shape 0.25 is often near zero.
    const RAMP: Duration = Duration::from_secs(2_000_000);

    fn random(shape: f64, seed: u64) -> Arrivals {
        let shape = Shape::new(shape).unwrap();
        Arrivals::Random { shape, seed }
    }

    /// The gaps between successive starts, in units of their mean.
    fn gaps(arrivals: Arrivals) -> Vec<f64> {
        let schedule = Schedule::new(STARTS, RAMP, arrivals);
        let due: Vec<f64> = (0..STARTS)
            .map(|index| schedule.due(index).unwrap().as_secs_f64())
            .collect();
        let mean = RAMP.as_secs_f64() / f64::from(STARTS);
        due.windows(2).map(|two| (two[1] - two[0]) / mean).collect()
    }

    fn mean_and_variation(gaps: &[f64]) -> (f64, f64) {
        let n = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / n;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance.sqrt() / mean)
    }

    #[test]
    fn criterion_9_the_rate_and_the_variation_are_those_that_were_asked_for() {
        let (mean, variation) = mean_and_variation(&gaps(Arrivals::Constant));
        assert!((mean - 1.0).abs() < 1e-4 && variation < 1e-4);
        for shape in [0.25, 1.0, 4.0] {
            // The mean of all seeds: one run of 20,000 is off by 1.4 % at shape 0.25, by chance.
            let seen: Vec<(f64, f64)> = (0..20)
                .map(|seed| mean_and_variation(&gaps(random(shape, seed))))
                .collect();
            let rate = 20.0 / seen.iter().map(|(mean, _)| mean).sum::<f64>();
            let variation = seen.iter().map(|(_, variation)| variation).sum::<f64>() / 20.0;
            let apart = (variation * shape.sqrt() - 1.0).abs();
            println!(
                "truth | 9 | gamma {shape}: rate, variation against 1/sqrt(shape), 20 seeds of 20,000 | {:.2} %, {:.2} % apart | <= 1 %, <= 3 %",
                (rate - 1.0).abs() * 100.0,
                apart * 100.0
            );
            assert!(
                (rate - 1.0).abs() <= 0.01 && apart <= 0.03,
                "{shape}: {rate} {variation}"
            );
        }
    }

    /// The largest distance of the gaps from the distribution that they should have, after Kolmogorov and Smirnov.
    fn distance(gaps: &mut [f64], shape: f64) -> f64 {
        use statrs::distribution::{ContinuousCDF, Gamma};
        let truth = Gamma::new(shape, shape).unwrap();
        gaps.sort_by(f64::total_cmp);
        let n = gaps.len() as f64;
        let apart = gaps.iter().enumerate().map(|(rank, gap)| {
            let at = truth.cdf(*gap);
            (at - rank as f64 / n).max((rank as f64 + 1.0) / n - at)
        });
        apart.fold(0.0, f64::max)
    }

    #[test]
    fn criterion_9_the_gaps_have_the_distribution_that_was_asked_for() {
        for shape in [0.25, 1.0, 4.0] {
            let kept = (0..100).filter(|seed| {
                let mut gaps = gaps(random(shape, *seed));
                // 1.628 / sqrt(n) is passed by chance once in a hundred (Smirnov, 1948).
                distance(&mut gaps, shape) <= 1.628 / f64::from(STARTS - 1).sqrt()
            });
            let kept = kept.count();
            println!(
                "truth | 9 | gamma {shape}: not rejected at 1 % (Kolmogorov, Smirnov) | {kept} of 100 seeds | >= 97"
            );
            assert!(kept >= 97, "{shape}: {kept}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_starts_and_another_one_others() {
        let starts = |seed| Schedule::new(100, RAMP, random(1.0, seed));
        assert_eq!(starts(7), starts(7));
        assert_ne!(starts(7), starts(8));
        let at_once = Schedule::new(3, Duration::ZERO, random(1.0, 1));
        assert_eq!(at_once.due(2), Some(Duration::ZERO));
        assert_eq!(at_once.due(3), None);
    }

    #[test]
    fn a_shape_that_cannot_be_is_none() {
        for shape in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert_eq!(Shape::new(shape), None);
        }
        assert_eq!(random(0.25, 3).to_string(), "gamma:0.25, seed 3");
        assert_eq!(random(1.0, 1).to_string(), "poisson, seed 1");
    }
}
