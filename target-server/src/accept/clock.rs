//! `GET /clock` on a connection that goes on: answered here, because a later request on it may be for a stream,
//! and because nothing should stand between the two times and the wire.

use std::io;

use tokio::io::AsyncWriteExt;

use super::Transfer;
use crate::clock::{self, Nanos};
use crate::frame::Author;
use crate::request::head::RequestHead;

const PATH: &str = "/clock";

/// Whether the clock is asked for, by a request without a body.
pub(super) fn is_asked(head: &RequestHead) -> bool {
    let has_body =
        head.header("content-length").is_some() || head.header("transfer-encoding").is_some();
    head.method == "GET" && head.path() == PATH && !has_body
}

/// Answers with the two server times of an exchange; whether another request may follow on the connection.
pub(super) async fn answer(
    stream: &mut impl Transfer,
    head: &RequestHead,
    received: Nanos,
    author: Author,
) -> io::Result<bool> {
    let closes = |value: &str| value.eq_ignore_ascii_case("close");
    let goes_on = !head.http10 && !head.header("connection").is_some_and(closes);
    let connection = if goes_on { "keep-alive" } else { "close" };
    let body = reading(author, received, clock::now()).to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nServer: target-server\r\nContent-Type: application/json\r\n\
         Cache-Control: no-store\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(goes_on)
}

/// The two server times of a clock exchange as NTP names them (RFC 5905, section 8): received, sent.
pub(crate) fn reading(author: Author, received: Nanos, sent: Nanos) -> serde_json::Value {
    let Author { instance, clock } = author;
    serde_json::json!({ "instance": instance, "t2": clock.at(received), "t3": clock.at(sent) })
}
