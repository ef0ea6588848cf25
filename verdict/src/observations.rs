//! What was seen of one stream, as plain data: the only input of a diagnosis.
//!
//! Nothing here judges. Times are of this machine's CLOCK_REALTIME; what a
//! server stamped has been moved onto that clock before it comes in.

use run_record::time::{Interval, Nanos, Wall};

/// All probes of one check, in the order in which they were started.
///
/// The first probe asks as a browser would. May be empty: then nothing is known.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// What each request saw.
    pub probes: Vec<Probe>,
    /// What is known about the machine that measured.
    pub own: Own,
}

/// How fit the measuring machine was.
#[derive(Clone, Copy, Debug, Default)]
pub struct Own {
    /// 99 % of this process's timers were at most so late.
    pub lateness_p99: Nanos,
    /// How far CLOCK_REALTIME stepped against CLOCK_MONOTONIC during the check, if it did.
    pub clock_step: Option<Nanos>,
}

/// One request and everything that came back.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// What was asked, and when.
    pub request: Request,
    /// Why there was no response at all. `head` is absent then.
    pub failure: Option<String>,
    /// Time of the TCP handshake: one round trip. Absent for a Unix socket.
    pub round_trip: Option<Nanos>,
    /// The response head; absent until it has arrived whole.
    pub head: Option<Head>,
    /// Reads that brought body bytes, by time.
    pub reads: Vec<Read>,
    /// Chunks of HTTP/1.1 chunked framing that are complete, by time; empty with other framing.
    pub chunks: Vec<Chunk>,
    /// DATA frames of HTTP/2 that are complete and not empty, by time; empty with any other version.
    pub frames: Vec<Chunk>,
    /// Complete members of gzip in the body: more than one, and some libraries stop after the first.
    pub gzip_members: u64,
    /// Events, in the order of arrival.
    pub events: Vec<Event>,
    /// Comment lines (heartbeats), in the order of arrival.
    pub comments: Vec<Comment>,
    /// How the response ended, or until when it was watched.
    pub end: End,
    /// Times in which this process did not run when it should have, by time, not overlapping.
    pub stalls: Vec<Interval>,
    /// How far stamps of the server can be trusted on this machine's clock.
    pub server_clock: ServerClock,
    /// What the server itself logged about this stream, where that log can be read.
    pub truth: Option<Truth>,
}

/// One request, as it was sent.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Probes of the same round ran at the same time.
    pub round: u16,
    /// `GET`, `POST`, ...
    pub method: String,
    /// The value of `Accept-Encoding`; absent when none was sent.
    pub accept_encoding: Option<String>,
    /// How the body was read.
    pub format: Format,
    /// Who chose that format.
    pub format_from: FormatFrom,
    /// What was asked of a server that can be asked.
    pub asked: Asked,
    /// How it travelled.
    pub way: Way,
    /// When the schedule wanted the request to begin.
    pub scheduled: Wall,
    /// When the last byte of the request was accepted by the kernel; absent when it never was.
    pub sent: Option<Wall>,
}

/// How a body is cut into events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Server-sent events.
    #[default]
    Sse,
    /// One event per line.
    Lines,
    /// One event per chunk, or per read where there are no chunks.
    Bytes,
}

/// Who chose the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FormatFrom {
    /// The content type of the response, see [`crate::media::format_of`].
    #[default]
    ContentType,
    /// The user: the content type is not judged then.
    User,
}

/// How a request travelled, as far as the client decides that: the same question on another way is a control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Which versions of HTTP were offered; the head says which one was spoken.
    pub http: Offer,
    /// The largest segment that TCP was allowed, in bytes, as on Ethernet; absent leaves it to the path. On loopback
    /// a segment has 64 KiB, so that what is corked below TCP never fills one.
    pub max_segment: Option<u16>,
}

/// Which versions of HTTP a client offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offer {
    /// As a browser does: HTTP/2 where TLS agrees on it, else HTTP/1.1.
    #[default]
    Newest,
    /// No other than this one.
    Only(Version),
}

/// What the query asked of a server that understands it; all absent for any other server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Time between two events.
    pub interval: Option<Nanos>,
    /// Bytes of one event.
    pub size: Option<u64>,
    /// How many events before the response ends.
    pub count: Option<Count>,
}

/// How long a stream was asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many events.
    Events(u64),
    /// Without end.
    Endless,
}

/// A response head.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Protocol of the status line.
    pub version: Version,
    /// Status code, 100 to 599.
    pub status: u16,
    /// Header fields as they came, in order, names in their own case.
    pub headers: Vec<(String, String)>,
    /// When its closing blank line arrived.
    pub arrival: Interval,
}

