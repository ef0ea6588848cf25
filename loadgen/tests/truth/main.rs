//! Times, against the truth log: what loadgen says about an event and what the server really did with it.
//!
//! A test binary of its own, one test at a time: other tests beside it would be load on the same cores. The machine
//! may be busy all the same; how many tries a criterion took is printed.
#![cfg(test)]

#[path = "../engine/support.rs"]
#[expect(dead_code, reason = "the tests of the engine use the rest of it")]
mod support;

use loadgen::engine::{Instrument, Outcome};
use loadgen::session::recorder::Class;
use run_record::metric::Metric;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use support::{plan, run_with, target, total, truth};
use target_server::{Server, StreamTruth};

const MS: u64 = 1_000_000;
const TRIES: u32 = 10;

/// Held by the test that is running.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One event that both sides know, in nanoseconds.
struct Witnessed {
    due: u64,
    written: u64,
    /// The latest instant at which it can have arrived; the only one, if it is exact.
    arrival: u64,
    exact: bool,
    read: u64,
}

/// Joins what was received with what was written, by the request id of the stream and the number of the event.
fn witnessed(outcome: &Outcome, truth: &StreamTruth) -> Vec<Witnessed> {
    let due: HashMap<u64, u64> = truth
        .events
        .iter()
        .map(|event| (event.seq, event.due))
        .collect();
    let mut written = HashMap::new();
    for subscriber in &truth.subscribers {
        for (seq, _, at) in subscriber.writes.as_ref().unwrap() {
            written.insert((subscriber.id, *seq), *at);
        }
    }
    let ids: HashMap<(u32, u32), u64> = outcome
        .tapped
        .streams
        .iter()
        .map(|(subscriber, stream, id)| {
            (
                (*subscriber, *stream),
                id.rsplit('-').next().unwrap().parse().unwrap(),
            )
        })
        .collect();
    let events = outcome.tapped.events.iter().map(|event| {
        let seq = event.seq.unwrap();
        Witnessed {
            due: due[&seq],
            written: written[&(ids[&(event.subscriber, event.stream)], seq)],
            arrival: event.arrival.latest.0,
            exact: event.class == Class::Exact,
            read: event.read.0,
        }
    });
    events.collect()
}

fn run(
    server: &Server,
    path: &str,
    connections: u32,
    work_per_event: Duration,
) -> (Outcome, Vec<Witnessed>) {
    let instrument = Instrument {
        tap: true,
        work_per_event,
        ..Instrument::default()
    };
    let outcome = run_with(
        plan(server.local_addr().unwrap(), path, connections),
        instrument,
    );
    let truth = truth(server, "t1");
    let events = witnessed(&outcome, &truth);
    assert_eq!(
        events.len() as u64,
        truth
            .subscribers
            .iter()
            .map(|subscriber| subscriber.events)
            .sum::<u64>()
    );
    (outcome, events)
}

fn quantile(values: impl Iterator<Item = u64>, q: f64) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values[((values.len() as f64 * q).ceil() as usize).clamp(1, values.len()) - 1]
}

/// Tries until the criterion holds; the last failure is the answer if it never does.
fn until_quiet(name: &str, mut criterion: impl FnMut() -> Result<String, String>) {
    let mut failures = Vec::new();
    for attempt in 1..=TRIES {
        match criterion() {
            Ok(measured) => return println!("{name}: {measured} (try {attempt})"),
            Err(why) => failures.push(why),
        }
    }
    panic!("{name}: not once in {TRIES} tries: {failures:#?}");
}

/// Criterion 1 of the accuracy suite, for one kind of injected delay.
fn delivery_agrees(mode: &str) -> Result<String, String> {
    let server = target();
    let path = format!("/prices?interval=50ms&count=60&mode={mode}");
    let (outcome, events) = run(&server, &path, 200, Duration::ZERO);
    let total = total(&outcome);
    let delivery = total.histograms.get(Metric::Delivery).unwrap();
    let mut apart = Vec::new();
    for (q, most) in [(0.5, MS / 5), (0.99, MS)] {
        let told = delivery.value_at_quantile(q);
        let really = quantile(events.iter().map(|event| event.written - event.due), q);
        // The histogram keeps three digits: 0.1 % of the value is its own step.
        if told.abs_diff(really) > most + really / 1000 {
            return Err(format!(
                "{mode} p{}: told {told} ns, was {really} ns",
                q * 100.0
            ));
        }
        apart.push(told.abs_diff(really));
    }
    Ok(format!(
        "{mode}: apart {} ns at p50, {} ns at p99",
        apart[0], apart[1]
    ))
}

#[test]
fn delivery_agrees_with_the_truth_under_injected_delays() {
    let _alone = alone();
    for mode in ["delay:50ms", "delay:10ms,200ms"] {
        until_quiet("delivery", || delivery_agrees(mode));
    }
}

#[test]
fn no_event_arrives_before_it_was_written() {
    let _alone = alone();
    let server = target();
    let (_, events) = run(
        &server,
        "/prices?interval=20ms&count=50",
        100,
        Duration::ZERO,
    );
    let early: Vec<u64> = events
        .iter()
        .filter(|event| event.arrival < event.written)
        .map(|event| event.written - event.arrival)
        .collect();
    assert!(
        early.is_empty(),
        "{} of {} events, the worst by {:?} ns",
        early.len(),
        events.len(),
        early.iter().max()
    );
}

/// Criterion 3: whatever the generator does with an event, the arrival is the kernel's.
#[test]
fn the_slowness_of_the_generator_is_not_charged_to_the_server() {
    let _alone = alone();
    let work = Duration::from_micros(100);
    until_quiet("slow generator", || {
        let server = target();
        let (outcome, events) = run(&server, "/prices?interval=200ms&count=25", 500, work);
        let exact: Vec<&Witnessed> = events.iter().filter(|event| event.exact).collect();
        assert!(
            exact.len() * 10 > events.len() * 9,
            "{} of {} are exact",
            exact.len(),
            events.len()
        );
        let really = quantile(
            exact.iter().map(|event| event.arrival - event.written),
            0.99,
        );
        let naive = quantile(exact.iter().map(|event| event.read - event.written), 0.5);
        let lag = total(&outcome)
            .histograms
            .get(Metric::GeneratorLag)
            .unwrap()
            .value_at_quantile(0.5);
        // 250 events of a tick wait for each other in one of the two workers, 100 us each.
        assert!(
            naive > 5 * MS && lag > 5 * MS,
            "the generator was not slow: {naive} ns, lag {lag} ns"
        );
        if really > MS / 10 {
            return Err(format!("arrival - written p99 {really} ns"));
        }
        Ok(format!(
            "arrival - written p99 {really} ns, read - written p50 {naive} ns, generator_lag p50 {lag} ns"
        ))
    });
}
