//! Criterion 11, end to end: what a run says of one-way times when the server's clock is not this machine's.

use crate::gate::{alone, is_full, tell, us};
use crate::invocation::Invocation;
use crate::server::{MS, really_at, skewed};
use crate::support;
use loadgen::plan::ServerClock;
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::offset::Basis;
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use run_record::time::Nanos;
use std::collections::HashMap;
use std::time::Duration;
use target_server::Server;

/// Record and traces keep instants to the whole microsecond: a difference of two is off by less than two.
const RECORD_STEP: u64 = 2_000;
/// A histogram keeps three digits.
const HISTOGRAM_STEP: u64 = 1_000;

/// How often a run is made at most that says itself that this machine was not quiet.
const TRIES: u32 = 5;

/// A run of four subscribers, of as many events that all of them are traced.
fn run(server: &Server, options: &[&str], length: &str, interval: &str) -> RunRecord {
    let address = server.local_addr().unwrap();
    let invocation = Invocation::of(format!("http://{address}/prices?interval={interval}"));
    let always = ["-c", "4", "--for", length];
    let arguments = [&always, options].concat();
    let mut ended = invocation.run(&arguments);
    for _ in 1..TRIES {
        let record = ended.record.as_ref().expect("the record is written");
        if record.self_check.status() == CheckStatus::Ok {
            break;
        }
        println!("this machine was away, once more");
        ended = invocation.run(&arguments);
    }
    ended.assert_judged(0, &[]).clone()
}

/// For each traced event what the record takes for its send time and when it arrived, beside when it was really sent.
fn sent_and_arrived(record: &RunRecord, server: &Server) -> Vec<(u64, u64, u64)> {
    let truth = support::truth(server, "t1");
    let really: HashMap<u64, u64> = truth
        .events
        .iter()
        .map(|event| (event.seq, really_at(server, event.emitted)))
        .collect();
    let traces = record.measured.traces.iter();
    traces
        .flat_map(|trace| &trace.events)
        .map(|event| {
            let told = event.emitted_us.expect("it says when it was sent").0;
            let seq = event.sequence.expect("it is numbered");
            (told, really[&seq], event.latest_us.0)
        })
        .collect()
}

#[test]
fn criterion_11_a_run_corrects_the_clock_of_another_host() {
    let _alone = alone();
    let server = skewed(37 * MS, 50);
    let clock = format!("http://{}/clock", server.control_addr().unwrap());
    let (length, interval) = if is_full() {
        ("60s", "100ms")
    } else {
        ("4s", "20ms")
    };
    let record = run(&server, &["--clock", &clock], length, interval);
    let known = record.clock.as_ref().expect("the clock was followed");
    assert_eq!(known.basis, Basis::Measured);
    let bound = known.bound_us.expect("it has a bound").0;
    let events = sent_and_arrived(&record, &server);
    let total = record.total();
    let counters = total.counters.events;
    let timed = total.histograms.count(Metric::Transit);
    assert_eq!(events.len() as u64, timed + counters.untimed);

    let off = events
        .iter()
        .map(|(told, really, _)| told.abs_diff(*really));
    let off = off.max().expect("events came");
    let what = "run, 37 ms and 50 ppm: send time of an event, apart from the truth";
    tell("11", what, us(off), format!("<= its bound, {}", us(bound)));
    assert!(off <= bound + RECORD_STEP, "{off} ns, bound {bound} ns");

    let transit = total
        .histograms
        .get(Metric::Transit)
        .expect("it was measured");
    let mut really: Vec<u64> = events
        .iter()
        .map(|(_, sent, arrived)| arrived - sent)
        .collect();
    really.sort_unstable();
    // On a machine that was never quiet some have no time, and which is not told: the others are no sample of all.
    let quantiles = [("p50", 0.5), ("p90", 0.9)];
    let quantiles = quantiles.into_iter().filter(|_| counters.untimed == 0);
    for (name, q) in quantiles {
        let told = transit.value_at_quantile(q);
        let really = really[(really.len() as f64 * q).ceil() as usize - 1];
        let off = told.abs_diff(really);
        let what = format!("run, 37 ms and 50 ppm: transit {name}, apart from the truth");
        tell("11", &what, us(off), format!("<= its bound, {}", us(bound)));
        assert!(
            off <= bound + RECORD_STEP + really / HISTOGRAM_STEP,
            "{name}: {told} ns, really {really} ns, bound {bound} ns"
        );
    }
    assert_eq!((counters.before_sent, counters.without_clock), (0, 0));
}

/// What a server 37 ms ahead yields in process, by what is known of its clock.
fn measured(server_clock: ServerClock) -> Group {
    let server = skewed(37 * MS, 0);
    let address = server.local_addr().unwrap();
    let mut plan = support::plan(address, "/prices?interval=10ms&count=20", 3);
    plan.load.ramp = Duration::ZERO;
    plan.server_clock = server_clock;
    support::total(&support::run(plan))
}

#[test]
fn criterion_11_times_of_an_unknown_clock_are_refused() {
    let _alone = alone();
    let total = measured(ServerClock::Unknown);
    let events = total.counters.events;
    let told = total.histograms.count(Metric::Delivery) + total.histograms.count(Metric::Transit);
    tell("11", "unknown clock: one-way times told", told, "0");
    assert_eq!((events.received, events.without_clock), (60, 60));
    assert_eq!((told, events.before_sent), (0, 0));
    let spread = total.histograms.count(Metric::FanoutSpread);
    assert!(spread > 0, "it needs no clock of the server");
}

#[test]
fn what_lies_within_the_bound_is_not_before_it_was_sent() {
    let _alone = alone();
    let before = |bound| {
        let clock = ServerClock::within(Nanos::from_millis(bound));
        measured(clock).counters.events.before_sent
    };
    assert_eq!(before(1_000), 0);
    assert!(before(1) > 0, "37 ms are not within 1 ms");
}

#[test]
fn a_server_that_does_not_tell_its_clock_is_refused_where_it_was_named() {
    let server = skewed(0, 0);
    let address = server.local_addr().unwrap();
    let invocation = Invocation::of(format!("http://{address}/prices"));
    let named = format!("http://{address}/healthz");
    let ended = invocation.run(&["--clock", &named]);
    ended.assert_refused(3, &[named.as_str(), "no clock", "\"t2\""]);
    let ended = invocation.run(&["--clock", &format!("http://{address}/nothing")]);
    ended.assert_refused(3, &["answered 404"]);
}

#[test]
fn clocks_that_are_said_to_agree_are_believed_within_the_bound() {
    let _alone = alone();
    let server = skewed(0, 0);
    let record = run(&server, &["--assume-synced", "400us"], "1s", "20ms");
    let known = record.clock.as_ref().expect("it was said");
    assert_eq!(known.basis, Basis::Assumed);
    assert_eq!(known.bound_us, Some(Nanos::from_micros(400)));
    let server = skewed(0, 0);
    let record = run(&server, &[], "1s", "20ms");
    assert_eq!(record.clock.expect("it is known").basis, Basis::SameHost);
}
