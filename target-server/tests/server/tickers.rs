//! Who shares a ticker, when it stops, and how its numbers go on.

use target_server::{Config, Server};

use crate::client::{get, json_when, server, truth, truth_when};

#[test]
fn equal_parameters_share_a_ticker_and_every_byte_of_its_events() {
    let server = server();
    let mut one = get(&server, "/prices?interval=5ms");
    let mut two = get(
        &server,
        "/prices?interval=5ms&seed=1&retry=5&count=100&mode=late-head",
    );
    let (head, other) = (one.head(), two.head());
    assert_eq!(head.field("x-stream"), other.field("x-stream"));
    assert_ne!(head.field("x-subscriber"), other.field("x-subscriber"));
    assert_eq!(two.chunk().unwrap(), b"retry: 5\n\n");
    let theirs = two.event();
    let ours = loop {
        let event = one.event();
        if event.seq() >= theirs.seq() {
            break event;
        }
    };
    assert_eq!(ours, theirs);
}

#[test]
fn other_parameters_mean_another_ticker() {
    let server = server();
    let stream = |query: &str| {
        let head = get(&server, &format!("/prices?{query}")).head();
        head.field("x-stream").unwrap().to_owned()
    };
    let streams = [
        "interval=1s",
        "interval=2s",
        "size=500",
        "seed=2",
        "burst=2",
        "jitter=exp",
        "heartbeat=1s",
    ];
    let mut names: Vec<_> = streams.iter().map(|query| stream(query)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), streams.len());
}

#[test]
fn a_private_ticker_starts_at_one_with_the_subscription() {
    let server = server();
    let mut shared = get(&server, "/prices?interval=5ms");
    shared.head();
    for _ in 0..3 {
        shared.event();
    }
    let mut private = get(&server, "/prices?interval=5ms&private=1");
    let head = private.head();
    let event = private.event();
    assert_eq!(event.seq(), 1);
    let truth = truth(&server, head.field("x-stream").unwrap());
    assert_eq!(truth.subscribers.len(), 1);
    // It is due one interval after the pacer took the subscription, which the worker opened a moment later.
    assert!(event.due() < truth.subscribers[0].opened + 5_000_000);
}

#[test]
fn a_late_joiner_gets_count_events_from_where_the_ticker_is() {
    let server = server();
    let mut early = get(&server, "/prices?interval=5ms");
    early.head();
    let seen = (0..5).map(|_| early.event().seq()).last().unwrap();
    let mut late = get(&server, "/prices?interval=5ms&count=3");
    late.head();
    let first = late.event().seq();
    assert!(first > seen);
    assert_eq!(
        [late.event().seq(), late.event().seq()],
        [first + 1, first + 2]
    );
    assert_eq!(late.chunk(), None);
}

#[test]
fn without_subscribers_it_stops_and_its_numbers_go_on_later() {
    let server = server();
    let mut client = get(&server, "/prices?interval=1ms");
    client.head();
    client.event();
    drop(client);
    let stopped = json_when(&server, "/truth", |list| {
        list["streams"][0]["subscribers"] == 0
    });
    let emitted = stopped["streams"][0]["events"].as_u64().unwrap();
    let mut again = get(&server, "/prices?interval=1ms");
    assert_eq!(again.head().field("x-stream"), Some("t1"));
    let event = again.event();
    assert_eq!(
        event.seq(),
        emitted + 1,
        "nothing was emitted while nobody listened"
    );
    let subscribers = truth(&server, "t1").subscribers;
    assert!(
        event.due() > subscribers[0].closed.unwrap(),
        "the schedule starts anew"
    );
}

#[test]
fn comings_and_goings_leave_the_others_undisturbed() {
    let server = Server::start(Config {
        threads: 1,
        ..Config::default()
    })
    .unwrap();
    let mut clients: Vec<_> = (0..6)
        .map(|_| get(&server, "/prices?interval=2ms"))
        .collect();
    for client in &mut clients {
        client.head();
    }
    let mut seen: Vec<u64> = clients
        .iter_mut()
        .map(|client| client.event().seq())
        .collect();
    for (round, leaver) in [0, 3, 1, 2].into_iter().enumerate() {
        drop(clients.remove(leaver));
        seen.remove(leaver);
        truth_when(&server, "t1", |truth| {
            truth
                .subscribers
                .iter()
                .filter(|one| one.closed.is_some())
                .count()
                == round + 1
        });
        for (client, seen) in clients.iter_mut().zip(&mut seen) {
            for _ in 0..3 {
                *seen += 1;
                assert_eq!(client.event().seq(), *seen);
            }
        }
    }
    server.shutdown().unwrap();
}
