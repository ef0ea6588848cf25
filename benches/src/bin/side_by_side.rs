//! loadgen beside the clients that people hold streams with, one after the other in one run: one table.
//!
//! Each is measured from outside and in the same way, against a target-server of its own; it must not trust what a client says about
//! itself, and shows that beside what is true.

use std::io::{Read as _, Seek as _};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use benches::arguments::span;
use benches::clock;
use benches::contenders::{Contender, Load, Programs};
use benches::measure::{Side, Ticker, cpu_us_per_event};
use benches::process::{Process, allow_descriptors};
use benches::rounds::Rounds;
use benches::target::Target;
use clap::Parser;

/// Measures loadgen and its peers in one run and prints one table; exit 2 if one of them cannot be measured
#[derive(Parser)]
struct Arguments {
    /// Rounds; every second one goes the other way round
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections that each client holds, 200 or more
    #[arg(short = 'c', long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(200..))]
    connections: u64,
    /// Time between two events of a stream
    #[arg(long, default_value = "500ms")]
    interval: String,
    /// Time over which CPU per event is counted
    #[arg(long, default_value = "5s", value_parser = span)]
    window: Duration,
    /// Only these clients, by their names in the table
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where target-server and the programs of this crate lie; beside this program unless given
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Where the scripts of the other clients lie
    #[arg(long, default_value = "benches/peers")]
    peers: PathBuf,
    /// The program of Locust
    #[arg(long, default_value = "target/locust/bin/locust")]
    locust: PathBuf,
}

/// What a client has cost, round by round.
struct Row {
    contender: Contender,
    shared: Vec<f64>,
    private: Vec<f64>,
    kib: Vec<f64>,
    rate: Vec<f64>,
    said: String,
}

/// No event within this time means that none is under way.
const QUIET: Duration = Duration::from_millis(200);
const RAMP: Duration = Duration::from_secs(1);
/// Longer than any measurement: the programs are ended, they do not end.
const HOLD: Duration = Duration::from_secs(1_800);
/// For the allocator and the timers to come to rest after the last connection.
const SETTLE: Duration = Duration::from_secs(4);
/// Three minutes of the server's polls.
const SUBSCRIBED_POLLS: u32 = 20 * 180;
/// Between two looks at how many have connected.
const LOOK: Duration = Duration::from_millis(2);
const LOOKS: u32 = 60_000;
/// What a client needs for its first connections is not what each further one costs: threads, histograms, an interpreter.
const FEW: u64 = 100;
/// How a client is asked what it can say: so many connections, for so long.
const ASKED_CONNECTIONS: u64 = 100;
const ASKED_FOR: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

#[expect(clippy::print_stderr, reason = "the one place that prints an error")]
fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("side_by_side: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table is what this program is for"
)]
fn run(arguments: &Arguments) -> Result<()> {
    let here = std::env::current_exe()?;
    let built = arguments.programs.as_deref().or(here.parent());
    let built = built.context("this program lies in no directory")?;
    let programs = Programs::find(built, &arguments.peers, &arguments.locust)?;
    allow_descriptors(arguments.connections + 256)?;
    let mut rows: Vec<Row> = chosen(&arguments.only).map(Row::new).collect();
    for row in &mut rows {
        row.said = said(&programs, row.contender)?;
    }
    for round in 1..=arguments.rounds {
        let forth = round % 2 == 1;
        for place in 0..rows.len() {
            let at = if forth { place } else { rows.len() - 1 - place };
            rows[at].measure(&programs, arguments)?;
            eprintln!("round {round}: {}", rows[at].latest());
        }
    }
    println!("{}", table(&rows, arguments)?);
    Ok(())
}

fn chosen(only: &[String]) -> impl Iterator<Item = Contender> + '_ {
    // The floor is what all others are compared with.
    Contender::ALL.into_iter().filter(|contender| {
        let is_named = only.iter().any(|name| name == contender.name());
        *contender == Contender::Floor || only.is_empty() || is_named
    })
}

impl Row {
    fn new(contender: Contender) -> Row {
        Row {
            contender,
            shared: Vec::new(),
            private: Vec::new(),
            kib: Vec::new(),
            rate: Vec::new(),
            said: String::new(),
        }
    }

    fn measure(&mut self, programs: &Programs, arguments: &Arguments) -> Result<()> {
        let named = || format!("measuring {}", self.contender.name());
        let all = arguments.connections;
        let started = |connections| self.time_to_connect(programs, arguments, connections);
        let (few_s, few_bytes) = started(FEW).with_context(named)?;
        let (all_s, _) = started(all).with_context(named)?;
        let more = (all - FEW) as f64;
        self.rate.push(more / (all_s - few_s).max(1e-3));
        let shared = Ticker::Shared { quiet: QUIET };
        let (cost, bytes) = self.hold(programs, arguments, shared)?;
        self.shared.push(cost);
        self.kib
            .push((bytes as f64 - few_bytes as f64) / more / 1024.0);
        let (cost, _) = self.hold(programs, arguments, Ticker::Private)?;
        self.private.push(cost);
        Ok(())
    }

