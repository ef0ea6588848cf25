//! Criterion 11: the offset of a clock that stands still against ours, and the bound of it.

use crate::forwarder::{Slow, forward};
use crate::gate::{alone, is_full, tell, us};
use crate::hogs::Hogs;
use crate::server::{MS, clock_at, really_ahead, skewed};
use loadgen::clock;
use loadgen::offset::exchange::Exchange;
use loadgen::offset::follow::follow;
use loadgen::offset::track::{Offset, Probe, Track};
use run_record::time::Wall;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

/// Rounds of exchanges of which each bound must contain the truth.
const ROUNDS: usize = 1_000;
/// Exchanges of a round, as a run has them.
const EXCHANGES: usize = 8;
/// How often a clock is followed.
const FOLLOWED: usize = 20;
const MOST_OFF: u64 = 20_000;
/// Between two rounds, so that they see more of the machine than a few of its time slices.
const PAUSE: Duration = Duration::from_millis(4);

fn rounds() -> usize {
    if is_full() { ROUNDS } else { ROUNDS / 5 }
}

/// The bounds of so many rounds that contain the truth, and how wide the narrowest and the widest are.
fn contained(address: SocketAddr, truth: i64, rounds: usize) -> (usize, u64, u64) {
    let server = clock_at(address);
    let mut exchange = Exchange::new(&server);
    let offsets: Vec<Offset> = (0..rounds)
        .map(|_| {
            thread::sleep(PAUSE);
            Offset::of_round(&exchange.round(EXCHANGES).unwrap()).unwrap()
        })
        .collect();
    let holds = |offset: &&Offset| offset.ahead().abs_diff(truth) <= offset.bound().0;
    let bounds = offsets.iter().map(|offset| offset.bound().0);
    (
        offsets.iter().filter(holds).count(),
        bounds.clone().min().unwrap(),
        bounds.max().unwrap(),
    )
}

/// Criterion 11 on one host, whatever else it does meanwhile.
fn is_zero_on_one_host(when: &str) {
    let server = skewed(0, 0);
    let address = server.local_addr().unwrap();
    let (held, narrowest, widest) = contained(address, 0, rounds());
    let worst = (0..FOLLOWED)
        .map(|_| follow(clock_at(address)).unwrap().end().unwrap())
        .map(|summary| summary.ahead.unsigned_abs())
        .max()
        .unwrap();
    let what = format!("{when}: offset of one clock, worst of {FOLLOWED}");
    tell("11", &what, us(worst), format!("<= {}", us(MOST_OFF)));
    let what = format!(
        "{when}: bounds that contain the truth ({} to {})",
        us(narrowest),
        us(widest)
    );
    let all = rounds();
    tell("11", &what, format!("{held} of {all}"), "all");
    assert!(worst <= MOST_OFF, "{when}: {worst} ns");
    assert_eq!(held, all);
}

#[test]
fn criterion_11_on_one_host_the_offset_is_zero() {
    let _alone = alone();
    is_zero_on_one_host("idle");
}

#[test]
fn criterion_11_on_one_host_the_offset_is_zero_under_four_hogs() {
    let _alone = alone();
    let _hogs = Hogs::start();
    is_zero_on_one_host("4 hogs");
}

#[test]
fn criterion_11_a_skew_is_found_within_its_bound() {
    let _alone = alone();
    for skew in [37 * MS, -37 * MS, 3_600_000 * MS] {
        let server = skewed(skew, 0);
        let (held, _, _) = contained(server.local_addr().unwrap(), skew, rounds());
        let what = format!("clock {} ms ahead: bounds that contain it", skew / MS);
        tell("11", &what, format!("{held} of {}", rounds()), "all");
        assert_eq!(held, rounds(), "{skew}");
    }
}

#[test]
fn criterion_11_an_unequal_way_does_not_escape_the_bound() {
    let _alone = alone();
    let longer = Duration::from_millis(10);
    for slow in [Slow::There, Slow::Back] {
        let server = skewed(37 * MS, 0);
        let address = forward(server.local_addr().unwrap(), slow, longer);
        let truth = really_ahead(&server, clock::wall().0);
        let all = rounds() / 20;
        let (held, narrowest, _) = contained(address, truth, all);
        let guess = follow(clock_at(address)).unwrap().end().unwrap();
        let off = guess.ahead.abs_diff(truth);
        let what = format!("10 ms more {slow:?}: bounds that contain the truth");
        tell("11", &what, format!("{held} of {all}"), "all");
        let what = format!("10 ms more {slow:?}: guess off by {}, bound", us(off));
        tell("11", &what, us(guess.bound.0), format!(">= {}", us(off)));
        assert_eq!(held, all, "{slow:?}");
        assert!(off <= guess.bound.0, "{slow:?}: {off} ns");
        // No false precision: half of what is unequal cannot be seen, and the forwarder has really made it so.
        assert!(narrowest >= 5 * MS.unsigned_abs(), "{slow:?}: {narrowest}");
        assert!(off >= 4 * MS.unsigned_abs(), "{slow:?}: {off} ns");
    }
}

/// Ways there and back from nothing to 50 ms, mostly short and never equal.
#[test]
fn criterion_11_the_bound_holds_in_a_thousand_simulated_networks() {
    let mut random = Random(11);
    let mut held = 0;
    for network in 0..ROUNDS as u64 {
        let theirs = random.below(7_200_000_000_000).cast_signed() - 3_600_000_000_000;
        let start = 1_700_000_000_000_000_000 + network;
        let mut round = |at: u64| -> Vec<Probe> {
            let exchange = |_| {
                let longest = [1_000, 100_000, 50_000_000][random.below(3) as usize];
                let (there, back) = (random.below(longest), random.below(longest));
                let shown = |at: u64| Wall(at.checked_add_signed(theirs).unwrap());
                Probe {
                    asked: Wall(at),
                    received: shown(at + there),
                    answered: shown(at + there + 7),
                    heard: Wall(at + there + 7 + back),
                }
            };
            (0..EXCHANGES).map(exchange).collect()
        };
        let mut track = Track::begin(&round(start)).unwrap();
        let mut worst = track.ahead().abs_diff(theirs);
        for second in 1..10 {
            track.add(&round(start + second * 1_000_000_000));
            worst = worst.max(track.ahead().abs_diff(theirs));
        }
        let bound = track.end(Wall(start + 10_000_000_000)).bound;
        held += usize::from(worst <= bound.0);
    }
    let what = "1,000 simulated networks: bounds of a run that contain the truth";
    tell("11", what, format!("{held} of {ROUNDS}"), "all");
    assert_eq!(held, ROUNDS);
}

/// Numbers without a pattern, the same each time (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
