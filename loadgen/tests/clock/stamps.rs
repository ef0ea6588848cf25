//! A third witness of arrivals: the kernel's own send stamps, which neither program takes.

use crate::gate::{alone, is_full, tell, us};
use crate::support::{plan, run_with, truth};
use loadgen::engine::Instrument;
use loadgen::plan::{Load, Plan};
use loadgen::session::recorder::Class;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;
use target_server::{Config, Server, StreamTruth};

/// One event on its way to one subscriber, in nanoseconds of the one clock of this machine.
#[derive(Clone, Copy)]
struct Journey {
    written: u64,
    sent: u64,
    acked: u64,
}

#[test]
fn criterion_11_an_exact_arrival_lies_between_the_write_and_the_acknowledgement() {
    let _alone = alone();
    let (connections, events) = if is_full() { (50, 2_000) } else { (20, 200) };
    let server = Server::start(Config {
        control: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        kernel_stamps: true,
        ..Config::default()
    })
    .unwrap();
    let path = format!("/prices?interval=5ms&count={events}");
    let plan = plan(server.local_addr().unwrap(), &path, connections);
    let hold = Duration::from_secs(120);
    let plan = Plan {
        load: Load { hold, ..plan.load },
        ..plan
    };
    let tap = Instrument {
        tap: true,
        ..Instrument::default()
    };
    let outcome = run_with(plan, tap);
    let journeys = journeys(&truth(&server, "t1"));
    let total = connections as usize * events;
    // Without two stamps are events that left in one segment with a later one, and those that nobody had acknowledged
    // when the stream ended.
    let stamped = journeys.len();
    tell(
        "11",
        "events with both send stamps",
        format!("{stamped} of {total}"),
        ">= 99 %",
    );
    assert!(stamped * 100 >= total * 99, "{stamped} of {total}");

    let numbers = outcome
        .tapped
        .streams
        .iter()
        .map(|(subscriber, stream, id)| {
            let number = id.rsplit('-').next().unwrap().parse().unwrap();
            ((*subscriber, *stream), number)
        });
    let numbers: HashMap<(u32, u32), u64> = numbers.collect();
    let mut exact = 0;
    let mut astray = Vec::new();
    for event in outcome
        .tapped
        .events
        .iter()
        .filter(|event| event.class == Class::Exact)
    {
        let subscriber = numbers[&(event.subscriber, event.stream)];
        let Some(journey) = journeys.get(&(subscriber, event.seq.unwrap())) else {
            continue;
        };
        exact += 1;
        let arrival = event.arrival.latest.0;
        if arrival < journey.written || journey.acked < arrival {
            astray.push((journey.written, arrival, journey.acked));
        }
    }
    let what = "exact arrivals between write and acknowledgement";
    tell(
        "11",
        what,
        format!("{} of {exact}", exact - astray.len()),
        "all",
    );
    assert!(exact > total / 2, "{exact} of {total} arrivals are exact");
    assert_eq!(astray, [], "(written, arrival, acknowledged)");
}

#[test]
fn criterion_11_the_kernel_sends_after_the_write_and_hears_after_it_sent() {
    let _alone = alone();
    let events = if is_full() { 10_000 } else { 500 };
    let server = Server::start(Config {
        control: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        kernel_stamps: true,
        ..Config::default()
    })
    .unwrap();
    let path = format!("/prices?interval=2ms&count={events}");
    run_with(
        plan(server.local_addr().unwrap(), &path, 2),
        Instrument::default(),
    );
    let journeys = journeys(&truth(&server, "t1"));
    let in_order =
        |journey: &&Journey| journey.written <= journey.sent && journey.sent <= journey.acked;
    let ordered = journeys.values().filter(in_order).count();
    let all = journeys.len();
    tell(
        "11",
        "written <= SND <= ACK",
        format!("{ordered} of {all}"),
        "all",
    );
    for (what, time) in [
        (
            "SND after the write, p50",
            median(&journeys, |journey| journey.sent),
        ),
        (
            "ACK after the write, p50",
            median(&journeys, |journey| journey.acked),
        ),
    ] {
        tell("11", what, us(time), "told only");
    }
    assert!(
        all >= events,
        "{all} of {} events have both stamps",
        2 * events
    );
    assert_eq!(ordered, all);
}

/// The events that have both stamps, by subscriber and number.
fn journeys(truth: &StreamTruth) -> HashMap<(u64, u64), Journey> {
    let mut journeys = HashMap::new();
    for subscriber in &truth.subscribers {
        let writes = subscriber.writes.as_ref().expect("they were asked for");
        assert_eq!(
            writes.len(),
            subscriber.kernel.len(),
            "each write has its entry"
        );
        for (&(seq, _, written), &(of, sent, acked)) in writes.iter().zip(&subscriber.kernel) {
            assert_eq!(seq, of);
            if let (Some(sent), Some(acked)) = (sent, acked) {
                let journey = Journey {
                    written,
                    sent,
                    acked,
                };
                journeys.insert((subscriber.id, seq), journey);
            }
        }
    }
    journeys
}

fn median(journeys: &HashMap<(u64, u64), Journey>, time: impl Fn(&Journey) -> u64) -> u64 {
    let mut values: Vec<u64> = journeys
        .values()
        .map(|journey| time(journey).saturating_sub(journey.written))
        .collect();
    values.sort_unstable();
    values[values.len() / 2]
}
