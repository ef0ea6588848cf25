//! Criterion 14: equal sets are seldom called different, different ones are, and intervals hold what they say.

use super::*;
use std::f64::consts::TAU;

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (TAU * self.unit()).cos()
    }

    /// The p99 of a run of so many events, each of which resembles the one before it (autocorrelation `rho`), on a day
    /// that is better or worse than others by `noise`.
    fn p99(&mut self, events: usize, rho: f64, noise: f64) -> f64 {
        let day = 1.0 + noise * self.normal();
        let mut level = self.normal();
        let mut times: Vec<f64> = (0..events)
            .map(|_| {
                level = rho * level + (1.0 - rho * rho).sqrt() * self.normal();
                day * (0.3 * level).exp()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[(events as f64 * 0.99) as usize]
    }
}

fn tell(what: &str, measured: String, threshold: &str) {
    println!("truth | 14 | {what} | {measured} | {threshold}");
}

/// The upper bound of a one-sided 95 % interval of a share, after Clopper and Pearson.
fn upper_bound(hits: u64, of: u64) -> f64 {
    use statrs::distribution::{Binomial, DiscreteCDF};
    let at_most = |share: f64| Binomial::new(share, of).unwrap().cdf(hits);
    let steps = (0..=1_000).map(|step| f64::from(step) / 1_000.0);
    steps
        .into_iter()
        .find(|share| at_most(*share) < 0.05)
        .unwrap_or(1.0)
}

#[test]
fn criterion_14_equal_sets_are_seldom_called_different() {
    // Ten times the 200 of the criterion: the share itself is to be known, and not the luck of a seed.
    const PAIRS: u64 = 2_000;
    let mut chance = Chance(14);
    let mut different = 0;
    for _ in 0..PAIRS {
        let mut runs = || {
            (0..10)
                .map(|_| chance.p99(300, 0.9, 0.02))
                .collect::<Vec<_>>()
        };
        let (base, new) = (runs(), runs());
        different += u64::from(compare(&base, &new, 0.0).unwrap().is_different());
    }
    let bound = upper_bound(different, PAIRS);
    tell(
        "equal sets of 10 + 10 runs (autocorrelation 0.9, 2 % from run to run) called different",
        format!("{different} of {PAIRS}, at most {:.1} %", bound * 100.0),
        "<= 5 %, at most 9 %",
    );
    assert!(
        different * 20 <= PAIRS && bound <= 0.09,
        "{different} of {PAIRS}"
    );
}

#[test]
fn criterion_14_a_shift_of_a_tenth_is_found() {
    for deviation in [0.03, 0.06] {
        let mut chance = Chance(15);
        let mut found = 0;
        for _ in 0..1_000 {
            let mut runs = |centre: f64| {
                (0..10)
                    .map(|_| centre + deviation * chance.normal())
                    .collect::<Vec<_>>()
            };
            let (base, new) = (runs(1.0), runs(1.1));
            found += u32::from(compare(&base, &new, 0.0).unwrap().is_different());
        }
        tell(
            &format!(
                "10 % more at p99, 10 + 10 runs, {:.0} % from run to run: found",
                deviation * 100.0
            ),
            format!("{found} of 1000"),
            ">= 900 of 1000",
        );
        assert!(found >= 900, "{found} at {deviation}");
    }
}

#[test]
fn criterion_14_intervals_hold_the_truth_as_often_as_they_say() {
    let mut chance = Chance(16);
    let (mut ratios, mut quantiles, mut medians) = (0, 0, 0);
    let truth_of_quantile = 0.99_f64;
    for _ in 0..1_000 {
        let mut runs = |n: usize| {
            (0..n)
                .map(|_| chance.p99(500, 0.9, 0.02))
                .collect::<Vec<_>>()
        };
        let (base, new) = (runs(10), runs(10));
        let compared = compare(&base, &new, 0.0).unwrap();
        ratios += u32::from(compared.low <= 1.0 && 1.0 <= compared.high);
        let mut events: Vec<f64> = (0..2_000).map(|_| chance.unit()).collect();
        events.sort_by(f64::total_cmp);
        let (low, high) = quantile_interval(&events, truth_of_quantile).unwrap();
        quantiles += u32::from((low..=high).contains(&truth_of_quantile));
        let days: Vec<f64> = (0..17).map(|_| 1.0 + 0.02 * chance.normal()).collect();
        let (low, high) = median_interval(&days).unwrap();
        medians += u32::from((low..=high).contains(&1.0));
    }
    for (what, held) in [
        (
            "interval of the ratio of two sets, events autocorrelated",
            ratios,
        ),
        (
            "interval of p99 within a run of 2,000 independent events",
            quantiles,
        ),
        ("interval of the median of 17 runs", medians),
    ] {
        tell(
            what,
            format!("holds the truth in {held} of 1000"),
            "930 to 970",
        );
        assert!((930..=970).contains(&held), "{what}: {held}");
    }
}

#[test]
fn criterion_14_too_little_is_refused_with_the_number_that_would_do() {
    let refused = compare(&[1.0; 3], &[1.0; 10], 0.0).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "3 and 10 runs cannot show a difference; 4 on each side are the least, 10 are good"
    );
    let events: Vec<f64> = (0..2_994).map(f64::from).collect();
    assert_eq!(quantile_interval(&events, 0.999), None);
    assert_eq!(samples_needed(0.999), 2_995);
    tell(
        "p99.9 refused below",
        format!("{} events", samples_needed(0.999)),
        "2995",
    );
}

#[test]
fn the_answer_is_one_sentence() {
    let base = [10.0, 10.1, 10.2, 10.3, 10.4];
    let new = base.map(|value| value * 1.1);
    let compared = compare(&base, &new, 0.0).unwrap();
    assert!(compared.is_different());
    assert_eq!(
        compared.sentence("p99 of delivery", true),
        "p99 of delivery: 10.0 % higher (+6.8 to +13.3 %, p = 0.01)"
    );
    let below = compare(&base, &new, 2.0).unwrap();
    assert!(!below.is_different());
    assert!(
        below
            .sentence("p99", false)
            .contains("smaller than this machine can tell")
    );
    let same = compare(&base, &base, 0.0).unwrap();
    assert!(!same.is_different() && same.sentence("p99", false).contains("no difference shown"));
}

#[test]
fn one_false_difference_among_many_stays_as_unlikely_as_one() {
    assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
    assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    assert!(holm(&[]).is_empty());
}
