//! Publish and subscribe: what is published reaches everybody, and those who come back get what they missed.

use std::net::TcpStream;

use serde_json::{Value, json};
use target_server::Server;

use crate::client::{Client, connect, fetch, get, json_when, server, truth};

fn publish(server: &Server, target: &str, body: &str) -> (u16, String) {
    let mut client = connect(server);
    let length = body.len();
    client.send(&format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
    let status = client.head().status;
    (status, String::from_utf8(client.rest()).unwrap())
}

fn subscribe(server: &Server, topic: &str, last_event_id: &str) -> Client<TcpStream> {
    let mut client = connect(server);
    client.send(&format!(
        "GET /subscribe/{topic} HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {last_event_id}\r\n\r\n"
    ));
    assert_eq!(client.head().status, 200);
    client
}

#[test]
fn everybody_gets_what_is_published() {
    let server = server();
    let mut one = get(&server, "/subscribe/news");
    let mut two = get(&server, "/subscribe/news");
    let stream = one.head().field("x-stream").unwrap().to_owned();
    assert_eq!(two.head().field("x-stream"), Some(stream.as_str()));
    let (status, answer) = publish(
        &server,
        "/publish/news?event=note",
        "first\nline two \u{2713}",
    );
    assert_eq!(status, 200);
    assert_eq!(
        serde_json::from_str::<Value>(&answer).unwrap(),
        json!({"id": 1, "subscribers": 2})
    );
    for client in [&mut one, &mut two] {
        let event = client.event();
        assert_eq!((event.name.as_str(), event.id.as_str()), ("note", "1"));
        assert_eq!(event.data, "first\nline two \u{2713}");
    }
    assert_eq!(
        publish(&server, "/publish/other", "elsewhere").1,
        r#"{"id":1,"subscribers":0}"#
    );
    publish(&server, "/publish/news", "");
    let event = one.event();
    assert_eq!((event.name.as_str(), event.data.as_str()), ("message", ""));
    let truth = truth(&server, &stream);
    assert_eq!(truth.events.len(), 2);
    assert!(truth.subscribers.iter().all(|one| one.events == 2));
}

#[test]
fn who_comes_back_gets_what_was_missed() {
    let server = server();
    for number in 1..=5 {
        publish(&server, "/publish/news", &number.to_string());
    }
    let mut back = subscribe(&server, "news", "2");
    let missed: Vec<_> = (0..3).map(|_| back.event().data).collect();
    assert_eq!(missed, ["3", "4", "5"]);
    publish(&server, "/publish/news", "6");
    assert_eq!(back.event().data, "6");

    let mut new = get(&server, "/subscribe/news");
    new.head();
    let mut odd = subscribe(&server, "news", "from elsewhere");
    publish(&server, "/publish/news", "7");
    assert_eq!(
        [new.event().data, odd.event().data],
        ["7", "7"],
        "without an own id nothing is replayed"
    );
}

#[test]
fn a_browser_that_was_cut_off_misses_nothing_and_gets_nothing_twice() {
    let server = server();
    let mut client = get(&server, "/subscribe/news?count=2");
    client.head();
    let mut seen = Vec::new();
    publish(&server, "/publish/news", "1");
    publish(&server, "/publish/news", "2");
    seen.extend((0..2).map(|_| client.event().id));
    assert_eq!(client.chunk(), None);
    publish(&server, "/publish/news", "3");
    let mut again = subscribe(&server, "news", &seen[1]);
    publish(&server, "/publish/news", "4");
    seen.extend((0..2).map(|_| again.event().id));
    assert_eq!(seen, ["1", "2", "3", "4"]);
}

#[test]
fn what_cannot_be_published_is_refused() {
    let server = server();
    assert_eq!(publish(&server, "/publish/a%20b", "x").0, 400);
    assert_eq!(publish(&server, "/publish/news?event=a%0Ab", "x").0, 400);
    assert_eq!(
        publish(&server, "/publish/news", &"x".repeat(70_000)).0,
        413
    );
    let (status, text) = fetch(server.local_addr().unwrap(), "/subscribe/a%20b");
    assert_eq!(status, 400);
    assert!(
        text.starts_with("a topic has 1 to 64 of these characters"),
        "{text}"
    );
    let mut client = connect(&server);
    client.send("POST /publish/news HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n");
    use std::io::Write as _;
    client.stream.write_all(b"\xff").unwrap();
    assert_eq!(client.head().status, 400, "data is text");
}

#[test]
fn topics_are_bounded_for_publishers_and_subscribers() {
    let server = server();
    let address = server.local_addr().unwrap();
    for number in 0..1_000 {
        assert_eq!(
            publish(&server, &format!("/publish/topic-{number}"), "x").0,
            200
        );
    }
    assert_eq!(publish(&server, "/publish/one-more", "x").0, 429);
    assert_eq!(fetch(address, "/subscribe/one-more").0, 429);
    assert_eq!(
        publish(&server, "/publish/topic-7", "x").1,
        r#"{"id":2,"subscribers":0}"#
    );
}

#[test]
fn a_topic_takes_modes_as_prices_do() {
    let server = server();
    let mut client = get(&server, "/subscribe/news?mode=lag-one");
    client.head();
    json_when(&server, "/truth", |list| {
        list["streams"][0]["subscribers"] == 1
    });
    publish(&server, "/publish/news", "1");
    publish(&server, "/publish/news", "2");
    assert_eq!(client.event().data, "1");
}
