//! The front: accepts connections, reads each request's head once, and hands the connection to whom it concerns:
//! a stream to the stream writer, anything else, with the bytes already read, to the web part.

pub(crate) mod listen;
pub(crate) mod log;
pub(crate) mod rewind;
pub(crate) mod tls;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use bytes::BytesMut;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::connection::{Peer, Socket};
use crate::messages::{Subscription, ToPacer};
use crate::request::head::{MAX_HEAD, RequestHead};
use crate::request::{self, BadRequest, Client, StreamRequest};
use crate::source::SourceSpec;
use listen::{Accepted, Listener};
use log::RequestLog;
use rewind::Rewind;

/// What all connections of a server have in common.
#[derive(Debug)]
pub(crate) struct Front {
    /// Where requests for streams go.
    pub pacer: mpsc::Sender<ToPacer>,
    /// What answers everything else.
    pub web: axum::Router,
    /// Where requests are written down.
    pub log: Option<RequestLog>,
    /// Whether `mode` is allowed wherever the server listens.
    pub allow_misbehave: bool,
    /// What is counted here.
    pub counters: Arc<FrontCounters>,
}

/// What the front counts, for `/metrics`.
#[derive(Debug, Default)]
pub(crate) struct FrontCounters {
    /// Requests whose head was read.
    pub requests: AtomicU64,
    /// Requests for a stream that were refused.
    pub refused: AtomicU64,
    /// Connections that the system could not accept, mostly for want of descriptors.
    pub accept_errors: AtomicU64,
}

/// From the accepted connection to the end of the request's head and body; and for a TLS handshake.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);
/// How long a refused client may go on sending before the connection is closed under it.
const REFUSAL_LINGER: Duration = Duration::from_secs(1);
/// The pause after a failed accept: with no descriptors left, an immediate retry would fail in a tight loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// The most bytes of a completion request's body.
const MAX_BODY: usize = 1 << 20;

