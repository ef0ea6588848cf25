//! The three witnesses on loopback: the arrivals that loadgen states are those of the packets.

use crate::capture::Capture;
use crate::judging::{Figure, alone, is_full, judge};
use crate::support::{plan, target};
use crate::witness::{Event, TOLERANCE, Watched, log_of, quantile, watch};
use loadgen::session::recorder::Class;

const US: u64 = 1_000;

fn run(path: &str, connections: u32) -> Watched {
    let server = target();
    let address = server.local_addr().unwrap();
    let capture = Capture::begin("lo", address);
    watch(plan(address, path, connections), capture, || {
        log_of(&server)
    })
}

#[test]
#[ignore = "needs root and tcpdump: ./scripts/test installs it"]
fn criterion_5_packet_capture_agrees() {
    let _alone = alone();
    let run = || run("/prices?interval=20ms&count=250", 20);
    judge("criterion 5: packet capture", run, |watched| {
        watched.assert_counts(5_000);
        let exact = watched.of_class(Class::Exact);
        let apart = |q| quantile(exact.iter().map(|event| event.apart()), q);
        vec![
            Figure::at_least("share of exact arrivals", exact.len() as f64 / 5_000.0, 0.9),
            Figure::at_most("arrival - capture p50", apart(0.5), 2 * US),
            Figure::at_most("arrival - capture p99", apart(0.99), 50 * US),
            Figure::at_least("capture inside the interval", watched.inside().0, 0.999),
        ]
    });
}

#[test]
#[ignore = "needs root and tcpdump: ./scripts/test installs it"]
fn two_witnesses_agree_on_100000_events() {
    let _alone = alone();
    let (connections, count) = if is_full() { (500, 200) } else { (200, 50) };
    let expected = u64::from(connections) * count;
    let path = format!("/prices?interval=50ms&count={count}");
    let criterion = format!("two witnesses, {expected} events");
    judge(
        &criterion,
        || run(&path, connections),
        |watched| {
            watched.assert_counts(expected);
            let all = || watched.events.iter();
            let before = |e: &Event| e.captured.at + TOLERANCE < e.written;
            let after = |e: &Event| e.captured.at > e.arrival.latest.0;
            let delay = |q| quantile(all().map(|e| e.captured.at.saturating_sub(e.written)), q);
            vec![
                Figure::equal(
                    "captured before it was written",
                    all().filter(|e| before(e)).count(),
                    0,
                ),
                Figure::equal(
                    "captured after it had arrived",
                    all().filter(|e| after(e)).count(),
                    0,
                ),
                Figure::at_most("capture - written p50", delay(0.5), 100 * US),
                Figure::at_least("capture inside the interval", watched.inside().0, 0.999),
            ]
        },
    );
}
