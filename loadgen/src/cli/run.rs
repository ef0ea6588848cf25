//! `loadgen run`: its options, and the draft of a plan that they ask for.
//! It must not open a connection or read a clock.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::{Args, value_parser};
use run_record::baseline::Baseline;
use run_record::limits::Limit;
use run_record::redact;
use url::Url;

use super::baseline::BaselineArgs;
use super::check::ExpectArg;
use super::events::EventArgs;
use super::files::FileArgs;
use super::output::OutputArgs;
use super::request::{self, RequestArgs};
use super::rows::RowArgs;
use super::series::{Series, SeriesArgs};
use super::share::ShareArgs;
use super::users::UserArgs;
use super::values::{self, Rate, Spread};
use super::{UsageError, after_help};
use crate::plan::{
    ClockAsked, ClockServer, Draft, Expect, Load, Output, Part, Plan, ServerClock, Share,
    SubscriberPolicy, Target, TracePlan,
};
use crate::request::{Asked, Environment, Users};
use crate::schedule::Arrivals;

/// The options of `loadgen run`, as typed.
#[derive(Debug, Args)]
#[command(after_help = after_help(EXAMPLE))]
pub struct RunArgs {
    /// The stream: an http or https address
    #[arg(value_parser = values::http_url)]
    pub(super) url: Url,

    #[command(flatten)]
    pub(super) load: LoadArgs,

    #[command(flatten)]
    pub(super) users: UserArgs,

    #[command(flatten)]
    pub(super) share: ShareArgs,

    #[command(flatten)]
    pub(super) request: RequestArgs,

    /// Ask for gzip, deflate, br or zstd, and decode what comes
    #[arg(long, help_heading = request::HEADING)]
    pub(super) compressed: bool,

    #[command(flatten)]
    pub(super) events: EventArgs,

    #[command(flatten)]
    pub(super) trace: TraceArgs,

    #[command(flatten)]
    pub(super) clock: ClockArgs,

    /// Results for each value of a response header too, such as x-served-by
    #[arg(long, value_name = "HEADER", value_parser = values::telling_header, help_heading = "Events")]
    pub(super) by: Option<String>,

    /// Two more streams in a process of their own, compared with the load
    #[arg(long, help_heading = "Load")]
    pub(super) unloaded_probe: bool,

    /// This process is that one, and its record goes here
    #[arg(long, value_name = "FILE", hide = true)]
    pub(super) unloaded_probe_record: Option<PathBuf>,

    /// This process is one of several that make the run; the socket is its parent's
    #[arg(long, value_name = "SOCKET", hide = true)]
    pub(super) process_of: Option<PathBuf>,

    #[command(flatten)]
    pub(super) series: SeriesArgs,

    #[command(flatten)]
    pub(super) limits: LimitArgs,

    #[command(flatten)]
    pub(super) baseline: BaselineArgs,

    #[command(flatten)]
    pub(super) files: FileArgs,

    #[command(flatten)]
    pub(super) rows: RowArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

const EXAMPLE: &str = "  loadgen run https://example.com/prices -c 5000 --for 60s --ramp 10s \\
      -H 'Authorization: Bearer ${TOKEN}' --allow-host example.com \\
      --sent-at json:/sent:ms --max transit.p99=100ms --max lost=0";

/// More than one machine has ports and memory for; above it a number is a slip of the finger.
const MOST_CONNECTIONS: i64 = 10_000_000;

#[derive(Debug, Args)]
#[command(next_help_heading = "Load")]
pub(super) struct LoadArgs {
    /// Subscribers held at once
    #[arg(short, long, value_name = "N", value_parser = value_parser!(u32).range(1..=MOST_CONNECTIONS))]
    connections: u32,

    /// How they are spread: constant, poisson, or gamma:SHAPE (below 1: in bursts)
    #[arg(long, value_name = "HOW", default_value = "constant", value_parser = values::arrivals)]
    arrivals: Spread,

