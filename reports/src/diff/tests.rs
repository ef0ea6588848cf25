//! From records to the answer: what counts, what is compared, what is refused.

use run_record::environment::Environment;
use run_record::metric::Metric;
use run_record::plan::PlanRecord;
use run_record::record::{Kind, Moment};
use run_record::self_check::{Check, CheckStatus};
use run_record::time::{Nanos, Wall};

use super::*;

/// A run of 1,200 events whose deliveries are spread around `level_us`, begun in the given second.
fn run(second: u64, level_us: f64) -> RunRecord {
    let start = Wall(1_700_000_000_000_000_000) + Nanos::from_secs(second);
    let plan = PlanRecord {
        url: "http://127.0.0.1:8080/prices".to_owned(),
        method: "GET".to_owned(),
        connections: 40,
        ..PlanRecord::default()
    };
    let mut record = RunRecord::new(Kind::Run, start, plan, Environment::default());
    record.ended = Moment::at(start + Nanos::from_secs(1));
    let group = record.measured.group_mut("all");
    for event in 0..1_200_u64 {
        let delivery = level_us * 1e3 * (0.5 + event as f64 / 1_200.0);
        group
            .histograms
            .record(Metric::Delivery, Nanos(delivery as u64));
    }
    for subscriber in 0..40 {
        let first = Nanos::from_micros(900 + subscriber * 7 + second % 5);
        group.histograms.record(Metric::FirstEvent, first);
    }
    group.counters.events.received = 1_200;
    group.counters.events.sequenced = 1_200;
    record
}

/// Runs that take turns; `levels` are those of the one side and the other.
fn sides(runs: u64, levels: [f64; 2]) -> [Vec<RunRecord>; 2] {
    let side = |which: u64| {
        let level = levels[which as usize];
        (0..runs)
            .map(|turn| {
                run(
                    turn * 4 + which * 2,
                    level * (1.0 + 0.001 * (turn * 7 % 10) as f64),
                )
            })
            .collect()
    };
    [side(0), side(1)]
}

fn named(records: &[RunRecord]) -> Vec<Named<'_>> {
    let named = |record| Named {
        name: "run.json",
        record,
    };
    records.iter().map(named).collect()
}

fn between(base: &[RunRecord], new: &[RunRecord], names: &[&str]) -> Diff {
    let measures: Vec<_> = names
        .iter()
        .map(|name| Measure::parse(name).unwrap())
        .collect();
    diff(&named(base), &named(new), &measures, 0.0)
}

/// SplitMix64 (Steele, Lea, Flood 2014), and a normal variate from twelve of it.
struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Ten runs that differ by 3 % from one to the next.
    fn runs(&mut self, level_us: f64) -> Vec<RunRecord> {
        (0..10)
            .map(|second| run(second, level_us * (1.0 + 0.03 * self.normal())))
            .collect()
    }
}

#[test]
fn criterion_14_of_200_equal_pairs_of_sets_of_records_at_most_10_are_called_different() {
    let mut chance = Chance(14);
    let different = (0..200)
        .filter(|_| {
            let [base, new] = [chance.runs(1_000.0), chance.runs(1_000.0)];
            matches!(
                between(&base, &new, &[]).outcome,
                Outcome::Worse | Outcome::Better
            )
        })
        .count();
    println!(
        "truth | 14 | 200 equal pairs of 10 + 10 records (3 % from run to run), compared as `diff` does, called different | {different} of 200 | at most 10 |"
    );
    assert!(different <= 10, "{different}");
}

#[test]
fn criterion_14_a_p99_that_is_a_tenth_higher_is_found_in_the_records() {
    let mut chance = Chance(15);
    let found = (0..100)
        .filter(|_| {
            let [base, new] = [chance.runs(1_000.0), chance.runs(1_100.0)];
            between(&base, &new, &[]).outcome == Outcome::Worse
        })
        .count();
    println!("truth | 14 | the same with 10 % more: found | {found} of 100 | at least 90 |");
    assert!(found >= 90, "{found}");
}

#[test]
fn a_slower_server_is_worse_a_faster_one_better_and_the_same_one_neither() {
    let [base, new] = sides(10, [1_000.0, 1_100.0]);
    let worse = between(&base, &new, &[]);
    assert_eq!(worse.outcome, Outcome::Worse);
    assert!(
        worse
            .sentence
            .starts_with("Worse: p99 of delivery is 10.0 % higher (95 % interval "),
        "{}",
        worse.sentence
    );
    assert!(
        worse.sentence.ends_with("among 3 quantities (and 1 more)"),
        "{}",
        worse.sentence
    );
    assert!(worse.interleaved);
    assert_eq!(worse.notes, Vec::<String>::new());
    assert_eq!(between(&new, &base, &[]).outcome, Outcome::Better);
    assert_eq!(between(&base, &base, &[]).outcome, Outcome::NotShown);
}

