//! One request over HTTP/2, without I/O: bytes of the connection in, the head and the frames of the body out.
//!
//! The h2 crate does the protocol. It reads from a pipe that holds what one `recvmsg` brought and is pending after
//! that, so that whatever comes out belongs to that read and its stamp. It needs no runtime: the loop of the prober
//! polls it after each read. It must not know sockets, clocks or what the body means.

use crate::request::Request;
use bytes::{Bytes, BytesMut};
use h2::client::{self, Connection, ResponseFuture};
use h2::{Reason, RecvStream};
use http::header::{self, HeaderName, HeaderValue};
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a server may send before it is told that there is room for more; it is told after each read.
const WINDOW: u32 = 4 * 1024 * 1024;
/// As long as a head may be over HTTP/1 (`session::head`).
const MAX_HEAD_BYTES: u32 = 64 * 1024;
/// Answers to the server's own frames that wait to be sent; a server that floods is not read any further.
const MAX_WAITING: usize = 256 * 1024;

/// One request and what has come of it.
pub(super) struct Http2 {
    pipe: Pipe,
    /// None once it has ended.
    connection: Option<Connection<Pipe, Bytes>>,
    ended: Option<Broken>,
    phase: Phase,
}

enum Phase {
    Head(ResponseFuture),
    Body(RecvStream),
    Over,
}

/// What the server says.
#[derive(Debug)]
pub(super) enum Came {
    /// The status and the header fields, in order.
    Head(u16, Vec<(String, Vec<u8>)>),
    /// The data of one DATA frame; not empty.
    Data(Bytes),
    /// END_STREAM.
    End,
    /// There will be no more.
    Broken(Broken),
}

/// Why a response does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// RST_STREAM, with its reason.
    Reset(String),
    /// GOAWAY, with its reason.
    GoAway(String),
    /// The connection was closed.
    Closed,
    /// What came is no HTTP/2, or not as it should be.
    Malformed(String),
}

impl Http2 {
    /// A request whose bytes wait in [`Http2::outgoing`].
    ///
    /// Errors: what the request asks for cannot be said in HTTP/2; the text says what.
    pub(super) fn new(request: &Request, scheme: &str, host: &str) -> Result<Http2, String> {
        let head = head(request, scheme, host)?;
        let pipe = Pipe::default();
        let greeting = client::Builder::new()
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(MAX_HEAD_BYTES)
            .handshake::<_, Bytes>(pipe.clone());
        let Some(greeted) = now(pin!(greeting)) else {
            return Err("the connection preface waits".to_owned());
        };
        let (mut requests, mut connection) = greeted.map_err(|error| error.to_string())?;
        let has_body = !request.body.is_empty();
        let (response, mut sender) = requests
            .send_request(head, !has_body)
            .map_err(|error| error.to_string())?;
        if has_body {
            let body = Bytes::copy_from_slice(&request.body);
            sender
                .send_data(body, true)
                .map_err(|error| error.to_string())?;
        }
        // An error shows in the response too.
        let _ = now(Pin::new(&mut connection));
        Ok(Http2 {
            pipe,
            connection: Some(connection),
            ended: None,
            phase: Phase::Head(response),
        })
    }

    /// Takes in what one read brought.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.pipe.0.borrow_mut().incoming.extend_from_slice(bytes);
    }

    /// The connection brings no more.
    pub(super) fn closed(&mut self) {
        self.pipe.0.borrow_mut().is_closed = true;
    }

    /// The next thing that the bytes so far say; none when more bytes are needed.
    pub(super) fn next(&mut self) -> Option<Came> {
        // First the connection, which takes in the bytes. How it ends says more than what the stream notices of that.
        let polled = self.connection.as_mut();
        if let Some(ended) = polled.and_then(|connection| now(Pin::new(connection))) {
            self.connection = None;
            self.ended = Some(ended.err().map_or(Broken::Closed, Broken::from));
        }
        let is_over = matches!(self.phase, Phase::Over);
        let came = match self.said() {
            None | Some(Came::Broken(Broken::Closed)) if !is_over && self.ended.is_some() => {
                self.ended.take().map(Came::Broken)
            }
            said => said,
        };
        if matches!(came, Some(Came::End | Came::Broken(_))) {
            self.phase = Phase::Over;
        }
        came
    }

    fn said(&mut self) -> Option<Came> {
        match &mut self.phase {
            Phase::Head(response) => Some(match now(Pin::new(response))? {
                Ok(response) => {
                    let (parts, body) = response.into_parts();
                    self.phase = Phase::Body(body);
                    let text = |name: &HeaderName| name.as_str().to_owned();
                    let fields = parts.headers.iter();
                    let fields =
                        fields.map(|(name, value)| (text(name), value.as_bytes().to_vec()));
                    Came::Head(parts.status.as_u16(), fields.collect())
                }
                Err(error) => Came::Broken(error.into()),
            }),
            Phase::Body(body) => loop {
                let polled = body.poll_data(&mut Context::from_waker(Waker::noop()));
                let Poll::Ready(data) = polled else {
                    return None;
                };
                match data {
                    Some(Ok(data)) => {
                        // Refused only after the end of the stream, when no window is needed any more.
                        let _ = body.flow_control().release_capacity(data.len());
                        if !data.is_empty() {
                            return Some(Came::Data(data));
                        }
                    }
                    Some(Err(error)) => return Some(Came::Broken(error.into())),
                    None => return Some(Came::End),
                }
            },
            Phase::Over => None,
        }
    }

    /// Moves to the end of `bytes` what is to be sent.
    pub(super) fn outgoing(&mut self, bytes: &mut Vec<u8>) {
        bytes.append(&mut self.pipe.0.borrow_mut().outgoing);
    }
}

