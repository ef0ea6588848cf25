//! Criterion 16: the same load from one process and from two says the same of the server, or that it was too much for one.

use crate::gate::{Found, alone, hold};
use crate::load::{Ended, Load};
use crate::support::target;
use run_record::metric::Metric;
use run_record::self_check::CheckStatus;

/// What the machine itself adds to 1 event in 100: the smallest floor that a selftest has told on a quiet machine.
const FLOOR: u64 = 100_000;
const CONNECTIONS: u32 = 200;
const PATH: &str = "/prices?interval=100ms&count=60";

/// The load from so many processes at once, on a server of its own.
fn from(processes: u32) -> Vec<Ended> {
    let server = target();
    let url = format!("http://{}{PATH}", server.local_addr().expect("it listens"));
    let loads: Vec<Load> = (0..processes)
        .map(|_| Load::start(&url, CONNECTIONS / processes))
        .collect();
    loads.into_iter().map(Load::ended).collect()
}

/// The p99 of `transit` of all shards together, merged as `loadgen merge` does.
fn p99(shards: &[Ended]) -> u64 {
    let (first, others) = shards.split_first().expect("there is one");
    let mut whole = first.record.clone();
    others.iter().for_each(|other| whole.merge(&other.record));
    let total = whole.total();
    assert_eq!(total.counters.events.received, u64::from(CONNECTIONS) * 60);
    let transit = total
        .histograms
        .get(Metric::Transit)
        .expect("events say when they were sent");
    transit.value_at_quantile(0.99)
}

#[test]
fn criterion_16_one_and_two_processes_agree() {
    let _alone = alone();
    hold("16", || {
        let (one, two) = (from(1), from(2));
        let is_limited = |ended: &Ended| ended.record.self_check.status() == CheckStatus::Invalid;
        let quiet = one.iter().chain(&two).all(Ended::was_quiet);
        let (alone, shared) = (p99(&one), p99(&two));
        let most = FLOOR.max(alone / 10);
        let mut found = Found::at_most(
            "transit p99 of one and of two processes, apart",
            alone.abs_diff(shared),
            most,
        );
        found.holds |= one.iter().any(is_limited);
        (quiet, vec![found])
    });
}
