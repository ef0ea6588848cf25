//! Subscribers that do not read: what waits for them is bounded, and what becomes of them is counted.

use target_server::{Config, End, Server, SubscriberTruth};

use crate::client::{events, fetch, get, seqs, server, truth_when, wait_for};

#[test]
fn who_never_reads_is_dropped_and_counted() {
    let server = server();
    let _idle = get(&server, "/prices?interval=5ms&size=60000");
    let mut reader = get(&server, "/prices?interval=5ms&size=60000");
    reader.head();
    let address = reader.stream.local_addr().unwrap().to_string();
    let reading = std::thread::spawn(move || reader.chunks().len());
    let is_dropped = |one: &SubscriberTruth| one.end == Some(End::Slow);
    let truth = truth_when(&server, "t1", |truth| {
        truth.subscribers.iter().any(is_dropped)
    });
    for subscriber in &truth.subscribers {
        assert_eq!(
            is_dropped(subscriber),
            subscriber.peer != address,
            "the reader stays"
        );
    }
    let (_, metrics) = fetch(server.local_addr().unwrap(), "/metrics");
    assert!(
        metrics.contains("target_server_responses_ended_total{end=\"slow\"} 1\n"),
        "{metrics}"
    );
    server.shutdown().unwrap();
    assert!(reading.join().unwrap() > 0);
}

#[test]
fn who_pauses_gets_every_byte_later() {
    let config = Config {
        max_backlog: 64 << 20,
        ..Config::default()
    };
    let server = Server::start(config).unwrap();
    let mut client = get(&server, "/prices?interval=1ms&count=150&size=100000");
    let address = server.local_addr().unwrap();
    let waiting = |metrics: &String| !metrics.contains("\ntarget_server_backlog_bytes 0\n");
    wait_for(|| fetch(address, "/metrics").1, waiting);
    client.head();
    assert_eq!(
        seqs(&events(&client.chunks().concat())),
        (1..=150).collect::<Vec<_>>()
    );
    client.assert_end();
    let truth = truth_when(&server, "t1", |truth| truth.subscribers[0].closed.is_some());
    let subscriber = &truth.subscribers[0];
    assert_eq!((subscriber.events, subscriber.end), (150, Some(End::Count)));
    assert_eq!(subscriber.bytes, client.received.len() as u64);
    let writes = subscriber.writes.as_ref().unwrap();
    let late = writes
        .iter()
        .zip(&truth.events)
        .filter(|(write, event)| write.2 > event.emitted + 1_000_000);
    assert!(
        late.count() > 0,
        "what waited was written later than it was emitted"
    );
    assert!(writes.windows(2).all(|pair| pair[0].2 <= pair[1].2));
}

#[test]
fn who_leaves_is_noticed_without_an_event() {
    let server = Server::start(Config::default()).unwrap();
    let mut client = get(&server, "/prices?interval=1h");
    client.head();
    drop(client);
    let truth = truth_when(&server, "t1", |truth| truth.subscribers[0].closed.is_some());
    assert_eq!(
        (truth.subscribers[0].end, truth.subscribers[0].events),
        (Some(End::Client), 0)
    );
}
