//! Every mode over a real socket: its bytes, their order, and what the truth log says of it.

use std::io::{BufReader, Read};
use std::net::TcpStream;

use flate2::read::MultiGzDecoder;
use target_server::{Config, End, Server, SubscriberTruth, Write};

use crate::client::{Client, connect, events, fetch, get, now, seqs, server, truth, truth_when};

/// The truth about the only subscriber, once its response is over.
fn only_subscriber(server: &Server) -> (SubscriberTruth, Vec<Write>) {
    let mut truth = truth_when(server, "t1", |truth| truth.subscribers[0].closed.is_some());
    let mut subscriber = truth.subscribers.remove(0);
    let writes = subscriber.writes.take().unwrap();
    (subscriber, writes)
}

/// The writes to the only subscriber, who may still be there.
fn writes_so_far(server: &Server) -> Vec<Write> {
    let mut truth = truth(server, "t1");
    truth.subscribers.remove(0).writes.unwrap()
}

/// What is in the log in place of what was read.
fn written(writes: &[Write]) -> Vec<u64> {
    writes.iter().map(|(seq, ..)| *seq).collect()
}

fn get_gzip(server: &Server, target: &str) -> Client<TcpStream> {
    let mut client = connect(server);
    client.send(&format!(
        "GET {target} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br, gzip\r\n\r\n"
    ));
    client
}

#[test]
fn hold_all_withholds_even_the_head() {
    let server = server();
    let mut client = get(
        &server,
        "/prices?interval=10ms&count=5&size=300&mode=hold-all",
    );
    assert_eq!(client.head().status, 200);
    let head_at = now();
    let chunks = client.chunks();
    client.assert_end();
    assert_eq!(chunks.len(), 1, "one buffer");
    let events = events(&chunks[0]);
    assert_eq!(seqs(&events), [1, 2, 3, 4, 5]);
    assert!(head_at >= events[4].emitted());
    let (subscriber, writes) = only_subscriber(&server);
    assert_eq!(subscriber.end, Some(End::Count));
    assert_eq!(written(&writes), [1, 2, 3, 4, 5]);
    assert!(
        writes
            .iter()
            .all(|&(_, released, at)| released >= events[4].emitted() && at == writes[0].2)
    );
}

#[test]
fn content_length_is_that_of_the_whole_body() {
    let server = server();
    let mut client = get(
        &server,
        "/prices?interval=5ms&count=3&size=300&mode=content-length",
    );
    let head = client.head();
    assert_eq!(
        (
            head.field("content-length"),
            head.field("transfer-encoding")
        ),
        (Some("900"), None)
    );
    let body = client.rest();
    assert_eq!(body.len(), 900);
    assert_eq!(seqs(&events(&body)), [1, 2, 3]);
}

#[test]
fn hold_size_sends_blocks_of_the_size() {
    let server = server();
    let mut client = get(
        &server,
        "/prices?interval=2ms&count=20&size=300&mode=hold-size:1000",
    );
    client.head();
    let chunks = client.chunks();
    assert!(chunks.iter().all(|chunk| chunk.len() == 1_000) && chunks.len() == 6);
    assert_eq!(
        seqs(&events(&chunks.concat())),
        (1..=20).collect::<Vec<_>>()
    );
    let (_, writes) = only_subscriber(&server);
    assert_eq!(written(&writes), (1..=20).collect::<Vec<_>>());
    // Event 4 ends in the second block, with which 5 and 6 come.
    assert!(writes[2].2 < writes[3].2 && writes[3].2 == writes[5].2 && writes[5].2 < writes[6].2);
}

#[test]
fn hold_time_releases_after_the_time() {
    let server = server();
    let mut client = get(&server, "/prices?interval=20ms&mode=hold-time:50ms");
    client.head();
    let first = events(&client.chunk().unwrap());
    let second = events(&client.chunk().unwrap());
    let read = [&first[..], &second[..]].concat();
    assert_eq!(seqs(&read), (1..=read.len() as u64).collect::<Vec<_>>());
    let writes = writes_so_far(&server);
    for group in [&first, &second] {
        let (_, released, written) = writes[group[0].seq() as usize - 1];
        assert!(released >= group[0].emitted() + 50_000_000 && written >= released);
        let of_group = writes
            .iter()
            .filter(|(.., other)| *other == written)
            .count();
        assert_eq!(of_group, group.len(), "one write for all of them");
    }
}

#[test]
fn lag_one_releases_with_the_next() {
    let server = server();
    let mut client = get(&server, "/prices?interval=10ms&count=5&mode=lag-one");
    client.head();
    let events: Vec<_> = (0..5).map(|_| client.event()).collect();
    assert_eq!(client.chunk(), None);
    assert_eq!(seqs(&events), [1, 2, 3, 4, 5]);
    let (_, writes) = only_subscriber(&server);
    for (write, next) in writes.iter().zip(&events[1..]) {
        assert!(write.1 >= next.emitted());
    }
}

