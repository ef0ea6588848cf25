//! The head of a stream's response, as text.

use std::fmt::Write as _;

use hyper::StatusCode;

use super::subscriber::Terms;
use crate::modes::Response;
use crate::request::ToProxies;
use crate::truth::SubscriberRecord;

/// How the end of a body is found (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// By the last chunk.
    Chunked,
    /// By the end of the connection: HTTP/1.0 knows no chunks.
    Close,
    /// By a length given in the head.
    Length,
    /// There is no body: the answer to HEAD, and what status 204 or 304 say.
    Bodyless,
}

/// Writes the head; `length` is the value of Content-Length where there is one.
///
/// The connection is always closed at the end: one connection carries one stream.
pub(crate) fn encode(
    response: &Response,
    framing: Framing,
    length: Option<usize>,
    to_proxies: ToProxies,
    terms: Terms,
    subscriber: &SubscriberRecord,
) -> String {
    let reason = StatusCode::from_u16(response.status)
        .ok()
        .and_then(|status| status.canonical_reason());
    let mut head = format!(
        "HTTP/1.1 {} {}\r\n",
        response.status,
        reason.unwrap_or("Unknown")
    );
    let mut field = |name: &str, value: &dyn std::fmt::Display| {
        write!(head, "{name}: {value}\r\n").expect("writing to memory cannot fail");
    };
    if !terms.anonymous {
        field("Server", &"target-server");
    }
    field("Content-Type", &response.content_type);
    if !to_proxies.cacheable {
        field("Cache-Control", &"no-cache");
    }
    if let Some(coding) = response.content_encoding {
        field("Content-Encoding", &coding);
        field("Vary", &"Accept-Encoding");
    }
    if to_proxies.unbuffered {
        field("X-Accel-Buffering", &"no");
    }
    field("X-Stream", &subscriber.source);
    field("X-Subscriber", &subscriber.id);
    field(
        "X-Request-Id",
        &format_args!("{}-{}", terms.instance, subscriber.id),
    );
    match (length, framing) {
        (Some(length), _) => field("Content-Length", &length),
        (None, Framing::Chunked) => field("Transfer-Encoding", &"chunked"),
        (None, Framing::Close | Framing::Length | Framing::Bodyless) => {}
    }
    field("Connection", &"close");
    head.push_str("\r\n");
    head
}
