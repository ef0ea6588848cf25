//! `loadgen check`: its options, and the draft of a check that they ask for.
//! It must not open a connection, start the server or know the probes.

use std::ffi::OsString;
use std::mem;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum, value_parser};
use run_record::baseline::Baseline;
use url::Url;

use super::baseline::BaselineArgs;
use super::curl::{CurlArgs, Pasted};
use super::events::EventArgs;
use super::files::FileArgs;
use super::hops::{self, Place};
use super::output::OutputArgs;
use super::request::RequestArgs;
use super::values;
use super::{UsageError, after_help};
use crate::plan::{CheckDraft, CheckPlan, Expect, Output, Target};
use crate::request::{Environment, Request};

/// The options of `loadgen check`, as typed.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = after_help(EXAMPLE),
    override_usage = USAGE,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
)]
pub struct CheckArgs {
    /// The stream: an http or https address
    #[arg(value_parser = values::http_url, required_unless_present = "hop")]
    url: Option<Url>,

    /// Start this server first, wait for it, and stop it at the end
    #[arg(last = true, value_name = "COMMAND")]
    server: Vec<OsString>,

    #[command(flatten)]
    watch: WatchArgs,

    #[command(flatten)]
    request: RequestArgs,

    /// As curl has it; a check asks with and without compression in any case.
    #[arg(long, hide = true)]
    compressed: bool,

    #[command(flatten)]
    events: EventArgs,

    #[command(flatten)]
    baseline: BaselineArgs,

    #[command(flatten)]
    files: FileArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(subcommand)]
    pasted: Option<PastedArgs>,
}

/// The request as another program would be told to send it.
#[derive(Clone, Debug, Subcommand)]
enum PastedArgs {
    /// The request that curl would send; a browser's "Copy as cURL" gives such a command
    #[command(hide = true)]
    Curl(Box<CurlArgs>),
}

const USAGE: &str = "loadgen check [OPTIONS] <URL> [-- <COMMAND>...]
       loadgen check [OPTIONS] --hop <NAME=URL>... [URL]
       loadgen check [OPTIONS] curl <WORDS AS PASTED>... [-- <COMMAND>...]";

const EXAMPLE: &str = "  loadgen check http://localhost:3000/prices
      one word: live, batched, buffered or cut, with its evidence
  loadgen check --expect live --json http://localhost:9292/ -- rackup -p 9292
      starts the server, checks it and stops it; exit code 0 if it is live
  loadgen check curl 'https://example.com/prices' -H 'cookie: session=1'
      the request of a browser, pasted from \"Copy as cURL\"
  loadgen check --hop origin=http://localhost:3000/prices --hop edge=http://localhost/prices
      which of the two holds the stream back";

/// How long a server of our own may take to start, unless `--wait` says.
const TIME_TO_START: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Check")]
struct WatchArgs {
    /// Time for which a stream is watched at most [default: 10s]
    #[arg(long = "for", value_name = "TIME", value_parser = values::positive_duration)]
    watch: Option<Duration>,

    /// Sit through a silence of this length, to find limits on idle streams
    #[arg(long, value_name = "TIME", value_parser = values::positive_duration)]
    idle: Option<Duration>,

    /// Hold this many streams at once
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(2..=1000))]
    streams: Option<u16>,

    /// Send a request that is not GET or HEAD up to N times [default: 1]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=100))]
    repeat: Option<u16>,

    /// Compare this place on the way, from the origin outwards; several
    #[arg(long, value_name = "NAME=URL", value_parser = hops::place)]
    hop: Vec<Place>,

    /// Verdict demanded: live, batched, buffered, cut or any
    #[arg(
        long,
        value_name = "VERDICT",
        value_enum,
        default_value = "live",
        hide_possible_values = true
    )]
    expect: ExpectArg,

    /// Print what would be sent, and stop
    #[arg(long)]
    plan: bool,

    /// Try until the target answers, at most this long [default: 0s, with a COMMAND 30s]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    wait: Option<Duration>,
}

/// The verdict demanded, as typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ExpectArg {
    Live,
    Batched,
    Buffered,
    Cut,
    Any,
}

impl CheckArgs {
    /// Print the list of probes and stop (`--plan`).
    pub fn plan_only(&self) -> bool {
        self.watch.plan
    }

    /// The earlier check or run that was named, read.
    ///
    /// Errors: it cannot be read.
    pub fn baseline(&self) -> Result<Option<Baseline>, UsageError> {
        self.baseline.read(&mut [])
    }

