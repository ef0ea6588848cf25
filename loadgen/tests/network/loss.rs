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

/// The event that a connection loses: some other one for each.
fn lost_of(client: SocketAddr) -> u64 {
    10 + u64::from(client.port() % 10)
}

/// Loses the segment of one event on each connection, and its first retransmission.
fn one_event_twice() -> Loses {
    let mut lost: HashMap<SocketAddr, u32> = HashMap::new();
    Box::new(move |packet| {
        let id = format!("\nid: {}\n", lost_of(packet.destination));
        let has_it = memmem::find(packet.payload, id.as_bytes()).is_some();
        let times = lost.entry(packet.destination).or_default();
        *times += u32::from(has_it);
        has_it && *times <= 2
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

fn connections() -> u32 {
    if is_full() { 100 } else { 10 }
}

#[test]
#[ignore = "needs root, tcpdump and iproute2: ./scripts/test installs them"]
fn a_segment_lost_twice_is_reordered_and_not_generator_lag() {
    let _alone = alone();
    let count = 40;
    let trip = Trip {
        path: format!("/prices?interval=50ms&count={count}"),
        connections: connections(),
        delay: Duration::ZERO,
    };
    judge(
        "network: a segment lost twice",
        || trip.run(one_event_twice()),
        |watched| {
            watched.assert_counts(u64::from(trip.connections) * count);
            let lost: Vec<&Event> = watched.events.iter().filter(|e| is_lost(e)).collect();
            let is = |test: fn(&Event) -> bool| lost.iter().filter(|e| test(e)).count() as u32;
            let mut figures = vec![
                Figure::equal(
                    "lost events repaired",
                    is(|e| e.captured.repaired),
                    trip.connections,
                ),
                Figure::equal(
                    "lost events told as reordered",
                    is(|e| e.class == Class::Reordered),
                    trip.connections,
                ),
                Figure::equal(
                    "repair inside the interval",
                    is(|e| e.outside() <= TOLERANCE),
                    trip.connections,
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
        delay: Duration::ZERO,
    };
    judge(
        "network: 1 % of segments lost",
        || trip.run(one_in_a_hundred()),
        |watched| {
            watched.assert_counts(u64::from(trip.connections) * count);
            let counters = &watched.total.counters;
            let repaired = watched.events.iter().filter(|e| e.captured.repaired);
            let early = |e: &&Event| e.arrival.latest.0 < e.written;
            let mut figures = vec![
                Figure::at_least(
                    "share of events repaired",
                    repaired.count() as f64 / watched.events.len() as f64,
                    0.001,
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

fn is_lost(event: &Event) -> bool {
    event.seq == lost_of(event.client)
}
