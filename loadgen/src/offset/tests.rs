//! The bound against every delay there can be: the truth must never be outside.

use super::*;
use proptest::prelude::*;

const START: u64 = 1_700_000_000_000_000_000;

/// Nanoseconds there, held there, nanoseconds back.
type Delays = (u64, u64, u64);

fn delays() -> impl Strategy<Value = Delays> {
    let way = || {
        prop_oneof![
            Just(0_u64),
            0_u64..50_000,
            0_u64..20_000_000,
            0_u64..10_000_000_000
        ]
    };
    (way(), way(), way())
}

/// Their clock at a time of ours: ahead by `offset` at the start, and faster by `ppb`.
fn theirs(offset: i64, ppb: i64, ours: Wall) -> Wall {
    Wall(ours.0.checked_add_signed(truth(offset, ppb, ours)).unwrap())
}

fn truth(offset: i64, ppb: i64, ours: Wall) -> i64 {
    let drift = i128::from(ours.0 - START) * i128::from(ppb) / 1_000_000_000;
    offset + i64::try_from(drift).unwrap()
}

fn exchange(offset: i64, ppb: i64, t1: Wall, (there, held, back): Delays) -> Exchange {
    let (received, sent) = (t1 + Nanos(there), t1 + Nanos(there) + Nanos(held));
    Exchange {
        t1,
        t2: theirs(offset, ppb, received),
        t3: theirs(offset, ppb, sent),
        t4: sent + Nanos(back),
    }
}

proptest! {
    #[test]
    fn the_bound_of_an_exchange_holds_the_truth(
        offset in -1_000_000_000_000_i64..1_000_000_000_000,
        delays in delays(),
    ) {
        let shown = exchange(offset, 0, Wall(START), delays).offset().unwrap();
        prop_assert!(shown.contains(offset), "{shown:?} without {offset}");
        prop_assert_eq!(shown.bound.0, (delays.0 + delays.2).div_ceil(2), "and is no wider than half the round trip");
    }

    #[test]
    fn of_many_exchanges_the_shortest_round_trip_is_taken(
        offset in -1_000_000_000_000_i64..1_000_000_000_000,
        delays in prop::collection::vec(delays(), 1..40),
    ) {
        let exchanges: Vec<Exchange> =
            delays.iter().map(|&delays| exchange(offset, 0, Wall(START), delays)).collect();
        let shown = Round::best(&exchanges).unwrap().offset;
        let shortest = delays.iter().map(|(there, _, back)| there + back).min().unwrap();
        prop_assert!(shown.contains(offset));
        prop_assert_eq!(shown.bound.0, shortest.div_ceil(2));
    }

    /// What the engine subtracted at any time of a run is within the bound that the run states in the end.
    #[test]
    fn the_bound_of_a_run_holds_every_correction_made(
        offset in -1_000_000_000_000_i64..1_000_000_000_000,
        ppb in -500_000_i64..500_000,
        rounds in prop::collection::vec((1_u64..5_000, prop::collection::vec(delays(), 1..5)), 1..12),
    ) {
        let mut at = Wall(START);
        let mut made = Vec::new();
        let mut course: Option<Course> = None;
        let count = rounds.len();
        for (number, (pause_ms, delays)) in rounds.into_iter().enumerate() {
            at = at + Nanos::from_millis(pause_ms);
            let mut exchanges = Vec::new();
            for delays in delays {
                let one = exchange(offset, ppb, at, delays);
                at = one.t4;
                exchanges.push(one);
            }
            // Before the round the old correction was in force up to now, and after it the new one is.
            made.extend(course.map(|course| (at, course.offset())));
            let round = Round::best(&exchanges).unwrap();
            match &mut course {
                None => course = Some(Course::new(round)),
                Some(course) if number + 1 == count => course.finish(round),
                Some(course) => course.follow(round),
            }
            made.extend(course.map(|course| (round.at, course.offset())));
        }
        let course = course.unwrap();
        // The middle of a round trip is where the offset is booked; while it lasted the clocks drifted on.
        let slack = 2 * 30_000_000_000_u64 / 1_000_000_000 * ppb.unsigned_abs() * 5 + 2;
        for (at, correction) in made {
            let error = truth(offset, ppb, at).abs_diff(correction);
            prop_assert!(error <= course.bound().0 + slack, "{error} beyond {:?}", course.bound());
        }
    }

    #[test]
    fn the_drift_is_within_its_bound(
        offset in -1_000_000_000_i64..1_000_000_000,
        ppb in -500_000_i64..500_000,
        before in delays(),
        after in delays(),
    ) {
        let first = Round::best(&[exchange(offset, ppb, Wall(START), before)]).unwrap();
        let end = Wall(START) + Nanos::from_secs(60);
        let mut course = Course::new(first);
        course.finish(Round::best(&[exchange(offset, ppb, end, after)]).unwrap());
        let drift = course.drift().unwrap();
        // Twice 500 ppm of a round trip of at most 30 s, seen over 40 s at least.
        let slack = ppb.unsigned_abs() + 2;
        prop_assert!(drift.ppb.abs_diff(ppb) <= drift.bound_ppb + slack, "{drift:?} without {ppb}");
    }
}

