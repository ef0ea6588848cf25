//! The front: accepts connections, reads each request's head once, and hands the connection to whom it concerns:
//! a stream to the stream writer, anything else, with the bytes already read, to the web part.

pub(crate) mod clock;
pub(crate) mod listen;
pub(crate) mod log;
mod reading;
mod refusal;
pub(crate) mod rewind;
pub(crate) mod tls;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::clock::now;
use crate::connection::{Client, Peer, Socket};
use crate::frame::Author;
use crate::messages::{Subscription, ToPacer};
use crate::request::head::RequestHead;
use crate::request::{self, StreamRequest};
use crate::source::SourceSpec;
use listen::{Accepted, Listener};
use log::RequestLog;
use reading::{ReadError, read_body, read_head};
use refusal::{Refusal, method_not_allowed, misbehaviour_refused, refuse};
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
    /// Whose clock `/clock` shows.
    pub author: Author,
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
/// The pause after a failed accept: with no descriptors left, an immediate retry would fail in a tight loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

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

impl Front {
    async fn first_request(
        &self,
        mut stream: impl Transfer,
        peer: Peer,
        origin: Origin,
    ) -> io::Result<()> {
        let mut input = BytesMut::new();
        let head = match self.head(&mut stream, &mut input, peer).await {
            Ok(Some(head)) => head,
            Ok(None) => return stream.shutdown().await,
            Err(ReadError::Io(error)) => return Err(error),
            Err(ReadError::Refused(refusal)) => return refuse(stream, refusal, false).await,
        };
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

    /// The head of the first request that does not ask for the clock; none if such a request was the last.
    async fn head(
        &self,
        stream: &mut impl Transfer,
        input: &mut BytesMut,
        peer: Peer,
    ) -> Result<Option<RequestHead>, ReadError> {
        loop {
            let head = timeout(REQUEST_PATIENCE, read_head(stream, input)).await;
            let head = head.unwrap_or_else(|_| {
                let text = format!("no complete request within {REQUEST_PATIENCE:?}");
                Err(ReadError::Refused(Refusal::new(
                    "408 Request Timeout",
                    text,
                )))
            })?;
            let received = now();
            self.counters.requests.fetch_add(1, Ordering::Relaxed);
            if let Some(log) = &self.log {
                log.note(peer, &head);
            }
            if !clock::is_asked(&head) {
                return Ok(Some(head));
            }
            if !clock::answer(stream, &head, received, self.author).await? {
                return Ok(None);
            }
            input.advance(head.length);
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
                Err(ReadError::Io(error)) => return Err(error),
                Err(ReadError::Refused(refusal)) => return Ok(Err(refusal)),
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