impl fmt::Debug for Http2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2").finish_non_exhaustive()
    }
}

impl From<h2::Error> for Broken {
    fn from(error: h2::Error) -> Broken {
        let reason = || {
            error
                .reason()
                .map_or_else(String::new, |reason| reason.to_string())
        };
        // What this side found wrong is an error of its own, even where it is sent as a reset or a GOAWAY.
        match &error {
            error if error.is_io() => Broken::Closed,
            error if !error.is_remote() => Broken::Malformed(error.to_string()),
            error if error.is_go_away() => Broken::GoAway(reason()),
            error if error.is_reset() && error.reason() == Some(Reason::NO_ERROR) => {
                Broken::Reset("no error".to_owned())
            }
            _ => Broken::Reset(reason()),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Reset(reason) => write!(f, "the server reset the stream (HTTP/2: {reason})"),
            Broken::GoAway(reason) => write!(f, "the server sent GOAWAY (HTTP/2: {reason})"),
            Broken::Closed => f.write_str("the connection ended before a response head"),
            Broken::Malformed(error) => write!(f, "no HTTP/2: {error}"),
        }
    }
}

/// Fields of HTTP/1 that speak of the connection and have no place in HTTP/2 (RFC 9113 section 8.2.2).
const OF_THE_CONNECTION: [&str; 7] = [
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

fn head(request: &Request, scheme: &str, host: &str) -> Result<http::Request<()>, String> {
    let uri = http::Uri::builder()
        .scheme(scheme)
        .authority(host)
        .path_and_query(&*request.path)
        .build()
        .map_err(|error| format!("{host}{}: {error}", request.path))?;
    let mut head = http::Request::new(());
    *head.version_mut() = http::Version::HTTP_2;
    *head.method_mut() = http::Method::from_bytes(request.method.as_bytes())
        .map_err(|error| format!("method {}: {error}", request.method))?;
    *head.uri_mut() = uri;
    let fields = head.headers_mut();
    for (name, value) in &request.headers {
        if OF_THE_CONNECTION
            .iter()
            .any(|other| other.eq_ignore_ascii_case(name))
        {
            continue;
        }
        let bad = |error: &dyn fmt::Display| format!("header {name}: {error}");
        let field = HeaderName::from_bytes(name.as_bytes()).map_err(|error| bad(&error))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| bad(&error))?;
        fields.append(field, value);
    }
    if !request.body.is_empty() || matches!(&*request.method, "POST" | "PUT" | "PATCH") {
        fields.insert(header::CONTENT_LENGTH, request.body.len().into());
    }
    Ok(head)
}

/// The value of a future that does not wait; it is polled again after the next read.
fn now<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Both directions of a connection, in memory.
#[derive(Clone, Default)]
struct Pipe(Rc<RefCell<Ends>>);

#[derive(Default)]
struct Ends {
    incoming: BytesMut,
    is_closed: bool,
    outgoing: Vec<u8>,
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut ends = self.0.borrow_mut();
        let bytes = buffer.remaining().min(ends.incoming.len());
        if bytes > 0 {
            buffer.put_slice(&ends.incoming.split_to(bytes));
        } else if !ends.is_closed {
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut ends = self.0.borrow_mut();
        if ends.outgoing.len() >= MAX_WAITING {
            return Poll::Pending;
        }
        ends.outgoing.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
