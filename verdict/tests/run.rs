//! The verdict about a run, from records as a run leaves them.

use run_record::environment::Environment;
use run_record::metric::Metric;
use run_record::plan::PlanRecord;
use run_record::record::{Kind, Moment, RunRecord};
use run_record::self_check::{Check, CheckStatus};
use run_record::time::{Nanos, Wall};
use run_record::traces::TraceEvent;
use run_record::verdict::{Confidence, HoldBy, Reason, Verdict, Word};
use verdict::of_run;

const START: Wall = Wall(1_790_000_000_000_000_000);

/// Milliseconds after the request: when an event was sent, and when it came.
type Drop = (f64, f64);

fn at(ms: f64) -> Wall {
    START + Nanos((ms * 1e6) as u64)
}

/// Twenty connections; the first of them were followed, and saw this.
fn run(streams: &[Vec<Drop>], has_stamps: bool) -> RunRecord {
    let mut record = RunRecord::new(
        Kind::Run,
        START,
        PlanRecord::default(),
        Environment::default(),
    );
    record.ended = Moment::at(at(10_000.0));
    let group = record.measured.group_mut("all");
    group.counters.connections.opened = 20;
    group.counters.subscribers.started = 20;
    group.counters.subscribers.connected = 20;
    for (subscriber, drops) in streams.iter().enumerate() {
        let mut read = 0;
        for (number, &(sent, came)) in drops.iter().enumerate() {
            // What came at the same instant came with one read.
            read += u64::from(number > 0 && drops[number - 1].1 != came);
            let is_last = drops.get(number + 1).is_none_or(|next| next.1 != came);
            let group = record.measured.group_mut("all");
            group.counters.events.received += 1;
            if has_stamps {
                let transit = Nanos(((came - sent) * 1e6) as u64);
                group.histograms.record(Metric::Transit, transit);
            }
            let event = TraceEvent {
                number: number as u64,
                bytes: 120,
                earliest_us: at(if is_last { came } else { came - 0.5 }),
                latest_us: at(came),
                read_us: at(came),
                read,
                emitted_us: has_stamps.then(|| at(sent)),
                ..TraceEvent::default()
            };
            record.measured.traces.observe(subscriber as u64, 0, event);
        }
        let mut end = run_record::traces::Trace {
            subscriber: subscriber as u64,
            requested_us: Some(at(0.0)),
            head_us: Some(at(0.4)),
            end_us: Some(at(10_000.0)),
            end: Some("closed by us".to_owned()),
            ..Default::default()
        };
        end.events.clear();
        record.measured.traces.insert(end);
    }
    record
}

/// Fifty milliseconds apart, each so much later.
fn each(count: u64, late: impl Fn(u64) -> f64) -> Vec<Drop> {
    let drop = |number: u64| {
        let sent = 10.0 + 50.0 * number as f64;
        (sent, sent + late(number))
    };
    (0..count).map(drop).collect()
}

/// In groups of so many.
fn grouped(count: u64, group: u64) -> Vec<Drop> {
    let sent = |number: u64| 10.0 + 50.0 * number as f64;
    let drop = |number: u64| (sent(number), sent(number / group * group + group - 1) + 0.7);
    (0..count / group * group).map(drop).collect()
}

fn live() -> Vec<Drop> {
    each(100, |number| 0.5 + (number * 7 % 10) as f64 / 10.0)
}

fn five(drops: &[Drop]) -> Vec<Vec<Drop>> {
    vec![drops.to_vec(); 5]
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict
        .findings
        .iter()
        .map(|finding| &*finding.code)
        .collect()
}

#[test]
fn streams_that_are_handed_on_as_written_are_live() {
    let verdict = of_run(&run(&five(&live()), true));
    assert_eq!(
        (verdict.word, verdict.confidence),
        (Word::Live, Confidence::High),
        "{verdict:#?}"
    );
    assert_eq!(
        verdict.evidence[0],
        "5 of 20 streams followed event by event, 500 events"
    );
    assert!(verdict.not_tested[0].contains("15 streams"), "{verdict:#?}");
    let foreign = of_run(&run(&five(&live()), false));
    assert_eq!(
        (foreign.word, foreign.confidence),
        (Word::Live, Confidence::Medium)
    );
}

#[test]
fn groups_are_batched_and_by_which_rule_is_not_said() {
    let verdict = of_run(&run(&five(&grouped(120, 8)), true));
    assert_eq!(
        (verdict.word, verdict.confidence),
        (Word::Batched, Confidence::High),
        "{verdict:#?}"
    );
    let hold = verdict.hold.as_ref().expect("it is held");
    assert_eq!(
        (hold.by, hold.events, hold.bytes),
        (HoldBy::SizeOrTime, Some(8), None)
    );
    assert!(verdict.causes.is_empty());
    assert!(codes(&verdict).contains(&"run.next"));
    let foreign = of_run(&run(&five(&grouped(120, 8)), false));
    assert_eq!(
        (foreign.word, foreign.confidence),
        (Word::Batched, Confidence::Medium)
    );
}

