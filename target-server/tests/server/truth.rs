//! The truth log equals what a client read, byte by byte and event by event.

use target_server::{Config, End, Server};

use crate::client::{fetch, fetch_json, get, now, seqs, server, truth, truth_when};

#[test]
fn the_log_equals_what_was_read() {
    let server = server();
    let asked_at = now();
    let mut client = get(&server, "/prices?interval=2ms&size=300&count=50");
    let head = client.head();
    let read: Vec<_> = (0..50).map(|_| (client.event(), now())).collect();
    assert_eq!(client.chunk(), None);
    client.assert_end();

    let truth = truth_when(&server, head.field("x-stream").unwrap(), |truth| {
        truth.subscribers[0].closed.is_some()
    });
    assert_eq!(
        (truth.instance, truth.stream.as_str(), truth.evicted),
        (server.instance(), "t1", 0)
    );
    let told: Vec<_> = truth
        .events
        .iter()
        .map(|event| (event.seq, event.due, event.emitted))
        .collect();
    let heard: Vec<_> = read
        .iter()
        .map(|(event, _)| (event.seq(), event.due(), event.emitted()))
        .collect();
    assert_eq!(told[..50], heard);

    let [subscriber] = &truth.subscribers[..] else {
        panic!("{:?}", truth.subscribers)
    };
    assert_eq!(
        subscriber.id.to_string(),
        head.field("x-subscriber").unwrap()
    );
    assert_eq!(
        subscriber.peer,
        client.stream.local_addr().unwrap().to_string()
    );
    assert_eq!((subscriber.events, subscriber.end), (50, Some(End::Count)));
    assert_eq!(
        (subscriber.first_seq, subscriber.last_seq),
        (Some(1), Some(50))
    );
    assert_eq!(subscriber.bytes, client.received.len() as u64);
    assert!(asked_at < subscriber.opened && subscriber.opened < subscriber.closed.unwrap());
    let writes = subscriber.writes.as_ref().unwrap();
    assert_eq!(writes.len(), 50);
    for (&(seq, released, written), (event, read_at)) in writes.iter().zip(&read) {
        assert_eq!((seq, released), (event.seq(), event.emitted()));
        assert!(
            event.due() <= event.emitted(),
            "nothing is emitted before it is due"
        );
        assert!(
            event.emitted() <= written && written <= *read_at,
            "written between building and reading"
        );
    }
}

#[test]
fn an_event_that_was_read_is_in_the_log() {
    let server = server();
    let mut client = get(&server, "/prices?interval=1ms");
    client.head();
    for _ in 0..50 {
        let seq = client.event().seq();
        let truth = truth(&server, "t1");
        assert!(truth.events.iter().any(|event| event.seq == seq));
        let writes = truth.subscribers[0].writes.as_ref().unwrap();
        assert!(writes.iter().any(|(written, ..)| *written == seq));
        assert_eq!(truth.subscribers[0].events, writes.len() as u64);
    }
}

#[test]
fn a_bounded_log_says_what_it_lost_and_counts_on() {
    let config = Config {
        threads: 1,
        truth_events: 100,
        ..Config::default()
    };
    let server = Server::start(config).unwrap();
    let mut client = get(&server, "/prices?interval=1ms&burst=100&count=1000");
    client.head();
    let events: Vec<_> = (0..1_000).map(|_| client.event()).collect();
    let truth = truth_when(&server, "t1", |truth| truth.subscribers[0].closed.is_some());
    let subscriber = &truth.subscribers[0];
    let writes = subscriber.writes.as_ref().unwrap();
    assert!(
        writes.len() >= 100 && writes.len() < 150,
        "{}",
        writes.len()
    );
    assert_eq!(
        (subscriber.events, subscriber.last_seq),
        (1_000, Some(1_000))
    );
    let kept: Vec<u64> = writes.iter().map(|(seq, ..)| *seq).collect();
    assert_eq!(kept, seqs(&events)[1_000 - kept.len()..]);
    let emitted = truth.events.last().unwrap().seq;
    let lost_events = emitted - truth.events.len() as u64;
    assert_eq!(truth.evicted, lost_events + 1_000 - writes.len() as u64);
}

#[test]
fn the_bulk_can_be_left_out() {
    let server = server();
    let mut client = get(&server, "/prices?interval=1ms&count=5");
    client.head();
    client.chunks();
    truth_when(&server, "t1", |truth| truth.subscribers[0].closed.is_some());
    let truth = fetch_json(&server, "/truth/t1?writes=0");
    assert_eq!(truth["subscribers"][0]["events"], 5);
    assert!(truth["subscribers"][0].get("writes").is_none());
    assert_eq!(truth["evicted"], 0);
}

#[test]
fn every_subscriber_of_every_thread_is_listed() {
    let server = Server::start(Config {
        threads: 3,
        ..Config::default()
    })
    .unwrap();
    let mut clients: Vec<_> = (0..10)
        .map(|_| get(&server, "/prices?interval=2ms&count=20"))
        .collect();
    for client in &mut clients {
        client.head();
    }
    let read: Vec<Vec<u64>> = clients
        .iter_mut()
        .map(|client| (0..20).map(|_| client.event().seq()).collect())
        .collect();
    let truth = truth_when(&server, "t1", |truth| {
        truth.subscribers.len() == 10 && truth.subscribers.iter().all(|one| one.closed.is_some())
    });
    for (client, read) in clients.iter().zip(read) {
        let peer = client.stream.local_addr().unwrap().to_string();
        let told = truth
            .subscribers
            .iter()
            .find(|one| one.peer == peer)
            .unwrap();
        let writes: Vec<u64> = told
            .writes
            .as_ref()
            .unwrap()
            .iter()
            .map(|(seq, ..)| *seq)
            .collect();
        assert_eq!(writes, read);
    }
}

#[test]
fn streams_are_listed_and_unknown_ones_are_not_found() {
    let server = server();
    let _client = get(&server, "/prices?interval=1h").head();
    let _private = get(&server, "/prices?interval=1h&private=1").head();
    let list = fetch_json(&server, "/truth");
    assert_eq!(list["instance"], server.instance());
    let streams: Vec<_> = list["streams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["stream"])
        .collect();
    assert_eq!(streams, ["t1", "t2"]);
    assert_eq!(list["streams"][0]["shared"], true);
    assert_eq!(list["streams"][1]["shared"], false);
    for unknown in ["t9", "x", "t", "t99999999999"] {
        let (status, body) = fetch(server.local_addr().unwrap(), &format!("/truth/{unknown}"));
        assert_eq!(status, 404);
        assert!(body.contains("/truth lists them"), "{body}");
    }
    assert_eq!(
        fetch(server.local_addr().unwrap(), "/truth/t1?writes=2").0,
        400
    );
}

#[test]
fn two_servers_in_one_process_know_nothing_of_each_other() {
    let (one, two) = (server(), server());
    assert_ne!(one.instance(), two.instance());
    let mut client = get(&two, "/prices?interval=1ms&count=1");
    client.head();
    assert_eq!(client.event().json()["instance"], two.instance());
    assert_eq!(fetch(one.local_addr().unwrap(), "/truth/t1").0, 404);
}
