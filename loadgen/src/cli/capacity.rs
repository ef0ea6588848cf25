//! `loadgen capacity`: its options, and the draft of a plan for the most subscribers that are to be tried.
//! It must not open a connection or read a clock.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, value_parser};
use url::Url;

use super::baseline::BaselineArgs;
use super::events::EventArgs;
use super::files::FileArgs;
use super::output::OutputArgs;
use super::request::{self, RequestArgs};
use super::rows::RowArgs;
use super::run::{ClockArgs, LimitArgs, LoadArgs, RunArgs, TraceArgs};
use super::series::SeriesArgs;
use super::share::ShareArgs;
use super::users::UserArgs;
use super::values::{self, Rate};
use super::{UsageError, after_help};
use crate::plan::{CapacityPlan, Draft, Processes};
use crate::request::Environment;

/// The options of `loadgen capacity`, as typed.
#[derive(Debug, Args)]
#[command(after_help = after_help(EXAMPLE))]
pub struct CapacityArgs {
    /// The stream: an http or https address; it must stay open
    #[arg(value_parser = values::http_url)]
    url: Url,

    #[command(flatten)]
    steps: StepArgs,

    #[command(flatten)]
    users: UserArgs,

    #[command(flatten)]
    request: RequestArgs,

    /// Ask for gzip, deflate, br or zstd, and decode what comes
    #[arg(long, help_heading = request::HEADING)]
    compressed: bool,

    #[command(flatten)]
    events: EventArgs,

    #[command(flatten)]
    clock: ClockArgs,

    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    files: FileArgs,

    #[command(flatten)]
    output: OutputArgs,

    /// This process is one of several that hold a step; the socket is its parent's
    #[arg(long, value_name = "SOCKET", hide = true)]
    process_of: Option<PathBuf>,
}

const EXAMPLE: &str = "  loadgen capacity http://localhost:8080/prices --max delivery.p99=500ms \\
      --up-to 10000 --watch-pid $(pgrep -o nginx)
      twice as many subscribers until the limit breaks, then between the two";

/// More than one machine has ports and memory for; above it a number is a slip of the finger.
const MOST_SUBSCRIBERS: i64 = 10_000_000;

#[derive(Debug, Args)]
#[command(next_help_heading = "Steps")]
struct StepArgs {
    /// Most subscribers that are tried
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = value_parser!(u32).range(1..=MOST_SUBSCRIBERS))]
    up_to: u32,

    /// Time for which each number is held once all have had an event
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = values::positive_duration)]
    step: Duration,

    /// Each subscriber must have its first event within this time of its request
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = values::positive_duration)]
    first_event: Duration,

    /// Connections opened per second
    #[arg(long, value_name = "N/s", default_value = "500/s", value_parser = values::rate)]
    rate: Rate,

    /// A process of the server on this machine, with all that descend from it: memory, processor time, descriptors
    #[arg(long, value_name = "PID", value_parser = value_parser!(u32).range(1..))]
    watch_pid: Option<u32>,

    /// Threads that drive connections [default: one per core]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..))]
    workers: Option<u16>,

    /// Processes that hold the most subscribers, and fewer of them fewer; auto: as many as their descriptors demand
    #[arg(long, value_name = "N|auto", default_value = "auto")]
    processes: Processes,

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
}

impl CapacityArgs {
    /// Where the parent of this process is, if it is one of several.
    pub fn process_of(&self) -> Option<PathBuf> {
        self.process_of.clone()
    }

    /// How it is searched, and the draft of a run with the most subscribers that may be tried.
    pub fn draft(self, environment: &Environment<'_>) -> Result<(CapacityPlan, Draft), UsageError> {
        let StepArgs {
            up_to,
            step,
            first_event,
            rate,
            watch_pid,
            workers,
            processes,
            sources,
            wait,
            allow_host,
        } = self.steps;
        let asked = CapacityPlan {
            hold: step,
            first_event,
            gap: rate.time_for(1),
            watch_pid,
        };
        let load = LoadArgs::constant(up_to, rate, step, workers, sources, wait, allow_host);
        let run = RunArgs {
            url: self.url,
            load,
            users: self.users,
            share: ShareArgs::of(processes),
            request: self.request,
            compressed: self.compressed,
            events: self.events,
            trace: TraceArgs::NONE,
            clock: self.clock,
            by: None,
            unloaded_probe: false,
            unloaded_probe_record: None,
            process_of: None,
            series: SeriesArgs::default(),
            limits: self.limits,
            baseline: BaselineArgs::default(),
            files: self.files,
            rows: RowArgs::default(),
            output: self.output,
        };
        Ok((asked, run.draft(environment)?.counted_by("--up-to")))
    }
}
