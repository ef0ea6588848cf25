//! The command line of target-server: flags in, a server started, signals turned into a stop. No logic of its own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use target_server::{
    Config, Length, Listen, Server, Skew, SkewDrift, SkewTime, TlsFiles, raise_descriptor_limit,
};

/// A reference server for event streams: live prices, publish and subscribe,
/// token streams; good or bad on request, with a log of what it really did.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80, after_help = EXAMPLES)]
struct Args {
    /// Where to listen: IP:PORT or unix:PATH; may be repeated
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: Vec<Listen>,

    /// Serve truth, clock, metrics and health here too: the way to one
    /// process of several that share a port
    #[arg(long, value_name = "IP:PORT")]
    control: Option<SocketAddr>,

    /// Speak TLS on TCP addresses, with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Share the port with other processes that say so too
    #[arg(long)]
    reuse_port: bool,

    /// Threads that write streams [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Bytes that may wait for a slow subscriber before it is dropped
    #[arg(long, value_name = "SIZE", default_value = "1MiB", value_parser = size)]
    max_backlog: usize,

    /// Writes that the truth log keeps, 32 bytes of memory each
    #[arg(long, value_name = "N", default_value = "2000000")]
    truth_events: usize,

    /// Allow mode=... on addresses that other machines can reach
    #[arg(long)]
    allow_misbehave: bool,

    /// Log in /truth when the kernel sent each event, and when the client's
    /// kernel had it; plain TCP only, 48 more bytes of memory a write
    #[arg(long)]
    kernel_stamps: bool,

    /// Keep a processor for this long for each event and subscriber, as a
    /// server would that does more for each of them
    #[arg(long, value_name = "TIME", default_value = "0s")]
    cost_per_subscriber: Length,

    /// Tell all times by a clock that is this far ahead, or behind (-2s);
    /// for tests of what a client makes of another host's clock
    #[arg(
        long,
        value_name = "TIME",
        default_value = "0s",
        allow_hyphen_values = true
    )]
    clock_skew: SkewTime,

    /// Let that clock run too fast by this, or too slow (-20ppm)
    #[arg(
        long,
        value_name = "RATE",
        default_value = "0ppm",
        allow_hyphen_values = true
    )]
    clock_drift: SkewDrift,

    /// Write no Server header before streams, as most applications do: a
    /// proxy then writes its own
    #[arg(long)]
    anonymous: bool,

    /// Answer GET /ready with `ready WORD`: proof that this server answers,
    /// and not another one that has its port
    #[arg(long, value_name = "WORD")]
    ready_word: Option<String>,

    /// Append one line of JSON per request to this file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  target-server
      then open http://127.0.0.1:8080/ in a browser
  curl -N 'http://127.0.0.1:8080/prices?interval=500ms&count=5'
      five prices, two a second
  curl -N 'http://127.0.0.1:8080/prices?mode=hold-size:4096'
      the same held back as a buffering proxy does
  curl 'http://127.0.0.1:8080/truth/t1'
      what was really written, and when

A wrong parameter or mode is answered with the values that are right.";

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("target-server: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<()> {
    // Before the first thread, so that a signal during the start ends the server as properly as a later one.
    let mut signals = Signals::new([SIGTERM, SIGINT]).context("cannot watch for signals")?;
    raise_descriptor_limit().context("cannot raise the limit of open files")?;
    let scheme = if args.tls_cert.is_some() {
        "https"
    } else {
        "http"
    };
    let server = Server::start(args.into_config())?;
    for address in server.addresses() {
        match address {
            Listen::Tcp(address) => say(&format!("listening on {scheme}://{address}")),
            Listen::Unix(_) => say(&format!("listening on {address}")),
        }
    }
    if let Some(address) = server.control_addr() {
        say(&format!("control on http://{address}"));
    }
    signals.forever().next();
    server.shutdown().context("a thread failed")
}

impl Args {
    fn into_config(self) -> Config {
        let defaults = Config::default();
        Config {
            listen: self.listen,
            control: self.control,
            tls: self
                .tls_cert
                .zip(self.tls_key)
                .map(|(certificate, key)| TlsFiles { certificate, key }),
            reuse_port: self.reuse_port,
            threads: self.threads.map_or(defaults.threads, usize::from),
            max_backlog: self.max_backlog,
            truth_events: self.truth_events,
            allow_misbehave: self.allow_misbehave,
            kernel_stamps: self.kernel_stamps,
            cost_per_subscriber: self.cost_per_subscriber.0,
            skew: Skew {
                offset_ns: self.clock_skew.0,
                drift_ppb: self.clock_drift.0,
            },
            anonymous: self.anonymous,
            ready_word: self.ready_word,
            log: self.log,
        }
    }
}

/// A number of bytes, with KiB or MiB behind it or without a unit.
fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = match (text.strip_suffix("KiB"), text.strip_suffix("MiB")) {
        (Some(number), _) => (number, 1 << 10),
        (_, Some(number)) => (number, 1 << 20),
        (None, None) => (text, 1),
    };
    let bytes = number
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(unit));
    bytes
        .filter(|&bytes| bytes > 0)
        .ok_or_else(|| "expected bytes, such as 65536, 64KiB or 1MiB".to_owned())
}

/// Tells the operator something; a standard error that is closed is no reason to stop serving.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap_or_default();
}
