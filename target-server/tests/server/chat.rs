//! The token stream: the form of OpenAI, at scripted times.

use target_server::Server;

use crate::client::{Event, connect, server, truth_when};

fn complete(server: &Server, target: &str, body: &str) -> (u16, String, Vec<Event>) {
    let mut client = connect(server);
    let length = body.len();
    client.send(&format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
    let head = client.head();
    if head.status != 200 {
        return (
            head.status,
            String::from_utf8(client.rest()).unwrap(),
            Vec::new(),
        );
    }
    let chunks = client.chunks();
    client.assert_end();
    let events = chunks
        .iter()
        .flat_map(|chunk| crate::client::events(chunk))
        .collect();
    (200, head.field("x-stream").unwrap().to_owned(), events)
}

#[test]
fn tokens_come_at_the_times_of_the_script() {
    let server = server();
    let body =
        r#"{"model":"any","messages":[],"stream":true,"first":"40ms","gap":"5ms","tokens":4}"#;
    let (_, stream, events) = complete(&server, "/v1/chat/completions", body);
    let (done, chunks) = events.split_last().unwrap();
    assert_eq!(done.data, "[DONE]");
    let dues: Vec<u64> = chunks.iter().map(Event::due).collect();
    let after: Vec<u64> = dues.iter().map(|due| (due - dues[0]) / 1_000_000).collect();
    assert_eq!(after, [0, 40, 45, 50, 55, 55]);
    assert!(chunks.iter().all(|chunk| chunk.emitted() >= chunk.due()));
    let text: String = chunks.iter().filter_map(content).collect();
    assert_eq!(text, "A gauge reads the");
    assert_eq!(
        chunks.last().unwrap().json()["choices"][0]["finish_reason"],
        "stop"
    );

    let truth = truth_when(&server, &stream, |truth| {
        truth.subscribers[0].closed.is_some()
    });
    assert_eq!(truth.subscribers[0].end, Some(target_server::End::Finished));
    assert_eq!((truth.subscribers[0].events, truth.events.len()), (7, 7));
}

fn content(chunk: &Event) -> Option<String> {
    chunk.json()["choices"][0]["delta"]["content"]
        .as_str()
        .map(str::to_owned)
}

#[test]
fn the_query_goes_before_the_body() {
    let server = server();
    let target = "/v1/chat/completions?first=1ms&gap=1ms&tokens=2";
    assert_eq!(complete(&server, target, r#"{"tokens":9}"#).2.len(), 5);
    assert_eq!(complete(&server, target, "").2.len(), 5);
}

#[test]
fn a_large_body_is_read_whole() {
    let server = server();
    let body = format!(
        r#"{{"messages":["{}"],"first":"1ms","tokens":1}}"#,
        "x".repeat(300_000)
    );
    assert_eq!(complete(&server, "/v1/chat/completions", &body).2.len(), 4);
}

#[test]
fn what_is_no_completion_is_refused() {
    let server = server();
    for (body, text) in [
        ("{", "the body is no completion request: "),
        (r#"{"stream":false}"#, "stream must be true"),
        (r#"{"gap":"5"}"#, "gap=5: expected"),
        (
            r#"{"tokens":0}"#,
            "tokens=0: expected a whole number from 1 to 100000",
        ),
    ] {
        let (status, answer, _) = complete(&server, "/v1/chat/completions", body);
        assert_eq!(status, 400, "{body}");
        assert!(answer.contains(text), "{answer}");
    }
    let mut client = connect(&server);
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_eq!(client.head().status, 411);
    let mut client = connect(&server);
    client
        .send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
    assert_eq!(client.head().status, 413);
}
