//! What the kernel tells of what was written: between the write and the client's kernel, for every event.

use target_server::{Config, Server, SubscriberTruth};

use crate::client::{get, now, server, truth_when};

fn stamping() -> Server {
    Server::start(Config {
        kernel_stamps: true,
        ..Config::default()
    })
    .unwrap()
}

/// The first subscriber of a stream once so many of its events were acknowledged or given up.
fn stamped(server: &Server, events: usize) -> SubscriberTruth {
    let mut truth = truth_when(server, "t1", |truth| {
        truth.subscribers[0].kernel.len() >= events
    });
    truth.subscribers.swap_remove(0)
}

#[test]
fn an_event_is_written_then_sent_then_acknowledged() {
    let server = stamping();
    let mut client = get(&server, "/prices?interval=5ms");
    client.head();
    let read: Vec<_> = (0..50).map(|_| (client.event().seq(), now())).collect();
    let subscriber = stamped(&server, 50);
    let writes = subscriber.writes.unwrap();
    for ((&(seq, sent, acked), &(of, _, written)), &(event, read)) in
        subscriber.kernel.iter().zip(&writes).zip(&read)
    {
        assert_eq!((seq, of), (event, event));
        let (sent, acked) = (sent.expect("sent alone"), acked.expect("acknowledged"));
        assert!(written <= sent && sent <= acked, "{written} {sent} {acked}");
        assert!(sent <= read, "nothing is read before it was sent");
    }
}

#[test]
fn events_that_a_mode_lets_go_together_share_their_stamps() {
    let server = stamping();
    let mut client = get(&server, "/prices?interval=5ms&mode=hold-time:50ms");
    client.head();
    client.chunk();
    client.chunk();
    let subscriber = stamped(&server, 4);
    let of = |seq: usize| subscriber.kernel[seq - 1];
    assert_eq!((of(1).0, of(2).0), (1, 2));
    assert!(of(1).1.is_some() && of(1).2.is_some());
    assert_eq!((of(1).1, of(1).2), (of(2).1, of(2).2));
}

#[test]
fn what_was_never_acknowledged_is_there_without_that_stamp() {
    let server = stamping();
    let mut client = get(&server, "/prices?interval=1ms&count=20");
    client.head();
    client.chunks();
    let truth = truth_when(&server, "t1", |truth| truth.subscribers[0].closed.is_some());
    let subscriber = &truth.subscribers[0];
    let told: Vec<u64> = subscriber.kernel.iter().map(|&(seq, ..)| seq).collect();
    assert_eq!(told, (1..=20).collect::<Vec<u64>>());
    let (_, sent, _) = subscriber.kernel[19];
    assert!(sent.is_some(), "the last event has left before the end");
}

#[test]
fn nothing_is_asked_of_the_kernel_by_default() {
    let server = server();
    let mut client = get(&server, "/prices?interval=1ms&count=3");
    client.head();
    client.chunks();
    let truth = truth_when(&server, "t1", |truth| truth.subscribers[0].closed.is_some());
    assert!(truth.subscribers[0].kernel.is_empty());
}
