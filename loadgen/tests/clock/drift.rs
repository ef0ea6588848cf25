//! Criterion 11: a clock that runs away is followed, and how fast it does is told.

use crate::gate::{alone, is_full, tell, us};
use crate::server::{MS, clock_at, really_ahead, skewed};
use loadgen::clock;
use loadgen::offset::follow::follow;
use loadgen::plan::ServerReading;
use std::thread;
use std::time::Duration;

const PPM: i64 = 50;
const MOST_OFF_PPM: f64 = 5.0;
/// How long the clock is followed, and how often what is taken for its offset is looked at.
const FULL: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_secs(6);
const LOOKS_PER_SECOND: u64 = 20;

#[test]
fn criterion_11_a_clock_that_runs_away_is_followed() {
    let _alone = alone();
    let length = if is_full() { FULL } else { SHORT };
    let server = skewed(37 * MS, PPM);
    let following = follow(clock_at(server.local_addr().unwrap())).unwrap();
    let taken = following.clock();
    let mut worst = 0;
    for _ in 0..length.as_secs() * LOOKS_PER_SECOND {
        let ServerReading::Ahead { nanos, .. } = taken.reading() else {
            panic!("a clock that is followed is known");
        };
        let truth = really_ahead(&server, clock::wall().0);
        worst = worst.max(nanos.abs_diff(truth));
        thread::sleep(Duration::from_millis(1_000 / LOOKS_PER_SECOND));
    }
    let summary = following.end().unwrap();
    let drift = summary.drift.expect("long enough to tell");
    let off = (drift.ppm - PPM as f64).abs();
    let seconds = length.as_secs();
    let what = format!("37 ms and 50 ppm, {seconds} s: worst distance from the truth");
    let bound = format!("<= its bound, {}", us(summary.bound.0));
    tell("11", &what, us(worst), bound);
    let what = format!("37 ms and 50 ppm, {seconds} s: drift, apart from the truth");
    let bound = format!(
        "<= {MOST_OFF_PPM} ppm and its bound, {:.2}",
        drift.bound_ppm
    );
    tell("11", &what, format!("{off:.3} ppm"), bound);
    assert!(worst <= summary.bound.0, "{worst} ns, {summary:?}");
    assert!(off <= drift.bound_ppm, "{drift:?}");
    // Over a few seconds a round of 30 us more than the shortest is a drift of 5 ppm: only a minute tells that much.
    assert!(!is_full() || off <= MOST_OFF_PPM, "{drift:?}");
}