#[test]
fn late_head_waits_for_the_first_event() {
    let server = server();
    let mut client = get(&server, "/prices?interval=30ms&count=2&mode=late-head");
    client.head();
    let head_at = now();
    let event = client.event();
    assert!(head_at >= event.emitted());
}

#[test]
fn late_first_delays_the_beginning_alone() {
    let server = server();
    let mut client = get(&server, "/prices?interval=20ms&mode=late-first:50ms");
    client.head();
    let mut read = events(&client.chunk().unwrap());
    let first = read.len();
    read.extend((0..5).map(|_| client.event()));
    assert_eq!(seqs(&read), (1..=read.len() as u64).collect::<Vec<_>>());
    let writes = writes_so_far(&server);
    assert!(
        writes[..first]
            .iter()
            .all(|(_, released, _)| *released >= read[0].emitted() + 50_000_000)
    );
}

#[test]
fn delay_is_at_least_one_of_its_times() {
    let server = server();
    let mut client = get(&server, "/prices?interval=5ms&mode=delay:10ms,30ms");
    client.head();
    let read: Vec<_> = (0..20).map(|_| client.event()).collect();
    assert_eq!(seqs(&read), (1..=20).collect::<Vec<_>>());
    let writes = writes_so_far(&server);
    for (write, event) in writes.iter().zip(&read) {
        assert!(write.1 >= event.emitted() + 10_000_000);
    }
}

#[test]
fn cork_is_on_time_in_the_log_and_late_at_the_client() {
    let server = server();
    // The kernel lets go 200 ms after the head. On a busy machine the first event may be written late in that time;
    // one attempt of ten that is not disturbed is enough.
    let is_held = |attempt: u64| {
        let mut client = get(
            &server,
            &format!("/prices?interval=10ms&seed={attempt}&mode=cork"),
        );
        let stream = client.head().field("x-stream").unwrap().to_owned();
        let event = client.event();
        let read_at = now();
        let truth = truth_when(&server, &stream, |truth| truth.subscribers[0].events > 0);
        let (seq, _, written) = truth.subscribers[0].writes.as_ref().unwrap()[0];
        assert_eq!(seq, event.seq());
        read_at - written > 100_000_000
    };
    assert!((0..10).any(is_held));
}

#[test]
fn gzip_is_flushed_with_every_event() {
    let server = server();
    let mut client = get_gzip(&server, "/prices?interval=5ms&count=4&mode=gzip");
    let head = client.head();
    assert_eq!(
        (head.field("content-encoding"), head.field("vary")),
        (Some("gzip"), Some("Accept-Encoding"))
    );
    let chunks = client.chunks();
    assert_eq!(chunks.len(), 5, "one per event, and the trailer");
    for count in 1..=4 {
        assert_eq!(
            seqs(&events(&gunzip(&chunks[..count].concat()))).len(),
            count
        );
    }
    let (_, writes) = only_subscriber(&server);
    assert_eq!(written(&writes), [1, 2, 3, 4]);
}

#[test]
fn gzip_unflushed_holds_everything_back_and_says_so_in_the_log() {
    let server = server();
    let mut client = get_gzip(&server, "/prices?interval=5ms&count=4&mode=gzip-unflushed");
    client.head();
    let body = client.chunks().concat();
    let events = events(&gunzip(&body));
    assert_eq!(seqs(&events), [1, 2, 3, 4]);
    let (_, writes) = only_subscriber(&server);
    assert_eq!(written(&writes), [1, 2, 3, 4]);
    assert!(
        writes
            .iter()
            .all(|&(_, released, _)| released >= events[3].emitted())
    );
}

#[test]
fn without_accept_encoding_compressors_are_silent() {
    let server = server();
    for mode in ["gzip", "gzip-unflushed"] {
        let mut client = get(
            &server,
            &format!("/prices?interval=5ms&count=1&private=1&mode={mode}"),
        );
        assert_eq!(client.head().field("content-encoding"), None);
        assert_eq!(client.event().seq(), 1);
    }
}

/// What can be decoded of a stream that may be incomplete.
fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let plain = BufReader::new(MultiGzDecoder::new(bytes)).bytes();
    plain.map_while(Result::ok).collect()
}

#[test]
fn stall_holds_what_is_due_and_goes_on() {
    let server = server();
    let mut client = get(&server, "/prices?interval=10ms&mode=stall:50ms@3");
    client.head();
    let read: Vec<_> = (0..10).map(|_| client.event()).collect();
    assert_eq!(seqs(&read), (1..=10).collect::<Vec<_>>());
    let writes = writes_so_far(&server);
    assert!(writes[3].1 >= writes[2].1 + 50_000_000);
    assert!(writes[3].1 >= read[3].emitted());
}