fn round(at_ms: u64, nanos: i64, bound: u64) -> Round {
    Round {
        at: Wall(START) + Nanos::from_millis(at_ms),
        offset: Offset {
            nanos,
            bound: Nanos(bound),
        },
    }
}

#[test]
fn a_drift_is_followed_and_told() {
    let mut course = Course::new(round(0, 37_000_000, 30_000));
    for second in (2..60_u32).step_by(2) {
        course.follow(round(u64::from(second) * 1_000, 37_000_000 + i64::from(second) * 50_000, 30_000));
    }
    course.finish(round(60_000, 40_000_000, 30_000));
    assert_eq!(course.offset(), 40_000_000);
    assert_eq!(course.bound(), Nanos(130_000), "what it drifted from round to round, and one bound");
    assert_eq!(course.drift(), Some(Drift { ppb: 50_000, bound_ppb: 1_001 }));
}

#[test]
fn a_weak_round_is_passed_over_unless_it_contradicts() {
    let mut course = Course::new(round(0, 1_000, 100));
    course.follow(round(2_000, 300_000, 400_000));
    assert_eq!((course.offset(), course.bound()), (1_000, Nanos(100)));
    course.follow(round(4_000, 1_000_000, 400_000));
    assert_eq!(course.offset(), 1_000_000, "the old one cannot be right any more");
    assert_eq!(course.bound(), Nanos(1_399_000));
}

#[test]
fn the_last_round_counts_however_weak() {
    let mut course = Course::new(round(0, 1_000, 100));
    course.finish(round(2_000, 300_000, 400_000));
    assert_eq!(course.bound(), Nanos(699_000));
}

#[test]
fn a_step_of_a_clock_shows_nothing() {
    let [t1, t2, t3, t4] = [10, 20, 30, 40].map(|offset| Wall(START + offset));
    assert!(Exchange { t1, t2, t3, t4 }.offset().is_some());
    assert_eq!(Exchange { t1: t4, t2, t3, t4: t1 }.offset(), None);
    assert_eq!(Exchange { t1, t2: t3, t3: t2, t4 }.offset(), None);
    // The answer took longer than the question and the answer together: our clock was set back meanwhile.
    let t3 = Wall(START + 1_000);
    assert_eq!(Exchange { t1, t2, t3, t4 }.offset(), None);
    assert_eq!(Round::best(&[]), None);
}

#[test]
fn a_drift_needs_time() {
    let mut course = Course::new(round(0, 0, 10));
    course.finish(round(1_999, 100_000, 10));
    assert_eq!(course.drift(), None);
}
