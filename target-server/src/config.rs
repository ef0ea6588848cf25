//! What a server is started with.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::skew::Skew;
use crate::values;

/// How to run a server.
///
/// `Config::default()` listens on a free loopback port, with one stream thread per core.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where streams and everything else are served; at least one.
    pub listen: Vec<Listen>,
    /// Where truth, clock, metrics and health are served besides: the way to one process of several on one port.
    pub control: Option<SocketAddr>,
    /// Certificate and key; with them every TCP address in `listen` speaks TLS. `control` stays plain.
    pub tls: Option<TlsFiles>,
    /// Lets several processes listen on one port; the kernel spreads connections over them.
    pub reuse_port: bool,
    /// Threads that write streams, at least one.
    pub threads: usize,
    /// Bytes that may wait for one slow subscriber before it is dropped.
    pub max_backlog: usize,
    /// Writes, and events, that the truth log keeps over all threads; 32 bytes each.
    pub truth_events: usize,
    /// Allows `mode` on addresses that others can reach.
    pub allow_misbehave: bool,
    /// Whether the kernel is asked when it sent what was written to plain TCP, and when the peer had it.
    pub kernel_stamps: bool,
    /// Time that handing an event to one subscriber costs besides, on the processor of its thread: a test aid.
    pub cost_per_subscriber: Duration,
    /// How wrong the clock is that `due`, `emitted`, `/clock` and `/truth` are told by: a test aid.
    pub skew: Skew,
    /// Whether streams come without a `Server` header, as those of most applications do.
    pub anonymous: bool,
    /// `GET /ready` is answered with this word: whoever started several servers knows by it which one answers.
    pub ready_word: Option<String>,
    /// One line of JSON per request is appended here.
    pub log: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))],
            control: None,
            tls: None,
            reuse_port: false,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            max_backlog: 1 << 20,
            truth_events: 2_000_000,
            allow_misbehave: false,
            kernel_stamps: false,
            cost_per_subscriber: Duration::ZERO,
            skew: Skew::default(),
            anonymous: false,
            ready_word: None,
            log: None,
        }
    }
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An IP address and a port; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A path in the file system; an abandoned socket there is replaced.
    Unix(PathBuf),
}

/// The text names no address.
#[derive(Debug, thiserror::Error)]
#[error("expected IP:PORT, [IPv6]:PORT or unix:PATH, such as 127.0.0.1:8080")]
pub struct BadListen;

impl FromStr for Listen {
    type Err = BadListen;

    fn from_str(text: &str) -> Result<Self, BadListen> {
        match text.strip_prefix("unix:") {
            Some("") => Err(BadListen),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| BadListen),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Where TLS finds what it needs, both in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate chain, leaf first.
    pub certificate: PathBuf,
    /// The private key of the leaf.
    pub key: PathBuf,
}

/// A time or a drift on the command line that is none.
#[derive(Debug, thiserror::Error)]
#[error("expected {0}")]
pub struct BadSkew(&'static str);

/// A time with a sign, such as `37ms` or `-2s`.
#[derive(Clone, Copy, Debug)]
pub struct SkewTime(
    /// Nanoseconds.
    pub i64,
);

impl FromStr for SkewTime {
    type Err = BadSkew;

    fn from_str(text: &str) -> Result<Self, BadSkew> {
        let (sign, length) = signed(text);
        values::duration(length)
            .and_then(|length| i64::try_from(length.as_nanos()).ok())
            .map(|nanos| Self(sign * nanos))
            .ok_or(BadSkew(
                "a whole number and a unit (us, ms, s, m, h), such as 37ms or -2s",
            ))
    }
}

/// A length of time, such as `200us`.
#[derive(Clone, Copy, Debug)]
pub struct Length(
    /// The time.
    pub Duration,
);

impl FromStr for Length {
    type Err = BadSkew;

    fn from_str(text: &str) -> Result<Self, BadSkew> {
        values::duration(text).map(Self).ok_or(BadSkew(
            "a whole number and a unit (us, ms, s, m, h), such as 200us",
        ))
    }
}

/// A drift with a sign, such as `50ppm`.
#[derive(Clone, Copy, Debug)]
pub struct SkewDrift(
    /// Nanoseconds a second.
    pub i64,
);

impl FromStr for SkewDrift {
    type Err = BadSkew;

    fn from_str(text: &str) -> Result<Self, BadSkew> {
        let (sign, rate) = signed(text);
        rate.strip_suffix("ppm")
            .and_then(|number| number.parse::<u32>().ok())
            .filter(|&ppm| ppm <= MOST_PPM)
            .map(|ppm| Self(sign * i64::from(ppm) * 1_000))
            .ok_or(BadSkew(
                "parts per million up to 500ppm, such as 50ppm or -20ppm",
            ))
    }
}

/// The most that a kernel corrects the rate of a clock by (adjtimex(2)).
const MOST_PPM: u32 = 500;

fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_back() {
        for text in ["127.0.0.1:0", "[::1]:8080", "unix:/run/stream.sock"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        for bad in ["8080", "localhost", "unix:", ""] {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }

    #[test]
    fn skews_are_read_with_their_sign_and_unit() {
        for (text, nanos) in [
            ("37ms", 37_000_000),
            ("-2s", -2_000_000_000),
            ("+5us", 5_000),
        ] {
            assert_eq!(text.parse::<SkewTime>().unwrap().0, nanos, "{text}");
        }
        for (text, ppb) in [("50ppm", 50_000), ("-20ppm", -20_000)] {
            assert_eq!(text.parse::<SkewDrift>().unwrap().0, ppb, "{text}");
        }
        for bad in ["37", "--2s", "ms", "9999999999999h", ""] {
            assert!(bad.parse::<SkewTime>().is_err(), "{bad}");
        }
        for bad in ["50", "501ppm", "0.5ppm", "-ppm", ""] {
            assert!(bad.parse::<SkewDrift>().is_err(), "{bad}");
        }
    }
}