    /// Seconds from the start of the program until so many are connected, and its resident bytes a little later.
    fn time_to_connect(
        &self,
        programs: &Programs,
        arguments: &Arguments,
        connections: u64,
    ) -> Result<(f64, u64)> {
        let mut target = Target::start(&programs.built("target-server"))?;
        let ticker = Ticker::Shared { quiet: QUIET };
        let load = load(&target, ticker, arguments, connections, Duration::ZERO);
        let from = clock::now();
        let mut client = start(self.contender, programs, &load)?;
        target.look_for_subscribers(connections, LOOK, LOOKS)?;
        let seconds = (clock::now() - from).as_secs_f64();
        if connections == FEW {
            thread::sleep(SETTLE);
        }
        client.check_running()?;
        Ok((seconds, client.resident_bytes()?))
    }

    /// CPU per event in us, and resident bytes, with all connections.
    fn hold(
        &self,
        programs: &Programs,
        arguments: &Arguments,
        ticker: Ticker,
    ) -> Result<(f64, u64)> {
        let mut target = Target::start(&programs.built("target-server"))?;
        let load = load(&target, ticker, arguments, arguments.connections, RAMP);
        let mut client = start(self.contender, programs, &load)?;
        target.wait_for_subscribers(load.connections, SUBSCRIBED_POLLS)?;
        thread::sleep(SETTLE);
        let cost = cpu_us_per_event(
            &mut target,
            Side::Client(&mut client),
            ticker,
            arguments.window,
        )?;
        target.wait_for_subscribers(load.connections, 1)?;
        Ok((cost, client.resident_bytes()?))
    }

    fn latest(&self) -> String {
        let last = |values: &[f64]| values.last().copied().unwrap_or_default();
        format!(
            "{}: {:.1} and {:.1} us per event, {:.1} KiB each, {:.0} connections/s",
            self.contender.name(),
            last(&self.shared),
            last(&self.private),
            last(&self.kib),
            last(&self.rate)
        )
    }
}

fn load(
    target: &Target,
    ticker: Ticker,
    arguments: &Arguments,
    connections: u64,
    ramp: Duration,
) -> Load {
    Load {
        address: target.address.clone(),
        path: ticker.path(&arguments.interval),
        connections,
        ramp,
        hold: HOLD,
    }
}

fn start(contender: Contender, programs: &Programs, load: &Load) -> Result<Process> {
    let mut command = contender.command(programs, load);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Process::start(contender.name(), &mut command)
}

/// The line in which a client sums up a run that it ends by itself, and how many events it got in truth.
fn said(programs: &Programs, contender: Contender) -> Result<String> {
    let mut target = Target::start(&programs.built("target-server"))?;
    let load = Load {
        address: target.address.clone(),
        path: Ticker::Private.path("500ms"),
        connections: ASKED_CONNECTIONS,
        ramp: Duration::ZERO,
        hold: ASKED_FOR,
    };
    let mut kept = tempfile::tempfile()?;
    let mut command = contender.command(programs, &load);
    command.stdout(kept.try_clone()?).stderr(kept.try_clone()?);
    Process::start(contender.name(), &mut command)?.wait(ANSWER_LIMIT)?;
    let mut output = String::new();
    kept.rewind()?;
    kept.read_to_string(&mut output)?;
    let line = output.lines().find(|line| line.contains(contender.mark()));
    let line = line.with_context(|| format!("{} said nothing:\n{output}", contender.name()))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let line = words.join(" ").replace('|', "/");
    Ok(format!("`{line}` of {} events", target.counters()?.events))
}

/// The table, in Markdown.
fn table(rows: &[Row], arguments: &Arguments) -> Result<String> {
    let mut text = format!(
        "{} connections, one event each {}; median (smallest..largest) of {} rounds\n\n\
         | client | CPU per event, shared ticker | x floor | CPU per event, private tickers | x floor | resident KiB per connection | connections/s | what it can know of an endless stream | what it said at the end of {} streams |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        arguments.connections, arguments.interval, arguments.rounds, ASKED_CONNECTIONS
    );
    let floor = &rows[0];
    for row in rows {
        let rounds =
            |values: &[f64]| Rounds::new(values.to_vec()).context("--rounds must be at least 1");
        let ratio = |ours: &[f64], floors: &[f64]| {
            let each = ours.iter().zip(floors).map(|(ours, floor)| ours / floor);
            rounds(&each.collect::<Vec<f64>>())
        };
        text += &format!(
            "| {} | {:.1} us | {} | {:.1} us | {} | {:.1} | {:.0} | {} | {} |\n",
            row.contender.name(),
            rounds(&row.shared)?,
            ratio(&row.shared, &floor.shared)?,
            rounds(&row.private)?,
            ratio(&row.private, &floor.private)?,
            rounds(&row.kib)?,
            rounds(&row.rate)?,
            row.contender.can_report(),
            row.said
        );
    }
    Ok(text)
}