    /// What random starts begin with: the same seed, the same starts
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Time for which they are held, after the ramp
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = values::positive_duration)]
    hold: Duration,

    /// Time over which they are opened
    #[arg(long, value_name = "TIME", value_parser = values::duration, conflicts_with = "rate")]
    ramp: Option<Duration>,

    /// Connections opened per second
    #[arg(long, value_name = "N/s", default_value = "1000/s", value_parser = values::rate)]
    rate: Rate,

    /// Do not connect again when a stream ends
    #[arg(long)]
    no_reconnect: bool,

    /// Threads that drive connections, of all processes together [default: one per core]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..))]
    workers: Option<u16>,

    /// Local address to connect from; several are used in turn
    #[arg(
        long = "source-ip",
        value_name = "ADDRESS",
        conflicts_with = "unix_socket"
    )]
    sources: Vec<IpAddr>,

    /// Try until the target answers, at most this long
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = values::duration)]
    wait: Duration,

    /// The URL's host, spelled out: its owner agrees to more than 100 connections
    #[arg(long, value_name = "NAME")]
    allow_host: Option<String>,

    /// Go on when the server refuses or answers 429 or 503 to most attempts
    #[arg(long)]
    keep_going: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Events")]
pub(super) struct TraceArgs {
    /// Streams whose arrivals are kept event by event
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u16).range(..=16))]
    trace: u16,

    /// Events kept of each of them
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=1_024))]
    trace_events: u32,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Clock of another host, for delivery and transit")]
pub(super) struct ClockArgs {
    /// Where a target-server tells it: http://HOST/clock
    #[arg(long, value_name = "URL", value_parser = values::http_url, conflicts_with = "assume_synced")]
    clock: Option<Url>,

    /// It is kept to this machine's by other means, to within this
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    assume_synced: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits; one that is missed ends with exit code 1")]
pub(super) struct LimitArgs {
    /// Verdict demanded: live, batched, buffered, cut or any; if given, one that cannot be told ends with 4 [default: live]
    #[arg(long, value_name = "VERDICT", value_enum, hide_possible_values = true)]
    expect: Option<ExpectArg>,

    /// Largest value allowed, such as delivery.p99=100ms, lost=0 or delivery.p99=baseline+10%
    #[arg(long, value_name = "METRIC=LIMIT", value_parser = Limit::parse_max)]
    max: Vec<Limit>,

    /// Smallest value allowed, such as connections=5000 or reach=99.9%
    #[arg(long, value_name = "METRIC=LIMIT", value_parser = Limit::parse_min)]
    min: Vec<Limit>,
}

impl RunArgs {
    /// The socket of the process that this one works for, if it does.
    pub fn process_of(&self) -> Option<PathBuf> {
        self.process_of.clone()
    }

    /// The series that was asked for instead of a single run.
    ///
    /// Errors: one that could not be compared.
    pub fn series(&self, environment: &Environment<'_>) -> Result<Option<Series>, UsageError> {
        let asked = self.series.asked()?;
        if asked.is_some() && self.request.reads_standard_input() {
            return Err(UsageError::StandardInputTwice("--repeat"));
        }
        let output = self.output(environment);
        let of_one_run = [
            ("--raw", output.raw.is_some()),
            ("--md-on-change", output.on_change.is_some()),
            ("--live-json", output.live_json),
        ];
        let named = of_one_run.iter().find(|(_, is_asked)| *is_asked);
        if let (true, Some((option, _))) = (asked.is_some(), named) {
            return Err(UsageError::OneRunOnly(option));
        }
        Ok(asked.map(|(repeat, has_baseline)| Series {
            repeat,
            has_baseline,
            output,
        }))
    }

    fn output(&self, environment: &Environment<'_>) -> Output {
        let plain = self.output.clone().into_output(environment);
        let output = self.rows.clone().with(self.files.clone().with(plain));
        Output {
            on_change: self.baseline.md_on_change.clone(),
            ..output
        }
    }

    /// The earlier run that was named, read; limits that are relative to it are worked out.
    ///
    /// Errors: it cannot be read, or lacks what a limit is relative to.
    pub fn take_baseline(&mut self) -> Result<Option<Baseline>, UsageError> {
        let LimitArgs { max, min, .. } = &mut self.limits;
        let baseline = self.baseline.read(max)?;
        self.baseline.read(min)?;
        Ok(baseline)
    }

    /// The verdict demanded, if the user named one; LIVE is demanded in any case.
    pub fn expect(&self) -> Option<Expect> {
        self.limits.expect.map(Expect::from)
    }

    /// Whether a probe in a process of its own is to run beside the load.
    pub fn is_beside_probe(&self) -> bool {
        self.unloaded_probe && self.unloaded_probe_record.is_none()
    }

