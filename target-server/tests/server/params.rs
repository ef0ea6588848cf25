//! Every parameter does what the README says, and wrong ones are answered with what is right.

use crate::client::{events, fetch, get, seqs, server};

#[test]
fn a_wrong_parameter_is_named_with_its_range() {
    let server = server();
    for (query, text) in [
        (
            "interval=0ms",
            "interval=0ms: expected a whole number and a unit (us, ms, s, m, h), from 100µs to 3600s",
        ),
        ("interval=10", "interval=10: expected"),
        ("count=-1", "count=-1: expected a whole number from 0 to"),
        ("size=20", "size=20: expected a whole number from 1"),
        ("size=big", "size=big: expected"),
        (
            "burst=0",
            "burst=0: expected a whole number from 1 to 10000",
        ),
        ("pad=y", "pad=y: expected x or random"),
        ("jitter=normal", "jitter=normal: expected exp, or uniform:T"),
        ("private=yes", "private=yes: expected 0 or 1"),
        ("speed=1", "unknown parameter speed; known here: interval, "),
        (
            "size=500&size=600",
            "parameter size is given more than once",
        ),
        ("mode=hold", "unknown mode hold; known: hold-all, "),
        (
            "mode=hold-size:x",
            "mode=hold-size:x: expected a whole number from 1",
        ),
        ("mode=content-length", "mode=content-length needs count=N"),
    ] {
        let (status, body) = fetch(server.local_addr().unwrap(), &format!("/prices?{query}"));
        assert_eq!(status, 400, "{query}");
        assert!(body.starts_with(text), "{query}: {body}");
    }
}

#[test]
fn the_smallest_size_is_the_one_that_the_error_names() {
    let server = server();
    let address = server.local_addr().unwrap();
    let (_, body) = fetch(address, "/prices?size=1");
    let smallest: usize = body.split(' ').nth(6).unwrap().parse().unwrap();
    assert_eq!(
        fetch(address, &format!("/prices?size={}", smallest - 1)).0,
        400
    );
    let mut client = get(
        &server,
        &format!("/prices?interval=1ms&count=20&size={smallest}"),
    );
    client.head();
    assert!(client.chunks().iter().all(|chunk| chunk.len() == smallest));
}

#[test]
fn every_event_has_exactly_the_size() {
    let server = server();
    for pad in ["x", "random"] {
        let mut client = get(
            &server,
            &format!("/prices?interval=1ms&count=20&size=1000&pad={pad}"),
        );
        client.head();
        let chunks = client.chunks();
        assert_eq!(chunks.len(), 20);
        assert!(chunks.iter().all(|chunk| chunk.len() == 1_000));
        let body = chunks.concat();
        assert_eq!(seqs(&events(&body)), (1..=20).collect::<Vec<_>>());
        assert_eq!(
            body.windows(400)
                .any(|window| window.iter().all(|&byte| byte == b'x')),
            pad == "x"
        );
    }
}

#[test]
fn a_burst_shares_its_due_time() {
    let server = server();
    let mut client = get(&server, "/prices?interval=5ms&burst=4&count=8");
    client.head();
    let events: Vec<_> = (0..8).map(|_| client.event()).collect();
    assert_eq!(seqs(&events), [1, 2, 3, 4, 5, 6, 7, 8]);
    let dues: Vec<u64> = events.iter().map(|event| event.due()).collect();
    assert!(dues[..4].iter().all(|&due| due == dues[0]));
    assert!(dues[4..].iter().all(|&due| due == dues[0] + 5_000_000));
}

#[test]
fn due_times_are_a_grid_and_jitter_leaves_it() {
    let server = server();
    let dues = |query: &str| {
        let mut client = get(&server, &format!("/prices?interval=2ms&count=20&{query}"));
        client.head();
        (0..20)
            .map(|_| client.event())
            .map(|event| event.due())
            .collect::<Vec<_>>()
    };
    let gaps = |dues: Vec<u64>| {
        dues.windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect::<Vec<_>>()
    };
    assert!(gaps(dues("seed=1")).iter().all(|&gap| gap == 2_000_000));
    assert!(gaps(dues("jitter=exp")).iter().any(|&gap| gap != 2_000_000));
    let uniform = gaps(dues("jitter=uniform:1ms"));
    assert!(
        uniform
            .iter()
            .all(|&gap| (1_000_000..=3_000_000).contains(&gap))
    );
    assert!(uniform.iter().any(|&gap| gap != 2_000_000));
}

#[test]
fn retry_comes_first() {
    let server = server();
    let mut client = get(&server, "/prices?interval=5ms&count=1&retry=1500");
    client.head();
    assert_eq!(client.chunk().unwrap(), b"retry: 1500\n\n");
    assert_eq!(client.event().seq(), 1);
    assert_eq!(client.chunk(), None);
}

#[test]
fn heartbeats_fill_the_silence_and_count_as_nothing() {
    let server = server();
    let mut client = get(&server, "/prices?interval=100ms&heartbeat=30ms&count=2");
    client.head();
    let chunks = client.chunks();
    // How many there are depends on how late the server is; one comes before each event in any case.
    let is_heartbeat: Vec<bool> = chunks
        .iter()
        .map(|chunk| chunk == b": heartbeat\n\n")
        .collect();
    assert!(
        is_heartbeat.windows(2).all(|pair| pair[0] || pair[1]),
        "{is_heartbeat:?}"
    );
    assert!(is_heartbeat[0] && !is_heartbeat[chunks.len() - 1]);
    assert_eq!(seqs(&events(&chunks.concat())), [1, 2]);
}

#[test]
fn the_same_seed_gives_the_same_prices() {
    let server = server();
    let prices = |query: &str| {
        let mut client = get(
            &server,
            &format!("/prices?private=1&interval=1ms&count=20&{query}"),
        );
        client.head();
        let events = (0..20).map(|_| client.event().json());
        events
            .map(|data| (data["symbol"].clone(), data["price"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(prices("seed=7"), prices("seed=7"));
    assert_ne!(prices("seed=7"), prices("seed=8"));
}