#[test]
fn more_of_what_is_wanted_is_better() {
    let [base, mut new] = sides(10, [1_000.0, 1_000.0]);
    for record in &mut new {
        record.measured.group_mut("all").counters.events.received += 100;
    }
    assert_eq!(between(&base, &new, &["events"]).outcome, Outcome::Better);
    for record in &mut new {
        record.measured.group_mut("all").counters.events.lost += 3;
    }
    let lost = between(&base, &new, &[]);
    assert_eq!(lost.outcome, Outcome::Worse);
    assert!(
        lost.sentence.contains("lost is 3 higher"),
        "{}",
        lost.sentence
    );
}

#[test]
fn too_few_runs_are_refused_with_the_number_that_would_do() {
    let [base, new] = sides(3, [1_000.0, 2_000.0]);
    let refused = between(&base, &new, &[]);
    assert_eq!(refused.outcome, Outcome::Refused);
    assert!(
        refused
            .sentence
            .contains("at least 4 runs a side are needed, 10 are better; there are 3 and 3"),
        "{}",
        refused.sentence
    );
    let none = between(&[], &new, &[]);
    assert_eq!(none.outcome, Outcome::Refused);
    assert!(
        none.sentence.contains("at least 4 runs a side"),
        "{}",
        none.sentence
    );
}

#[test]
fn four_runs_a_side_tell_one_quantity_and_say_which_they_cannot() {
    let [base, new] = sides(4, [1_000.0, 2_000.0]);
    let one = between(&base, &new, &[]);
    assert_eq!(one.outcome, Outcome::Worse);
    assert_eq!(one.quantities.len(), 1);
    assert_eq!(
        one.notes,
        ["too few runs to tell delivery.p50, first_event.p50 as well"]
    );
}

#[test]
fn runs_that_say_nothing_of_the_server_do_not_enter() {
    let [base, mut new] = sides(11, [1_000.0, 1_000.0]);
    // What would decide, were it counted.
    for spoiled in &mut new[..6] {
        let check = Check::at_most(2.0, 1.0, "us", CheckStatus::Invalid);
        spoiled.self_check.observe("clock_step", check);
    }
    let diff = between(&base, &new, &[]);
    let left_out = diff.new.iter().filter(|run| run.left_out.is_some());
    assert_eq!(left_out.count(), 6);
    assert_eq!(diff.quantities[0].new.as_ref().unwrap().values.len(), 5);
}

#[test]
fn a_quantile_that_the_events_cannot_tell_is_refused_with_their_number() {
    let [base, new] = sides(10, [1_000.0, 1_100.0]);
    let refused = between(&base, &new, &["delivery.p99.9"]);
    assert_eq!(refused.outcome, Outcome::Refused);
    assert!(
        refused
            .sentence
            .contains("1,200 samples, p99.9 needs 10,000"),
        "{}",
        refused.sentence
    );
}

#[test]
fn what_differs_beside_the_server_is_said() {
    let [base, mut new] = sides(10, [1_000.0, 1_000.0]);
    for (turn, record) in new.iter_mut().enumerate() {
        record.plan.connections = 80;
        let later = 1_000 + turn as u64;
        record.started = Moment::at(Wall(1_700_000_000_000_000_000) + Nanos::from_secs(later));
    }
    let diff = between(&base, &new, &[]);
    assert!(!diff.interleaved);
    assert!(
        diff.notes
            .iter()
            .any(|note| note.contains("did not take turns"))
    );
    assert!(
        diff.notes
            .iter()
            .any(|note| note == "the sides differ in connections: 40 and 80")
    );
}

#[test]
fn a_floor_is_one_of_times_only() {
    let [base, mut new] = sides(10, [1_000.0, 1_100.0]);
    for record in &mut new {
        record.measured.group_mut("all").counters.connections.failed += 2;
    }
    let measures = ["delivery.p99", "failed"].map(|name| Measure::parse(name).unwrap());
    let diff = diff(&named(&base), &named(&new), &measures, 1_000_000.0);
    let outcomes = diff.quantities.iter().map(|quantity| quantity.outcome);
    assert_eq!(
        outcomes.collect::<Vec<_>>(),
        [Outcome::BelowFloor, Outcome::Worse]
    );
}
