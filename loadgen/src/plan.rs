//! What a run will do, in words of the field: valid by construction, free of command-line types.
//! It must not know clap, read a clock or open a socket; `cli` makes it and the engine runs it.

mod capacity;
mod check;
mod clock;
mod draft;
mod json_path;
mod probe;
mod route;
mod share;
mod tls;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use capacity::CapacityPlan;
pub use check::{CheckPlan, Expect};
pub use clock::{Ahead, ClockAsked, ClockServer, ClockSource, ServerClock, ServerReading};
pub use draft::{CheckDraft, Draft, Processes};
pub use json_path::{JsonPath, JsonPathError, TimeUnit};
pub use route::{ConnectTo, Resolve, Route, RouteError};
pub use share::{Part, Share};
pub use tls::{TlsError, Trust};
pub use verdict::observations::{Offer, Version};

use run_record::limits::Limit;
use run_record::time::Wall;
use serde::{Deserialize, Serialize};

use crate::request::{Request, Users};
use crate::schedule::Arrivals;

/// One run, ready to start: every name resolved, every file read, every number in range.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The address as asked for; `http` or `https`, without user info and without fragment.
    pub url: url::Url,
    /// Where connections go.
    pub target: Target,
    /// What each connection asks.
    pub request: Request,
    /// Who the subscribers are, where they differ (`--users`): each has a request of his own then, and `request` has columns in
    /// braces in the places of his values.
    pub users: Option<Arc<Users>>,
    /// How many connections, when, and from where.
    pub load: Load,
    /// What a subscriber does when its stream ends.
    pub subscriber: SubscriberPolicy,
    /// Where the time an event was sent is found.
    pub stamps: StampSource,
    /// By which clock that time is told.
    pub server_clock: ServerClock,
    /// Where the number of an event in its sequence is found.
    pub sequence: SequenceSource,
    /// The spacing at which events are due (`--due-every`), where the payload does not say it.
    pub due_every: Option<Duration>,
    /// How a body is cut into events.
    pub format: Format,
    /// The response header by whose values results are told apart (`--by`), in lower case.
    pub by: Option<String>,
    /// What the measurement is held against, as given.
    pub limits: Vec<Limit>,
    /// How much is kept event by event.
    pub trace: TracePlan,
    /// What is shown and written.
    pub output: Output,
    /// Go on when most attempts are refused (`--keep-going`); otherwise the circuit breaker stops the run.
    pub keep_going: bool,
}

/// Where connections go and as whom they address the server.
#[derive(Clone, Debug)]
pub struct Target {
    /// Never empty; connections of a run use them in turn, and each took a connection beforehand.
    pub endpoints: Vec<Endpoint>,
    /// The value of the `Host` header: name, and port where it is not the scheme's own.
    pub host: String,
    /// Present if and only if the URL is `https`.
    pub tls: Option<TlsPlan>,
}

/// One place that accepts connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Endpoint {
    /// An address and port.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl Endpoint {
    /// Whether it is on this machine for certain.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// How the server is authenticated and what is negotiated.
#[derive(Clone, Debug)]
pub struct TlsPlan {
    /// The name the certificate must carry; sent as SNI unless it is an address.
    pub server_name: rustls_pki_types::ServerName<'static>,
    /// Roots, verification and ALPN, shared by all connections.
    pub config: Arc<rustls::ClientConfig>,
}

/// The shape of the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Subscribers of the whole run, held at once; at least 1.
    pub connections: u32,
    /// Which of them are held here.
    pub share: Share,
    /// Processes of this program that hold them; at least 1.
    pub processes: u32,
    /// When the ramp begins; as soon as can be where it is not given. It may be past: then connections are late.
    pub start_at: Option<Wall>,
    /// Time over which they are opened; zero opens all at once.
    pub ramp: Duration,
    /// How their starts lie in it.
    pub arrivals: Arrivals,
    /// Time for which they are held after the ramp; above zero.
    pub hold: Duration,
    /// Threads that drive connections, of all processes together; at least 1 and at most as many as there are connections here.
    pub workers: usize,
    /// Local addresses that connections start from, in turn; empty leaves the choice to the kernel.
    pub sources: Vec<IpAddr>,
}