impl Head {
    /// The value of the first field of that name, whatever its case; trimmed.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.trim())
    }

    /// The media type without its parameters, in lower case: Tomcat and PHP append a charset.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        let essence = value.split(';').next().unwrap_or(value).trim();
        (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
    }

    /// The content coding, in lower case; absent where the body is not coded.
    #[must_use]
    pub fn content_coding(&self) -> Option<String> {
        let value = self.header("content-encoding")?.to_ascii_lowercase();
        (!value.is_empty() && value != "identity" && value != "none").then_some(value)
    }

    /// Whether the message says that it is framed by chunks.
    #[must_use]
    pub fn is_chunked(&self) -> bool {
        let coding = self.header("transfer-encoding").unwrap_or_default();
        coding
            .to_ascii_lowercase()
            .split(',')
            .any(|token| token.trim() == "chunked")
    }

    /// The announced length of the body.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }
}

/// HTTP version of a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    #[default]
    Http11,
    /// HTTP/2.
    Http2,
}

impl Version {
    /// As people write it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// One read that brought bytes of the body.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    /// When its bytes arrived: from the last moment the socket was known empty
    /// to the kernel's stamp, or to `read` where there is none.
    pub arrival: Interval,
    /// Whether `arrival.latest` is a kernel stamp, which belongs to the last byte.
    pub stamped: bool,
    /// When this process had the bytes.
    pub read: Wall,
    /// Bytes of body it brought: transfer coding removed, content coding not.
    pub body_bytes: u64,
}

/// One complete chunk of chunked framing, or one DATA frame of HTTP/2.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// Bytes of its data.
    pub bytes: u64,
    /// When its last byte arrived.
    pub arrival: Interval,
}

/// One event, as the format of the request cuts the body.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The read that completed it: an index into [`Probe::reads`].
    pub read: usize,
    /// Its bytes in the decoded body: from the first byte of its first field to
    /// the end of its blank line. Comments and lone `retry:` blocks before it do not count.
    pub bytes: u64,
    /// Offset just behind it in the decoded body.
    pub end_offset: u64,
    /// Its number, where the server gives one.
    pub seq: Option<u64>,
    /// When it should have been emitted.
    pub due: Option<Wall>,
    /// When the server built it.
    pub emitted: Option<Wall>,
    /// Whether it names a type of its own (`event: price`).
    pub named: bool,
    /// Equal for equal data; absent for an event without.
    pub digest: Option<u64>,
}

/// One comment line.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    /// The read that completed it: an index into [`Probe::reads`].
    pub read: usize,
    /// Its bytes in the decoded body.
    pub bytes: u64,
}

/// How a response ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct End {
    /// In which way.
    pub kind: EndKind,
    /// When; for [`EndKind::StillOpen`] until when it was watched.
    pub at: Wall,
}

/// In which way a response ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndKind {
    /// It did not: watching stopped first.
    #[default]
    StillOpen,
    /// The last chunk, or HTTP/2's end of stream.
    LastChunk,
    /// As many bytes as Content-Length announced.
    Length,
    /// The connection closed, and neither chunks nor a length were announced.
    Close,
    /// The connection closed before the announced end.
    Truncated,
    /// Reset by the peer: the connection, or by RST_STREAM the stream alone.
    Reset,
    /// Given up by HTTP/2's GOAWAY.
    GoAway,
    /// Bytes that are no chunk where a chunk should be.
    BadFraming,
}

impl EndKind {
    /// Whether the message ended as its framing says it should.
    #[must_use]
    pub const fn is_clean(self) -> bool {
        matches!(self, Self::LastChunk | Self::Length | Self::Close)
    }

    /// Whether the message was broken off.
    #[must_use]
    pub const fn is_broken(self) -> bool {
        matches!(
            self,
            Self::Truncated | Self::Reset | Self::GoAway | Self::BadFraming
        )
    }
}

/// How far the server's stamps can be compared with arrivals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerClock {
    /// Its offset is not known: stamps give the rhythm of the source, no delay.
    #[default]
    Unknown,
    /// The offset is known with this bound; zero on one host.
    Within(Nanos),
}

/// What the server logged about the stream of a probe, up to its end or to the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Events it made for this stream.
    pub emitted_events: u64,
    /// Bytes of those events, where the log says so.
    pub emitted_bytes: Option<u64>,
    /// Events it wrote to this connection.
    pub written_events: u64,
    /// Whether the source would have gone on after the response ended.
    pub more_to_come: bool,
}
