//! A server of the same crate at the other end of the pipe, and bytes that no server should send.

use super::*;
use crate::request::HttpVersion;
use h2::server;
use proptest::prelude::*;

fn request(method: &str, body: &[u8]) -> Request {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Request {
        method: method.to_owned(),
        path: "/prices?interval=1s".to_owned(),
        headers: vec![
            header("Accept", "text/event-stream"),
            header("Connection", "close"),
        ],
        body: body.to_vec(),
        version: HttpVersion::Http11,
    }
}

/// What a server sees and sends: it answers with these frames, and then does as `end` says.
fn serve(client: &mut Http2, frames: &[&'static str], end: End) -> (http::request::Parts, Vec<u8>) {
    let pipe = Pipe::default();
    let mut sent = Vec::new();
    client.outgoing(&mut sent);
    pipe.0.borrow_mut().incoming.extend_from_slice(&sent);
    let mut greeting = Box::pin(server::handshake(pipe.clone()));
    let mut connection: server::Connection<Pipe, Bytes> = now(greeting.as_mut()).unwrap().unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(Ok((asked, mut answer)))) = connection.poll_accept(&mut context) else {
        panic!("the request is there");
    };
    let head = http::Response::builder().header("content-type", "text/event-stream");
    let mut body = answer.send_response(head.body(()).unwrap(), false).unwrap();
    for frame in frames {
        body.send_data(Bytes::from_static(frame.as_bytes()), false)
            .unwrap();
        assert!(connection.poll_closed(&mut context).is_pending());
    }
    match end {
        End::Open | End::Closed => {}
        End::Stream => body.send_data(Bytes::new(), true).unwrap(),
        End::Reset => body.send_reset(Reason::INTERNAL_ERROR),
        End::GoAway => connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM),
    }
    let _ = connection.poll_closed(&mut context);
    let sent = std::mem::take(&mut pipe.0.borrow_mut().outgoing);
    (asked.into_parts().0, sent)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Stream,
    Reset,
    GoAway,
    Closed,
}

/// What comes of these bytes, in a few words each.
fn come(client: &mut Http2, reads: &[&[u8]], closes: bool) -> Vec<String> {
    let mut all = Vec::new();
    for bytes in reads {
        client.receive(bytes);
        while let Some(came) = client.next() {
            all.push(in_words(came));
        }
    }
    if closes {
        client.closed();
        while let Some(came) = client.next() {
            all.push(in_words(came));
        }
    }
    all
}

fn in_words(came: Came) -> String {
    match came {
        Came::Head(status, fields) => format!("{status} {}", fields[0].0),
        Came::Data(data) => String::from_utf8_lossy(&data).into_owned(),
        Came::End => "end".to_owned(),
        Came::Broken(broken) => format!("{broken:?}"),
    }
}

fn client() -> Http2 {
    Http2::new(&request("GET", b""), "https", "example.com:8443").unwrap()
}

#[test]
fn a_request_is_put_into_http_2_without_what_belongs_to_http_1() {
    let mut client = client();
    let (asked, _) = serve(&mut client, &[], End::Open);
    assert_eq!(asked.uri, "https://example.com:8443/prices?interval=1s");
    assert_eq!(asked.headers["accept"], "text/event-stream");
    assert!(!asked.headers.contains_key("connection"));
    let mut posting = Http2::new(&request("POST", b"{}"), "http", "localhost").unwrap();
    let (asked, _) = serve(&mut posting, &[], End::Open);
    assert_eq!(
        (asked.method.as_str(), &asked.headers["content-length"]),
        ("POST", &HeaderValue::from(2))
    );
}

#[test]
fn what_cannot_be_asked_over_http_2_is_an_error_that_names_it() {
    let error =
        |host: &str, method: &str| Http2::new(&request(method, b""), "http", host).unwrap_err();
    assert!(error("a host", "GET").contains("a host"));
    assert!(error("localhost", "GE T").contains("GE T"));
}

#[test]
fn each_data_frame_comes_by_itself_and_the_end_has_its_kind() {
    let ends = [
        (End::Open, None),
        (End::Stream, Some("end")),
        (
            End::Reset,
            Some("Reset(\"unexpected internal error encountered\")"),
        ),
        (
            End::GoAway,
            Some("GoAway(\"detected excessive load generating behavior\")"),
        ),
        (End::Closed, Some("Closed")),
    ];
    for (end, expected) in ends {
        let mut client = client();
        let (_, sent) = serve(&mut client, &["data: a\n\n", "data: b\n\n"], end);
        let closes = matches!(end, End::Closed | End::GoAway);
        let seen = come(&mut client, &[&sent], closes);
        let mut wanted = vec!["200 content-type", "data: a\n\n", "data: b\n\n"];
        wanted.extend(expected);
        assert_eq!(seen, wanted, "{end:?}");
    }
}

#[test]
fn a_server_is_told_that_there_is_room_again() {
    let mut client = client();
    let (_, mut sent) = serve(&mut client, &["data: a\n\n"], End::Open);
    come(&mut client, &[&sent], false);
    client.outgoing(&mut Vec::new());
    // DATA frames of 16 KiB on stream 1, more than the window holds.
    sent = [&[0, 0x40, 0, 0, 0, 0, 0, 0, 1][..], &[b'x'; 0x4000]].concat();
    let mut answered = Vec::new();
    for _ in 0..2 * WINDOW / 0x4000 {
        let seen = come(&mut client, &[&sent], false);
        assert_eq!(seen.len(), 1, "{:?}", seen.first().map(|seen| seen.len()));
        client.outgoing(&mut answered);
    }
    let is_update = |frame: &[u8]| frame.starts_with(&[0, 0, 4, 8]);
    assert!(answered.chunks(13).all(is_update) && answered.len() >= 26);
}

#[test]
fn a_server_that_speaks_http_1_is_said_to() {
    let bytes: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let seen = come(&mut client(), &[bytes], true);
    assert!(
        seen.len() == 1 && seen[0].starts_with("Malformed"),
        "{seen:?}"
    );
}

proptest! {
    /// However the bytes are split over reads, the same is said.
    #[test]
    fn no_split_changes_what_is_said(cuts in prop::collection::vec(1usize..40, 0..20)) {
        let (mut whole, mut split) = (client(), client());
        let (_, sent) = serve(&mut whole, &["data: a\n\n", "data: b\n\n", ": c\n"], End::Stream);
        split.outgoing(&mut Vec::new());
        let mut pieces = Vec::new();
        let mut rest = &sent[..];
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        let expected = come(&mut whole, &[&sent], true);
        prop_assert_eq!(expected, come(&mut split, &pieces, true));
    }

    /// Nothing that a server sends stops this program, or makes it say more than one end.
    #[test]
    fn no_bytes_are_too_bad(
        greets in any::<bool>(),
        kind in 0u8..12, flags in any::<u8>(), stream in 0u8..4,
        payload in prop::collection::vec(any::<u8>(), 0..300),
        rest in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut client = client();
        let (_, sent) = serve(&mut client, &["data: a\n\n"], End::Open);
        let length = payload.len() as u16;
        let frame = [&[0][..], &length.to_be_bytes(), &[kind, flags, 0, 0, 0, stream], &payload, &rest].concat();
        let reads: &[&[u8]] = if greets { &[&sent, &frame] } else { &[&frame] };
        let seen = come(&mut client, reads, true);
        let is_end = |said: &&String| ["Reset(", "GoAway(", "Closed", "Malformed(", "end"].iter().any(|end| said.starts_with(end));
        prop_assert_eq!(seen.iter().filter(is_end).count(), 1, "{:?}", seen);
    }
}