    /// Whether several hops are to be compared (`--hop`).
    pub fn compares_hops(&self) -> bool {
        !self.watch.hop.is_empty()
    }

    /// One check for each hop, the origin first, with its name; the URL beside them is the outermost.
    pub fn hop_drafts(
        mut self,
        environment: &Environment<'_>,
    ) -> Result<Vec<(String, CheckDraft)>, UsageError> {
        let request = mem::take(&mut self.request);
        let server = mem::take(&mut self.server);
        let asked = wanted(self.pasted.take(), self.url.take(), request, server)?;
        if asked.request.reads_standard_input() {
            return Err(UsageError::StandardInputTwice("--hop"));
        }
        let places = hops::places(mem::take(&mut self.watch.hop), asked.urls)?;
        let mut server = asked.server;
        let drafts = places.into_iter().map(|place| {
            let one = CheckArgs {
                url: Some(place.url),
                request: asked.request.clone(),
                // It starts with the first of them, and stays for all.
                server: mem::take(&mut server),
                ..self.clone()
            };
            Ok((place.name, one.draft(environment)?))
        });
        drafts.collect()
    }

    /// The check asked for; files are read and environment variables filled in here.
    pub fn draft(self, environment: &Environment<'_>) -> Result<CheckDraft, UsageError> {
        let watch = self.watch;
        let mut asked = wanted(self.pasted, self.url, self.request, self.server)?;
        let http = asked.request.take_offer();
        let [url] = &asked.urls[..] else {
            return Err(UsageError::Urls(asked.urls.len()));
        };
        let route = asked.request.route(url);
        let tls = asked.request.tls(url)?;
        let (mut request, host) = asked.request.asked(environment)?.into_request(url);
        let own_encoding = take_encoding(&mut request);
        let plan = CheckPlan {
            target: Target {
                endpoints: Vec::new(),
                host,
                tls,
            },
            request,
            own_encoding,
            http,
            watch: watch.watch.unwrap_or(CheckPlan::DEFAULT_WATCH),
            watch_given: watch.watch.is_some(),
            idle: watch.idle,
            streams: watch.streams,
            format: self.events.format(),
            stamps: self.events.sent_at,
            sequence: self.events.sequence,
            due_every: self.events.due_every,
            repeat: watch.repeat.unwrap_or(1),
            expect: watch.expect.into(),
            output: Output {
                on_change: self.baseline.md_on_change,
                ..self.files.with(self.output.into_output(environment))
            },
            url: values::without_user_info(url.clone()),
        };
        if watch.repeat.is_some() && plan.is_safe() {
            return Err(UsageError::RepeatOfSafe(plan.request.method));
        }
        let unsaid = match asked.server.is_empty() {
            true => Duration::ZERO,
            false => TIME_TO_START,
        };
        let wait = watch.wait.unwrap_or(unsaid);
        let draft = CheckDraft::new(plan, route, wait, asked.server);
        Ok(if asked.http3 {
            draft.without_http3()
        } else {
            draft
        })
    }
}

/// The request in the one form or the other.
fn wanted(
    pasted: Option<PastedArgs>,
    url: Option<Url>,
    request: RequestArgs,
    server: Vec<OsString>,
) -> Result<Pasted, UsageError> {
    let Some(PastedArgs::Curl(curl)) = pasted else {
        return Ok(Pasted {
            urls: url.into_iter().collect(),
            request,
            server,
            http3: false,
        });
    };
    if request != RequestArgs::default() {
        return Err(UsageError::BeforeCurl);
    }
    let mut pasted = curl.pasted()?;
    pasted.urls.extend(url);
    Ok(pasted)
}

/// The user's own `Accept-Encoding`, taken out of the request; several lines are one list.
///
/// Source: RFC 9110 section 5.3.
fn take_encoding(request: &mut Request) -> Option<String> {
    let is_encoding = |name: &str| name.eq_ignore_ascii_case("Accept-Encoding");
    let taken = request
        .headers
        .extract_if(.., |(name, _)| is_encoding(name));
    let values: Vec<String> = taken.map(|(_, value)| value).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

impl From<ExpectArg> for Expect {
    fn from(expect: ExpectArg) -> Self {
        match expect {
            ExpectArg::Live => Self::Live,
            ExpectArg::Batched => Self::Batched,
            ExpectArg::Buffered => Self::Buffered,
            ExpectArg::Cut => Self::Cut,
            ExpectArg::Any => Self::Any,
        }
    }
}
