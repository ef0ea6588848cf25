//! What the server tells about itself, where, and to whom it does not misbehave.

use std::net::SocketAddr;

use serde_json::Value;
use target_server::{Config, Listen, Server, Skew};

use crate::client::{connect_to, fetch, fetch_json, get, now, server, truth_when};

#[test]
fn the_clock_is_read_between_question_and_answer() {
    let server = server();
    let before = now();
    let clock = fetch_json(&server, "/clock");
    let (t2, t3) = (clock["t2"].as_u64().unwrap(), clock["t3"].as_u64().unwrap());
    assert!(before <= t2 && t2 <= t3 && t3 <= now());
    assert_eq!(clock["instance"], server.instance());
}

#[test]
fn a_skewed_clock_shows_in_all_that_is_told_and_in_nothing_that_is_done() {
    let server = Server::start(Config {
        skew: Skew {
            offset_ns: 37_000_000_000,
            drift_ppb: 0,
        },
        ..Config::default()
    })
    .unwrap();
    let before = now();
    let clock = fetch_json(&server, "/clock");
    let shown = before + 37_000_000_000..=now() + 37_000_000_000;
    assert!(shown.contains(&clock["t2"].as_u64().unwrap()));
    assert!(shown.contains(&clock["t3"].as_u64().unwrap()));
    assert_eq!(server.shown(before), before + 37_000_000_000);

    let mut client = get(&server, "/prices?interval=1ms&count=3");
    client.head();
    let event = client.event();
    let truth = truth_when(&server, "t1", |truth| truth.subscribers[0].closed.is_some());
    let shown = before + 37_000_000_000..=now() + 37_000_000_000;
    let told = truth.events[0];
    assert_eq!((event.due(), event.emitted()), (told.due, told.emitted));
    let (_, released, written) = truth.subscribers[0].writes.as_ref().unwrap()[0];
    for time in [told.due, told.emitted, released, written, truth.now] {
        assert!(shown.contains(&time), "{time} not in {shown:?}");
    }
}

#[test]
fn one_connection_asks_the_clock_again_and_again() {
    let server = server();
    let mut client = connect_to(server.local_addr().unwrap());
    let mut last = 0;
    for _ in 0..3 {
        client.send("GET /clock HTTP/1.1\r\nHost: test\r\n\r\n");
        let head = client.head();
        let length: usize = head.field("content-length").unwrap().parse().unwrap();
        let clock: Value = serde_json::from_slice(&client.exactly(length)).unwrap();
        let t2 = clock["t2"].as_u64().unwrap();
        assert!(t2 > last);
        last = t2;
    }
}

#[test]
fn metrics_count_what_happened() {
    let server = server();
    let mut client = get(&server, "/prices?interval=1ms&count=7");
    client.head();
    client.chunks();
    get(&server, "/prices?interval=1").head();
    truth_when(&server, "t1", |truth| truth.subscribers[0].closed.is_some());
    let (_, text) = fetch(server.local_addr().unwrap(), "/metrics");
    for line in [
        "target_server_events_written_total 7".to_owned(),
        format!(
            "target_server_bytes_written_total {}",
            client.received.len()
        ),
        "target_server_subscribers 0".to_owned(),
        "target_server_subscribers_total 1".to_owned(),
        "target_server_requests_refused_total 1".to_owned(),
        "target_server_responses_ended_total{end=\"count\"} 1".to_owned(),
        "# TYPE target_server_backlog_bytes gauge".to_owned(),
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in\n{text}");
    }
}

#[test]
fn the_control_address_tells_and_serves_nothing_else() {
    let control = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let server = Server::start(Config {
        control,
        ..Config::default()
    })
    .unwrap();
    get(&server, "/prices?interval=1h").head();
    let address = server.control_addr().unwrap();
    assert_ne!(Some(address), server.local_addr());
    assert_eq!(fetch(address, "/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(fetch(address, "/truth/t1").0, 200);
    assert_eq!(fetch(address, "/metrics").0, 200);
    assert_eq!(fetch(address, "/clock").0, 200);
    assert_eq!(fetch(address, "/prices").0, 404);
    assert_eq!(fetch(address, "/").0, 404);
}

#[test]
fn processes_that_share_a_port_are_told_apart_by_instance_and_control() {
    let control = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let first = Server::start(Config {
        control,
        reuse_port: true,
        ..Config::default()
    })
    .unwrap();
    let listen = vec![Listen::Tcp(first.local_addr().unwrap())];
    let second = Server::start(Config {
        listen,
        control,
        reuse_port: true,
        ..Config::default()
    })
    .unwrap();
    let servers = [&first, &second];
    let mut reached = [0_u64; 2];
    while reached.contains(&0) {
        let mut client = get(&first, "/prices?interval=1ms&count=1");
        client.head();
        let instance = client.event().json()["instance"].as_u64().unwrap();
        let position = servers
            .iter()
            .position(|server| u64::from(server.instance()) == instance)
            .unwrap();
        reached[position] += 1;
    }
    for (server, reached) in servers.into_iter().zip(reached) {
        let (_, body) = fetch(server.control_addr().unwrap(), "/truth/t1");
        let truth: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(truth["instance"], server.instance());
        assert_eq!(
            truth["subscribers"].as_array().unwrap().len() as u64,
            reached
        );
    }
}

#[test]
fn modes_are_refused_where_others_could_reach_them() {
    // The only sockets of these tests that are not on loopback alone: that is what is tested.
    let listen = vec![Listen::Tcp(SocketAddr::from(([0, 0, 0, 0], 0)))];
    let config = Config {
        listen,
        ..Config::default()
    };
    let careful = Server::start(config.clone()).unwrap();
    let bold = Server::start(Config {
        allow_misbehave: true,
        ..config
    })
    .unwrap();
    let ask = |server: &Server, target: &str| {
        let port = server.local_addr().unwrap().port();
        let mut client = connect_to(SocketAddr::from(([127, 0, 0, 1], port)));
        client.send(&format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        client.head().status
    };
    assert_eq!(ask(&careful, "/prices?mode=lag-one"), 403);
    assert_eq!(ask(&careful, "/prices"), 200);
    assert_eq!(ask(&bold, "/prices?mode=lag-one"), 200);
}

#[test]
fn the_request_log_has_a_line_for_every_request() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("requests.jsonl");
    let server = Server::start(Config {
        log: Some(path.clone()),
        ..Config::default()
    })
    .unwrap();
    get(&server, "/prices?interval=1h").head();
    get(&server, "/prices?interval=1").head();
    fetch(server.local_addr().unwrap(), "/clock");
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let targets: Vec<_> = lines
        .iter()
        .map(|line| line["target"].as_str().unwrap())
        .collect();
    assert_eq!(
        targets,
        ["/prices?interval=1h", "/prices?interval=1", "/clock"]
    );
    assert_eq!(
        (&lines[0]["method"], &lines[0]["http"]),
        (&"GET".into(), &"1.1".into())
    );
}