/// A server that has more to do than it can is late; it holds nothing back.
#[test]
fn a_loaded_server_is_late_and_not_batched() {
    let late = each(150, |number| 3.0 + (number * 7_919 % 43) as f64);
    let verdict = of_run(&run(&five(&late), true));
    assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
    assert_eq!(verdict.confidence, Confidence::Medium);
    assert!(
        verdict.gloss.contains("late under this load"),
        "{verdict:#?}"
    );
}

/// As late as a gap or more is what one behind looks like, however uneven it is under load.
#[test]
fn a_lateness_that_a_hold_would_explain_is_not_live() {
    let late = each(150, |number| 45.0 + (number * 7_919 % 43) as f64);
    let verdict = of_run(&run(&five(&late), true));
    assert_ne!(verdict.word, Word::Live, "{verdict:#?}");
}

#[test]
fn few_that_are_cut_stand_beside_and_many_in_the_headline() {
    let mut record = run(&five(&live()), true);
    let counters = &mut record.measured.group_mut("all").counters;
    counters.connections.opened = 5_000;
    counters.ends.reset = 2;
    let verdict = of_run(&record);
    assert_eq!(verdict.word, Word::Live);
    assert_eq!(verdict.gloss, "LIVE on 4,998 connections, CUT on 2");
    assert_eq!(codes(&verdict), ["cut.truncated"]);
    record.measured.group_mut("all").counters.ends.truncated = 48;
    let verdict = of_run(&record);
    assert_eq!(
        (verdict.word, verdict.confidence),
        (Word::Cut, Confidence::High)
    );
    assert_eq!(verdict.gloss, "LIVE on 4,950 connections, CUT on 50");
}

#[test]
fn streams_that_differ_are_counted_and_prove_less() {
    let mut streams = five(&live());
    streams[3] = grouped(120, 8);
    streams[4] = grouped(120, 8);
    let verdict = of_run(&run(&streams, true));
    assert_eq!(
        (verdict.word, verdict.confidence),
        (Word::Live, Confidence::Medium)
    );
    assert_eq!(
        verdict.gloss,
        "of 5 streams followed: LIVE on 3, BATCHED on 2"
    );
}

/// Those that were followed were the first, and may have been the lucky ones.
#[test]
fn live_streams_among_late_ones_are_no_proof() {
    let mut record = run(&five(&live()), true);
    let histograms = &mut record.measured.group_mut("all").histograms;
    for _ in 0..5_000 {
        histograms.record(Metric::Transit, Nanos::from_millis(400));
    }
    assert_eq!(of_run(&record).confidence, Confidence::Medium);
}

#[test]
fn connections_without_a_response_are_told() {
    let mut record = run(&five(&live()), true);
    let counters = &mut record.measured.group_mut("all").counters;
    counters.subscribers.started = 100;
    let verdict = of_run(&record);
    let finding = &verdict.findings[0];
    assert_eq!(finding.code, "streams.limit");
    assert!(
        finding
            .text
            .contains("20 of 100 connections were served; 80 waited"),
        "{}",
        finding.text
    );
}

#[test]
fn what_cannot_be_told_is_inconclusive_and_what_this_machine_spoiled_invalid() {
    let few = of_run(&run(&five(&each(3, |_| 0.5)), true));
    assert_eq!(
        (few.word, few.reason),
        (Word::Inconclusive, Some(Reason::FewEvents))
    );
    let silent = of_run(&run(&[], true));
    assert_eq!(
        (silent.word, silent.reason),
        (Word::Inconclusive, Some(Reason::Silence))
    );
    let mut record = run(&five(&live()), true);
    let broken = Check::at_most(2.0, 1.0, "us", CheckStatus::Invalid);
    record.self_check.observe("schedule_lag.p99", broken);
    assert_eq!(of_run(&record).word, Word::Invalid);
    record.self_check = Default::default();
    record.measured.group_mut("all").counters.connections.opened = 0;
    assert_eq!(of_run(&record).word, Word::NoStream);
}

/// Reads that came after a long sleep: several events in one prove nothing where nobody had looked.
#[test]
fn what_a_late_worker_read_together_is_not_batched() {
    let mut record = run(&[], true);
    record.measured.group_mut("all").counters.events.received = 120;
    for number in 0..120_u64 {
        let sent = 10.0 + 50.0 * number as f64;
        let group_end = 10.0 + 50.0 * (number / 8 * 8 + 7) as f64 + 0.7;
        let is_last = number % 8 == 7;
        record.measured.traces.observe(
            0,
            0,
            TraceEvent {
                number,
                bytes: 120,
                earliest_us: at(if is_last {
                    group_end
                } else {
                    group_end - 360.0
                }),
                latest_us: at(group_end),
                read_us: at(group_end),
                read: number / 8,
                emitted_us: Some(at(sent)),
                ..TraceEvent::default()
            },
        );
    }
    let verdict = of_run(&record);
    assert!(
        !matches!(verdict.word, Word::Batched | Word::Buffered),
        "{verdict:#?}"
    );
}