    /// The run asked for; files are read and environment variables filled in here.
    pub fn draft(mut self, environment: &Environment<'_>) -> Result<Draft, UsageError> {
        if self.unloaded_probe && self.request.reads_standard_input() {
            return Err(UsageError::StandardInputTwice("--unloaded-probe"));
        }
        self.url = self.series.url(self.url);
        let output = self.series.output(self.output(environment));
        let route = self.request.route(&self.url);
        let tls = self.request.tls(&self.url)?;
        let clock = self.clock.asked(&self.request)?;
        let table = self.users.table(&mut self.request)?;
        let asked = Asked {
            compressed: self.compressed,
            ..self.request.asked(environment)?
        };
        let users = table
            .map(|table| Users::new(asked.clone(), &self.url, table))
            .transpose()?;
        let (request, host) = asked.into_request(&self.url);
        let (processes, shard) = (self.share.processes(), self.share.shard(environment)?);
        let (wait, allowed_host) = (self.load.wait, self.load.allow_host.clone());
        let plan = Plan {
            target: Target {
                endpoints: Vec::new(),
                host,
                tls,
            },
            request,
            users: users.map(Arc::new),
            subscriber: SubscriberPolicy {
                reconnect: !self.load.no_reconnect,
                ..SubscriberPolicy::default()
            },
            keep_going: self.load.keep_going,
            load: Load {
                start_at: self.share.start_at(),
                ..self.load.into_load(shard)
            },
            format: self.events.format(),
            stamps: self.events.sent_at,
            server_clock: ServerClock::Same,
            sequence: self.events.sequence,
            due_every: self.events.due_every,
            by: self.by,
            limits: [self.limits.max, self.limits.min].concat(),
            trace: TracePlan {
                streams: self.trace.trace.into(),
                events_per_stream: self.trace.trace_events as usize,
            },
            output,
            url: values::without_user_info(self.url),
        };
        let plan = match self.unloaded_probe_record {
            Some(record) => plan.of_probe(record),
            None => plan,
        };
        Ok(Draft::new(plan, route, wait, allowed_host)
            .with_clock(clock)
            .with_processes(processes))
    }
}

impl ClockArgs {
    /// How the server's times are put on this machine's clock; the way to a server named here is that of the target.
    fn asked(self, request: &RequestArgs) -> Result<ClockAsked, UsageError> {
        Ok(match (self.clock, self.assume_synced) {
            (Some(url), _) => {
                let (plain, host) = Asked::default().into_request(&url);
                let server = ClockServer {
                    url: redact::url(url.as_str()),
                    target: Target {
                        endpoints: Vec::new(),
                        host,
                        tls: request.tls(&url)?,
                    },
                    path: plain.path,
                };
                ClockAsked::Server(Box::new(server), request.route(&url))
            }
            (None, Some(bound)) => ClockAsked::Synced(bound.into()),
            (None, None) => ClockAsked::Auto,
        })
    }
}

impl TraceArgs {
    /// Nothing is kept event by event.
    pub(super) const NONE: TraceArgs = TraceArgs {
        trace: 0,
        trace_events: 1,
    };
}

impl LoadArgs {
    /// So many, evenly spread, which do not connect again.
    pub(super) fn constant(
        connections: u32,
        rate: Rate,
        hold: Duration,
        workers: Option<u16>,
        sources: Vec<IpAddr>,
        wait: Duration,
        allow_host: Option<String>,
    ) -> LoadArgs {
        LoadArgs {
            connections,
            arrivals: Spread(None),
            seed: 1,
            hold,
            ramp: None,
            rate,
            no_reconnect: true,
            workers,
            sources,
            wait,
            allow_host,
            keep_going: true,
        }
    }

    fn into_load(self, shard: Part) -> Load {
        let share = Share {
            shard,
            ..Share::WHOLE
        };
        let cores = available_parallelism().map_or(1, usize::from);
        let workers = self.workers.map_or(cores, usize::from);
        Load {
            connections: self.connections,
            share,
            processes: 1,
            start_at: None,
            ramp: self
                .ramp
                .unwrap_or_else(|| self.rate.time_for(self.connections)),
            arrivals: self
                .arrivals
                .0
                .map_or(Arrivals::Constant, |shape| Arrivals::Random {
                    shape,
                    seed: self.seed,
                }),
            hold: self.hold,
            // A worker without a connection would only idle.
            workers: workers.min(share.count(self.connections).max(1) as usize),
            sources: self.sources,
        }
    }
}