impl Load {
    /// Subscribers that are held here.
    pub fn own(&self) -> u32 {
        self.share.count(self.connections)
    }
}

/// What a subscriber does when its stream ends, as an `EventSource` would.
///
/// Source: WHATWG HTML, server-sent events, "reestablish the connection".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberPolicy {
    /// Connect again after a clean end or a broken connection.
    pub reconnect: bool,
    /// Delay before that while the server has sent no `retry`.
    pub default_retry: Duration,
    /// The shortest delay, whatever the server asks: `retry: 0` must not turn a run into a storm.
    pub retry_floor: Duration,
    /// The longest delay, whatever the server asks; keeps sums of times far from overflow.
    pub retry_cap: Duration,
}

impl Default for SubscriberPolicy {
    /// As browsers do: Chromium waits 3 s by default and honours a `retry` of 20 ms.
    fn default() -> Self {
        Self {
            reconnect: true,
            default_retry: Duration::from_secs(3),
            retry_floor: Duration::from_millis(10),
            retry_cap: Duration::from_secs(3600),
        }
    }
}

/// Where the time an event was sent is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StampSource {
    /// target-server's own payload is recognised; nothing else is read.
    Auto,
    /// A member of the event's JSON data.
    Json {
        /// Where in the data.
        pointer: JsonPath,
        /// How the value is to be read.
        unit: TimeUnit,
        /// What the wall clock said when this machine's monotonic one began, where the server runs on this machine: there
        /// a time too small for the wall clock is of that one, which all processes of a Linux machine share.
        boot: Option<Wall>,
    },
    /// Nowhere: only arrivals are judged.
    None,
}

impl StampSource {
    /// The same of a server on this machine, whose monotonic clock began at `boot`.
    #[must_use]
    pub fn on_this_machine(self, boot: Option<Wall>) -> StampSource {
        match self {
            StampSource::Json { pointer, unit, .. } => StampSource::Json {
                pointer,
                unit,
                boot,
            },
            other => other,
        }
    }
}

/// Where the number of an event in its sequence is found; what loss, duplicates and order are told by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceSource {
    /// target-server's own payload is recognised; nothing else is read.
    Auto,
    /// The event's `id` field, a decimal number.
    Id,
    /// A member of the event's JSON data, a whole number or a string of digits.
    Json {
        /// Where in the data.
        pointer: JsonPath,
    },
    /// Nowhere.
    None,
}

/// How a body is cut into events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// By the content type of the response.
    Auto,
    /// `text/event-stream`, whatever the content type says.
    Sse,
    /// One event a line (plain text, NDJSON).
    Lines,
    /// One event a piece of body, as it was framed.
    Bytes,
}

/// How much of a run is kept event by event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracePlan {
    /// Streams whose arrivals are kept.
    pub streams: usize,
    /// Events kept of each of them.
    pub events_per_stream: usize,
}

/// What is shown and written; by default a page on stdout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Where the run record goes (`--out`).
    pub record: Option<PathBuf>,
    /// Reports written beside it (`--report`, `--junit`), each in its format.
    pub reports: Vec<(PathBuf, ReportFormat)>,
    /// Where every event goes, as CSV, compressed (`--raw`).
    pub raw: Option<PathBuf>,
    /// Where a summary goes if something is not as in the baseline (`--md-on-change`).
    pub on_change: Option<PathBuf>,
    /// Print one JSON object on stdout instead of a page for people.
    pub json: bool,
    /// Print a line of JSON each second on stdout (`--live-json`), and the page on stderr.
    pub live_json: bool,
    /// Show progress on stderr while the run goes on.
    pub progress: bool,
    /// When to colour.
    pub color: Color,
    /// Only ASCII symbols.
    pub ascii: bool,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// A page for a browser.
    Page,
    /// A summary in Markdown.
    Markdown,
    /// JUnit XML.
    Junit,
    /// The interval log of HdrHistogram.
    IntervalLog,
    /// The percentile table of HdrHistogram.
    PercentileTable,
    /// An OpenMetrics text.
    OpenMetrics,
    /// The timeline as CSV.
    Timeseries,
    /// What github-action-benchmark reads.
    Benchmark,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