/// Accepts connections until the task is dropped.
pub(crate) async fn serve(front: Arc<Front>, listener: Listener, tls: Option<TlsAcceptor>) {
    let origin = Origin {
        may_misbehave: front.allow_misbehave || listener.is_private(),
    };
    loop {
        match listener.accept().await {
            Ok(accepted) => {
                tokio::spawn(connection(front.clone(), accepted, tls.clone(), origin));
            }
            Err(_) => {
                front.counters.accept_errors.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// What is known of a connection by the listener it came through.
#[derive(Clone, Copy, Debug)]
struct Origin {
    may_misbehave: bool,
}

async fn connection(
    front: Arc<Front>,
    accepted: Accepted,
    tls: Option<TlsAcceptor>,
    origin: Origin,
) {
    // An error here is a client that left or stalled before it said what it wants: there is nobody to tell.
    let _ = match (accepted, tls) {
        (Accepted::Unix(stream), _) => front.first_request(stream, Peer::Unix, origin).await,
        (Accepted::Tcp(stream, address), None) => {
            front
                .first_request(stream, Peer::Tcp(address), origin)
                .await
        }
        (Accepted::Tcp(stream, address), Some(tls)) => {
            match timeout(REQUEST_PATIENCE, tls.accept(stream)).await {
                Ok(Ok(stream)) => {
                    front
                        .first_request(stream, Peer::Tcp(address), origin)
                        .await
                }
                Ok(Err(error)) => Err(error),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        }
    };
}

/// A connection that the stream writer can take over.
trait Transfer: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Takes the socket out of this runtime.
    fn into_socket(self) -> io::Result<Socket>;
}

impl Transfer for TcpStream {
    fn into_socket(self) -> io::Result<Socket> {
        Ok(Socket::Tcp(self.into_std()?))
    }
}

impl Transfer for UnixStream {
    fn into_socket(self) -> io::Result<Socket> {
        Ok(Socket::Unix(self.into_std()?))
    }
}

impl Transfer for TlsStream<TcpStream> {
    fn into_socket(self) -> io::Result<Socket> {
        let (socket, session) = self.into_inner();
        Ok(Socket::Tls(socket.into_std()?, Box::new(session)))
    }
}

/// A request that is not served: status, the fields that belong to it, and the text for a person.
struct Refusal {
    status: &'static str,
    fields: &'static str,
    text: String,
}

impl Refusal {
    fn new(status: &'static str, text: impl ToString) -> Self {
        Self {
            status,
            fields: "",
            text: text.to_string(),
        }
    }
}

impl From<BadRequest> for Refusal {
    fn from(error: BadRequest) -> Self {
        Self::new("400 Bad Request", error)
    }
}

impl Front {
    async fn first_request(
        &self,
        mut stream: impl Transfer,
        peer: Peer,
        origin: Origin,
    ) -> io::Result<()> {
        let mut input = BytesMut::new();
        let head = match timeout(REQUEST_PATIENCE, read_head(&mut stream, &mut input)).await {
            Ok(Ok(head)) => head,
            Ok(Err(HeadError::Io(error))) => return Err(error),
            Ok(Err(HeadError::Refused(refusal))) => return refuse(stream, refusal, false).await,
            Err(_) => {
                let text = format!("no complete request within {REQUEST_PATIENCE:?}");
                return refuse(stream, Refusal::new("408 Request Timeout", text), false).await;
            }
        };
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(log) = &self.log {
            log.note(peer, &head);
        }
        if !is_stream_path(head.path()) {
            return self.hand_to_web(stream, input).await;
        }
        let body = input.split_off(head.length);
        match self
            .stream_request(&mut stream, &head, body, peer, origin)
            .await?
        {
            Ok(request) => {
                let subscription = Subscription {
                    socket: stream.into_socket()?,
                    peer,
                    request,
                };
                // A pacer that is gone means a server that stops; the connection closes with the message.
                self.pacer
                    .send(ToPacer::Subscribe(Box::new(subscription)))
                    .unwrap_or_default();
                Ok(())
            }
            Err(refusal) => {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                refuse(stream, refusal, head.method == "HEAD").await
            }
        }
    }

    /// Makes a valid request of what was read, or says why it is none.
    async fn stream_request(
        &self,
        stream: &mut impl Transfer,
        head: &RequestHead,
        body: BytesMut,
        peer: Peer,
        origin: Origin,
    ) -> io::Result<Result<StreamRequest, Refusal>> {
        let client = Client {
            http10: head.http10,
            head_only: head.method == "HEAD",
            gzip: head.accepts_coding("gzip"),
            unix: matches!(peer, Peer::Unix),
        };
        let path = head.path();
        let allowed = if path == CHAT_PATH {
            "POST"
        } else {
            "GET, HEAD"
        };
        if !allowed.split(", ").any(|method| method == head.method) {
            return Ok(Err(method_not_allowed(path, allowed)));
        }
        let parsed = if path == CHAT_PATH {
            match timeout(REQUEST_PATIENCE, read_body(stream, head, body)).await? {
                Ok(body) => request::chat(head, &body, client),
                Err(HeadError::Io(error)) => return Err(error),
                Err(HeadError::Refused(refusal)) => return Ok(Err(refusal)),
            }
        } else if let Some(topic) = path.strip_prefix(SUBSCRIBE_PREFIX) {
            request::subscribe(head, topic, client)
        } else {
            request::prices(head, client)
        };
        Ok(match parsed {
            Err(error) => Err(error.into()),
            Ok(request) if request.mode.is_some() && !origin.may_misbehave => {
                Err(misbehaviour_refused())
            }
            Ok(request) => self.open_topic(&request.source).await.map(|()| request),
        })
    }

    /// Makes sure that the topic exists, if it is one; there may be too many.
    async fn open_topic(&self, source: &SourceSpec) -> Result<(), Refusal> {
        let SourceSpec::Topic(topic) = source else {
            return Ok(());
        };
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.pacer
            .send(ToPacer::OpenTopic(topic.clone(), reply))
            .unwrap_or_default();
        match answer.await {
            Ok(outcome) => outcome.map_err(|error| Refusal::new("429 Too Many Requests", error)),
            Err(_) => Err(Refusal::new("503 Service Unavailable", "the server stops")),
        }
    }

    /// Serves one request by hyper and closes: a later request on the same connection could ask for a stream, and that
    /// is not hyper's to write.
    async fn hand_to_web(&self, stream: impl Transfer, input: BytesMut) -> io::Result<()> {
        let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
        builder.http1().keep_alive(false);
        let service = TowerToHyperService::new(self.web.clone());
        let io = TokioIo::new(Rewind::new(input.freeze(), stream));
        builder
            .serve_connection(io, service)
            .await
            .map_err(io::Error::other)
    }
}

const CHAT_PATH: &str = "/v1/chat/completions";
const SUBSCRIBE_PREFIX: &str = "/subscribe/";

fn is_stream_path(path: &str) -> bool {
    path == "/prices" || path == CHAT_PATH || path.starts_with(SUBSCRIBE_PREFIX)
}

fn method_not_allowed(path: &str, allowed: &str) -> Refusal {
    let fields = if allowed == "POST" {
        "Allow: POST\r\n"
    } else {
        "Allow: GET, HEAD\r\n"
    };
    Refusal {
        status: "405 Method Not Allowed",
        fields,
        text: format!("{path} takes {allowed}"),
    }
}

fn misbehaviour_refused() -> Refusal {
    let text = "mode is refused: this address can be reached from other machines. \
                Listen on loopback, or start the server with --allow-misbehave";
    Refusal::new("403 Forbidden", text)
}

/// Why there is no head or no body.
enum HeadError {
    Io(io::Error),
    Refused(Refusal),
}

impl From<io::Error> for HeadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads until the head is complete; `input` then holds it and what came with it.
async fn read_head(
    stream: &mut impl Transfer,
    input: &mut BytesMut,
) -> Result<RequestHead, HeadError> {
    loop {
        if stream.read_buf(input).await? == 0 {
            return Err(HeadError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        match RequestHead::parse(input) {
            Ok(Some(head)) => return Ok(head),
            Ok(None) if input.len() <= MAX_HEAD => {}
            Ok(None) => {
                let text = format!("the request's head is larger than {MAX_HEAD} bytes");
                return Err(HeadError::Refused(Refusal::new(
                    "431 Request Header Fields Too Large",
                    text,
                )));
            }
            Err(error) => return Err(HeadError::Refused(Refusal::new("400 Bad Request", error))),
        }
    }
}

/// Reads the body that the head announces.
async fn read_body(
    stream: &mut impl Transfer,
    head: &RequestHead,
    mut body: BytesMut,
) -> Result<BytesMut, HeadError> {
    if head.header("transfer-encoding").is_some() {
        let text = "send the body with Content-Length, not in chunks";
        return Err(HeadError::Refused(Refusal::new(
            "411 Length Required",
            text,
        )));
    }
    let length = match head.header("content-length").map(str::parse::<usize>) {
        None => 0,
        Some(Ok(length)) if length <= MAX_BODY => length,
        Some(_) => {
            let text = format!("Content-Length must be a number up to {MAX_BODY}");
            return Err(HeadError::Refused(Refusal::new(
                "413 Content Too Large",
                text,
            )));
        }
    };
    if body.len() < length && head.header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(HeadError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
    }
    body.truncate(length);
    Ok(body)
}

/// Says no, and stays until the client has heard it: closing over unread input would reset the connection.
async fn refuse(mut stream: impl Transfer, refusal: Refusal, head_only: bool) -> io::Result<()> {
    let Refusal {
        status,
        fields,
        mut text,
    } = refusal;
    text.push('\n');
    let head = format!(
        "HTTP/1.1 {status}\r\nServer: target-server\r\nContent-Type: text/plain; charset=utf-8\r\n{fields}\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    let answer = if head_only { head } else { head + &text };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let rest = &mut stream.take(MAX_BODY as u64);
    let drained = timeout(
        REFUSAL_LINGER,
        tokio::io::copy(rest, &mut tokio::io::sink()),
    )
    .await;
    drained.map_or(Ok(()), |outcome| outcome.map(drop))
}
