//! Over a link: what it takes longer is told as longer, and a large event arrives with its last segment.

use crate::judging::{Figure, alone, judge};
use crate::link::Loses;
use crate::trip::Trip;
use crate::witness::{Watched, quantile};
use loadgen::session::recorder::Class;
use run_record::metric::Metric;
use std::time::Duration;

const US: u64 = 1_000;
const MS: u64 = 1_000_000;

fn nothing_is_lost() -> Loses {
    Box::new(|_| false)
}

#[test]
#[ignore = "needs root, tcpdump and iproute2: ./scripts/test installs them"]
fn a_link_of_20_ms_is_20_ms_of_transit() {
    let _alone = alone();
    let delay = Duration::from_millis(20);
    let trip = Trip {
        path: "/prices?interval=50ms&count=60".to_owned(),
        connections: 20,
        delay,
    };
    judge(
        "network: delay of 20 ms",
        || trip.run(nothing_is_lost()),
        |watched| {
            watched.assert_counts(20 * 60);
            let transit = watched.total.histograms.get(Metric::Transit).unwrap();
            let really = quantile(watched.events.iter().map(|e| e.written - e.emitted), 0.5);
            let expected = really + 20 * MS;
            let told = transit.value_at_quantile(0.5);
            let mut figures = agreement(watched);
            let apart = told.abs_diff(expected);
            figures.push(Figure::at_most("transit - truth p50", apart, MS));
            figures
        },
    );
}

#[test]
#[ignore = "needs root, tcpdump and iproute2: ./scripts/test installs them"]
fn an_event_of_4000_bytes_arrives_with_its_last_segment() {
    let _alone = alone();
    let trip = Trip {
        path: "/prices?interval=50ms&count=60&size=4000".to_owned(),
        connections: 20,
        delay: Duration::ZERO,
    };
    judge(
        "network: events over MTU 1500",
        || trip.run(nothing_is_lost()),
        |watched| {
            watched.assert_counts(20 * 60);
            let cut_up = watched.events.iter().filter(|e| e.captured.segments >= 3);
            let mut figures = agreement(watched);
            let share = cut_up.count() as f64 / watched.events.len() as f64;
            figures.push(Figure::at_least("events in three segments", share, 1.0));
            figures
        },
    );
}

/// As on loopback (criterion 5).
fn agreement(watched: &Watched) -> Vec<Figure> {
    let exact = watched.of_class(Class::Exact);
    let apart = |q| quantile(exact.iter().map(|event| event.apart()), q);
    let share = exact.len() as f64 / watched.events.len() as f64;
    vec![
        Figure::at_least("share of exact arrivals", share, 0.9),
        Figure::at_most("arrival - capture p50", apart(0.5), 2 * US),
        Figure::at_most("arrival - capture p99", apart(0.99), 50 * US),
        Figure::at_least("capture inside the interval", watched.inside().0, 0.999),
    ]
}
