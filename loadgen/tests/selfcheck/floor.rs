//! Criterion 16: the floor that `loadgen selftest` tells is the same each time.

use crate::gate::{Found, alone, hold};
use serde_json::Value;
use std::process::{Command, Stdio};

const SELFTESTS: usize = 5;
const QUIET_MICROS: f64 = 5_000.0;
const TWICE: f64 = 2.0;

/// What a selftest tells: the differences that mean nothing here, and how late its timers were, in microseconds.
///
/// The first is not told where less than 1,000 arrivals came by themselves: this machine put loadgen or its server aside.
fn floor() -> (Option<f64>, f64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command
        .args(["selftest", "--json", "--no-progress", "-c", "100"])
        .stdin(Stdio::null());
    let output = command.output().expect("it was built with this test");
    let card: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |path| card.pointer(path).and_then(Value::as_f64);
    let noise = number("/noise_us");
    let alone = number("/floor/transit/count").unwrap_or_else(|| panic!("no floor in {card}"));
    assert_eq!(noise.is_some(), alone >= 1_000.0, "{card}");
    let late = number("/timer_lateness/p99_us");
    (noise, late.unwrap_or_else(|| panic!("no timers in {card}")))
}

#[test]
fn criterion_16_the_floor_is_reproducible() {
    let _alone = alone();
    hold("16", || {
        let floors: Vec<(Option<f64>, f64)> = (0..SELFTESTS).map(|_| floor()).collect();
        let is_quiet = |(noise, late): &(Option<f64>, f64)| noise.is_some() && *late < QUIET_MICROS;
        let told = || floors.iter().filter_map(|(noise, _)| *noise);
        let least = told().fold(f64::INFINITY, f64::min);
        let most = told().fold(0.0, f64::max);
        let found = Found {
            what: format!("floor of {SELFTESTS} selftests, largest by smallest"),
            measured: format!("{:.2} ({least:.1} to {most:.1} us)", most / least),
            threshold: format!("<= {TWICE}"),
            holds: most <= TWICE * least,
        };
        (floors.iter().all(is_quiet), vec![found])
    });
}
