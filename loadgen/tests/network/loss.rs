//! Over a link that loses segments: what was repaired is told as repaired, and nobody is blamed for it.
//!
//! The trap (measuring 2.6): when a hole is filled, the kernel's stamp of the repaired bytes is that of newer ones which
//! had waited behind the hole. It is too early, and a tool that believes it calls itself late by the whole repair.

use crate::judging::{Figure, alone, is_full, judge};
use crate::link::Loses;
use crate::packet::Packet;
use crate::trip::Trip;
use crate::witness::{Event, TOLERANCE, Watched};
use loadgen::session::recorder::Class;
use memchr::memmem;
use run_record::metric::Metric;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

const ID: &[u8] = b"\nid: ";
/// Events of a connection before it pauses.
const PAUSE_AFTER: u64 = 20;

/// Which of its events a connection loses, counted from its first.
type Choice = fn(SocketAddr) -> u64;

/// Some other one for each connection.
fn one_of_ten(client: SocketAddr) -> u64 {
    10 + u64::from(client.port() % 10)
}

/// The last but one before the stream pauses: nothing that comes after it tells the sender of the second loss.
fn last_but_one(_: SocketAddr) -> u64 {
    PAUSE_AFTER - 2
}

/// Loses the segment of one event on each connection, and its first retransmission.
fn one_event_twice(choice: Choice) -> Loses {
    // The first event of each connection, and how often the chosen one was lost.
    let mut connections: HashMap<SocketAddr, (u64, u32)> = HashMap::new();
    Box::new(move |packet| {
        let Some(id) = memmem::find(packet.payload, ID) else {
            return false;
        };
        let digits = packet.payload[id + ID.len()..].split(|byte| *byte == b'\n');
        let digits = digits.into_iter().next().unwrap();
        let seq: u64 = std::str::from_utf8(digits).unwrap().parse().unwrap();
        let (first, times) = connections.entry(packet.destination).or_insert((seq, 0));
        let is_lost = seq == *first + choice(packet.destination) && *times < 2;
        *times += u32::from(is_lost);
        is_lost
    })
}

/// Loses one segment in a hundred, always the same ones.
fn one_in_a_hundred() -> Loses {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    Box::new(move |packet: &Packet<'_>| {
        // xorshift64 (Marsaglia, 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        !packet.payload.is_empty() && state.is_multiple_of(100)
    })
}

#[test]
#[ignore = "needs root, tcpdump and iproute2: ./scripts/test installs them"]
fn a_segment_lost_twice_is_reordered_and_not_generator_lag() {
    let _alone = alone();
    told_as_reordered("network: a segment lost twice", "", one_of_ten);
}

#[test]
#[ignore = "needs root, tcpdump and iproute2: ./scripts/test installs them"]
fn a_segment_lost_twice_before_a_pause_is_reordered_and_not_generator_lag() {
    let _alone = alone();
    let pause = format!("&mode=stall:600ms@{PAUSE_AFTER}");
    told_as_reordered(
        "network: a segment lost twice before a pause",
        &pause,
        last_but_one,
    );
}

fn told_as_reordered(criterion: &str, mode: &str, choice: Choice) {
    let count = 40;
    let trip = Trip {
        path: format!("/prices?interval=50ms&count={count}{mode}"),
        connections: if is_full() { 100 } else { 10 },
        // A repair takes a round trip: on a faster link the stamp can be right to within the tolerance.
        delay: Duration::from_millis(5),
    };
    judge(
        criterion,
        || trip.run(one_event_twice(choice)),
        |watched| {
            watched.assert_counts(u64::from(trip.connections) * count);
            let lost = lost(watched, choice);
            let is = |test: fn(&Event) -> bool| lost.iter().filter(|e| test(e)).count() as u32;
            let all = trip.connections;
            let mut figures = vec![
                Figure::equal("lost and repaired", is(|e| e.captured.repaired), all),
                Figure::equal(
                    "told as reordered",
                    is(|e| e.class == Class::Reordered),
                    all,
                ),
                Figure::equal(
                    "repair inside the interval",
                    is(|e| e.outside() <= TOLERANCE),
                    all,
                ),
            ];
            figures.extend(nobody_is_blamed(watched));
            figures
        },
    );
}

#[test]
#[ignore = "needs root, tcpdump and iproute2: ./scripts/test installs them"]
fn nothing_is_lost_for_good_where_one_segment_in_a_hundred_is() {
    let _alone = alone();
    let count = if is_full() { 400 } else { 100 };
    let trip = Trip {
        path: format!("/prices?interval=20ms&count={count}"),
        connections: 50,
        delay: Duration::from_millis(5),
    };
    judge(
        "network: 1 % of segments lost",
        || trip.run(one_in_a_hundred()),
        |watched| {
            watched.assert_counts(u64::from(trip.connections) * count);
            let counters = &watched.total.counters;
            let repaired = || watched.events.iter().filter(|e| e.captured.repaired);
            let inside = repaired().filter(|e| e.outside() <= TOLERANCE).count();
            let repaired = repaired().count() as f64;
            let early = |e: &&Event| e.arrival.latest.0 < e.written;
            let mut figures = vec![
                Figure::at_least(
                    "share of events repaired",
                    repaired / watched.events.len() as f64,
                    0.001,
                ),
                Figure::at_least(
                    "repairs inside the interval",
                    inside as f64 / repaired,
                    0.99,
                ),
                Figure::equal("lost", counters.events.lost, 0),
                Figure::equal("duplicated", counters.events.duplicated, 0),
                Figure::equal(
                    "arrived before they were written",
                    watched.events.iter().filter(early).count(),
                    0,
                ),
                Figure::at_least("capture inside the interval", watched.inside().0, 0.999),
            ];
            figures.extend(nobody_is_blamed(watched));
            figures
        },
    );
}

/// The generator is late by no more than it was: nothing that a repair took is in its lag.
fn nobody_is_blamed(watched: &Watched) -> Vec<Figure> {
    let lag = watched.total.histograms.get(Metric::GeneratorLag).unwrap();
    let arrivals = &watched.total.counters.arrivals;
    let stamped = arrivals.exact + arrivals.bounded;
    let really = watched.events.iter().map(|e| e.read - e.captured.at).max();
    // The histogram keeps three digits.
    let most = really.unwrap_or_default();
    vec![
        Figure::equal("samples of generator_lag", lag.len(), stamped),
        Figure::at_most(
            "generator_lag, longest",
            lag.max(),
            most + most / 1_000 + TOLERANCE,
        ),
    ]
}

/// The events that were lost, one of each connection.
fn lost(watched: &Watched, choice: Choice) -> Vec<&Event> {
    let mut first: HashMap<SocketAddr, u64> = HashMap::new();
    for event in &watched.events {
        let seq = first.entry(event.client).or_insert(event.seq);
        *seq = event.seq.min(*seq);
    }
    let is_lost = |event: &&Event| event.seq == first[&event.client] + choice(event.client);
    watched.events.iter().filter(is_lost).collect()
}