#[test]
fn cut_after_ends_without_the_last_chunk() {
    let server = server();
    let mut client = get(&server, "/prices?interval=10ms&mode=cut-after:55ms");
    client.head();
    let body = String::from_utf8(client.rest()).unwrap();
    assert!(!body.ends_with("0\r\n\r\n"), "{body}");
    let (subscriber, writes) = only_subscriber(&server);
    assert_eq!(subscriber.end, Some(End::Mode));
    assert!(subscriber.closed.unwrap() - subscriber.opened >= 55_000_000);
    assert_eq!(writes.len(), body.matches("event: price").count());
}

#[test]
fn cut_idle_ends_after_silence() {
    let server = server();
    let mut client = get(&server, "/prices?interval=1h&mode=cut-idle:30ms");
    client.head();
    client.assert_end();
    let (subscriber, _) = only_subscriber(&server);
    assert_eq!(subscriber.end, Some(End::Mode));
    assert!(subscriber.closed.unwrap() - subscriber.opened >= 30_000_000);

    let mut busy = get(&server, "/prices?interval=1ms&count=5&mode=cut-idle:10s");
    busy.head();
    assert_eq!(busy.chunks().len(), 5);
}

#[test]
fn truncate_tears_the_last_chunk() {
    let server = server();
    let mut client = get(&server, "/prices?interval=2ms&size=300&mode=truncate:1000");
    client.head();
    for _ in 0..3 {
        assert_eq!(client.chunk().unwrap().len(), 300);
    }
    let torn = String::from_utf8(client.rest()).unwrap();
    let (size, rest) = torn.split_once("\r\n").unwrap();
    assert_eq!((size, rest.len()), ("12c", 100));
    let (subscriber, writes) = only_subscriber(&server);
    assert_eq!(
        (written(&writes), subscriber.end),
        (vec![1, 2, 3], Some(End::Mode))
    );
}

#[test]
fn wrong_type_is_a_stream_by_another_name() {
    let server = server();
    let mut client = get(&server, "/prices?interval=2ms&count=2&mode=wrong-type");
    let head = client.head();
    assert_eq!(
        (head.status, head.field("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert_eq!(client.event().seq(), 1);
}

#[test]
fn status_is_answered_at_once() {
    let server = server();
    let address = server.local_addr().unwrap();
    assert_eq!(
        fetch(address, "/prices?mode=status:503"),
        (503, "status 503, as asked for\n".to_owned())
    );
    assert_eq!(
        fetch(address, "/prices?mode=status:204"),
        (204, String::new())
    );
    let mut client = connect(&server);
    client.send("HEAD /prices?mode=status:429 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.head().status, 429);
    client.assert_end();
}

#[test]
fn empty_ends_properly_before_any_byte() {
    let server = server();
    let mut client = get(&server, "/prices?mode=empty");
    assert_eq!(
        client.head().field("content-type"),
        Some("text/event-stream")
    );
    assert_eq!(client.chunk(), None);
    client.assert_end();
}

#[test]
fn comments_only_dispatches_nothing() {
    let server = server();
    let mut client = get(&server, "/prices?interval=2ms&count=3&mode=comments-only");
    client.head();
    let body = client.chunks().concat();
    assert_eq!(
        body,
        b": event 1 withheld\n\n: event 2 withheld\n\n: event 3 withheld\n\n"
    );
    let (subscriber, writes) = only_subscriber(&server);
    assert_eq!((subscriber.events, writes.len()), (0, 0));
}

#[test]
fn lost_doubled_and_exchanged_events_stand_in_the_log_as_they_were_sent() {
    for (mode, expected) in [
        ("lose:3", &[1, 2, 4, 5, 7][..]),
        ("duplicate:3", &[1, 2, 3, 3, 4, 5, 6, 6, 7]),
        ("reorder:3", &[1, 2, 4, 3, 5, 7, 6]),
    ] {
        let server = server();
        let mut client = get(
            &server,
            &format!("/prices?interval=2ms&count=7&mode={mode}"),
        );
        client.head();
        assert_eq!(seqs(&events(&client.chunks().concat())), expected, "{mode}");
        let (subscriber, writes) = only_subscriber(&server);
        assert_eq!(written(&writes), expected);
        assert_eq!(subscriber.events, expected.len() as u64);
        assert_eq!(subscriber.bytes, client.received.len() as u64);
    }
}

#[test]
fn modes_work_over_http_10_too() {
    let server = Server::start(Config::default()).unwrap();
    for (mode, expected) in [("hold-size:700", &[1, 2, 3][..]), ("lose:2", &[1, 3])] {
        let mut client = connect(&server);
        client.send(&format!(
            "GET /prices?interval=2ms&count=3&private=1&mode={mode} HTTP/1.0\r\n\r\n"
        ));
        client.head();
        assert_eq!(seqs(&events(&client.rest())), expected);
    }
}
