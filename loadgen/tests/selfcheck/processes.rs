//! Criterion 16: the same load from one process and from two says the same of the server, or that it was too much for one.

use crate::gate::{Found, alone, hold};
use crate::load::{Ended, Load};
use crate::support::target;
use crate::witness::Truth;
use run_record::metric::Metric;
use run_record::self_check::CheckStatus;

/// What a selftest tells on a quiet machine.
const FLOOR: u64 = 100_000;
const CONNECTIONS: u32 = 100;
const EVENTS: u32 = 60;
/// The part of its p99 by which the server may differ between two runs that are compared: half of what is allowed.
const SAME: u64 = 20;
/// Checks by which a report says that the generator was the limit.
const LIMITED: [&str; 2] = ["cpu", "generator_lag.p99"];

/// The load from so many processes at once, on a server of its own, and what that really did: as many workers in all.
fn from(processes: u32) -> (Vec<Ended>, Truth) {
    let server = target();
    let address = server.local_addr().expect("it listens");
    let url = format!("http://{address}/prices?interval=100ms&count={EVENTS}&mode=delay:20ms");
    let workers = (2 / processes).to_string();
    let one = |_| Load::with(&url, CONNECTIONS / processes, &["--workers", &workers]);
    let loads: Vec<Load> = (0..processes).map(one).collect();
    let ended = loads.into_iter().map(Load::ended).collect();
    (ended, Truth::of(&server))
}

/// The p99 of `delivery` of all shards together, merged as `loadgen merge` does.
fn p99(shards: &[Ended]) -> u64 {
    let (first, others) = shards.split_first().expect("there is one");
    let mut whole = first.record.clone();
    others.iter().for_each(|other| whole.merge(&other.record));
    let total = whole.total();
    assert_eq!(
        total.counters.events.received,
        u64::from(CONNECTIONS * EVENTS)
    );
    let delivery = total.histograms.get(Metric::Delivery);
    delivery
        .expect("each event is due at a time")
        .value_at_quantile(0.99)
}

/// Whether the report says that the generator was the limit.
fn is_limited(ended: &Ended) -> bool {
    let checks = &ended.record.self_check;
    let beyond = |name: &&str| {
        checks
            .get(name)
            .is_some_and(|check| check.status != CheckStatus::Ok)
    };
    LIMITED.iter().any(beyond)
}

#[test]
fn criterion_16_one_and_two_processes_agree() {
    let _alone = alone();
    hold("16", || {
        let ((one, truth_of_one), (two, truth_of_two)) = (from(1), from(2));
        let quiet = one.iter().chain(&two).all(Ended::was_quiet);
        // The server shares the machine: the two runs can be compared only if it did the same in both.
        let really = [truth_of_one, truth_of_two].map(|truth| truth.delivered(0.99));
        let is_same = really[0].abs_diff(really[1]) <= really[0] / SAME;
        let (from_one, from_two) = (p99(&one), p99(&two));
        let apart = from_one.abs_diff(from_two);
        let what = "delivery p99 from one and from two processes, apart";
        let mut found = Found::at_most(what, apart, FLOOR.max(from_one / 10));
        if one.iter().any(is_limited) {
            found.measured += ", and said to be client-limited";
            found.holds = true;
        }
        (quiet && is_same, vec![found])
    });
}
