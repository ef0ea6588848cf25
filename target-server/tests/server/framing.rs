//! How responses are framed, and how requests that are none are refused.

use crate::client::{connect, events, get, seqs, server};

#[test]
fn http_11_is_one_chunk_per_event_and_a_last_chunk() {
    let server = server();
    let mut client = get(&server, "/prices?interval=5ms&count=3");
    let head = client.head();
    assert_eq!(head.status, 200);
    assert_eq!(head.field("content-type"), Some("text/event-stream"));
    assert_eq!(head.field("cache-control"), Some("no-cache"));
    assert_eq!(head.field("transfer-encoding"), Some("chunked"));
    assert_eq!(head.field("content-length"), None);
    let id = format!(
        "{}-{}",
        server.instance(),
        head.field("x-subscriber").unwrap()
    );
    assert_eq!(head.field("x-request-id"), Some(id.as_str()));
    let events: Vec<_> = (0..3).map(|_| client.event()).collect();
    assert_eq!(client.chunk(), None);
    client.assert_end();

    assert_eq!(seqs(&events), [1, 2, 3]);
    for event in &events {
        assert_eq!(event.name, "price");
        assert_eq!(event.id, event.seq().to_string());
        assert_eq!(event.json()["instance"], server.instance());
    }
}

#[test]
fn http_10_ends_with_the_connection_and_has_no_chunks() {
    let server = server();
    let mut client = connect(&server);
    client.send("GET /prices?interval=5ms&count=3 HTTP/1.0\r\n\r\n");
    let head = client.head();
    assert_eq!((head.status, head.field("transfer-encoding")), (200, None));
    let body = client.rest();
    assert!(body.starts_with(b"event: price\nid: 1\n"));
    assert_eq!(seqs(&events(&body)), [1, 2, 3]);
}

#[test]
fn head_has_the_head_of_get_and_no_body() {
    let server = server();
    let mut client = connect(&server);
    client.send("HEAD /prices HTTP/1.1\r\nHost: test\r\n\r\n");
    let head = client.head();
    assert_eq!(
        (head.status, head.field("content-type")),
        (200, Some("text/event-stream"))
    );
    client.assert_end();
}

#[test]
fn the_head_comes_before_the_first_event() {
    let server = server();
    assert_eq!(get(&server, "/prices?interval=1h").head().status, 200);
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let server = server();
    let mut client = connect(&server);
    for byte in "GET /prices?interval=5ms&count=1 HTTP/1.1\r\nHost: test\r\n\r\n".chars() {
        client.send(&byte.to_string());
    }
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunks().len(), 1);
}

#[test]
fn what_follows_the_request_is_ignored() {
    let server = server();
    let mut client = connect(&server);
    let request = "GET /prices?interval=5ms&count=2 HTTP/1.1\r\nHost: test\r\n\r\n";
    client.send(&request.repeat(2));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunks().len(), 2);
    client.assert_end();
}

#[test]
fn what_is_no_request_is_refused() {
    let server = server();
    for (request, status, text) in [
        (
            "\x16\x03\x01\x02\x00".to_owned(),
            400,
            "this is no HTTP/1.1 request",
        ),
        (
            format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(20_000)),
            431,
            "larger than 16384 bytes",
        ),
        (
            "PUT /prices HTTP/1.1\r\n\r\n".to_owned(),
            405,
            "/prices takes GET, HEAD",
        ),
        (
            "GET /v1/chat/completions HTTP/1.1\r\n\r\n".to_owned(),
            405,
            "takes POST",
        ),
        (
            "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
            404,
            "GET  /prices",
        ),
    ] {
        let mut client = connect(&server);
        client.send(&request);
        assert_eq!(client.head().status, status, "{request:.40}");
        let body = String::from_utf8(client.rest()).unwrap();
        assert!(body.contains(text), "{body}");
    }
}

#[test]
fn what_is_no_stream_is_handed_on_with_the_bytes_already_read() {
    let server = server();
    let mut client = connect(&server);
    client.send("POST /publish/news HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.head().status, 200);
    assert_eq!(
        String::from_utf8(client.rest()).unwrap(),
        r#"{"id":1,"subscribers":0}"#
    );
}
