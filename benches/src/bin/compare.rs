//! loadgen beside the floor, one after the other in one run: CPU per event at two shapes of load, each with a shared ticker and with
//! private ones, and memory per idle connection. With `--server` the same of target-server, beside the bare write loop.
//!
//! Both programs are measured from outside and in the same way. It must not trust what loadgen says about itself.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use benches::arguments::span;
use benches::measure::{Side, Ticker, cpu_us_per_event};
use benches::process::{Process, allow_descriptors};
use benches::rounds::Rounds;
use benches::target::Target;
use clap::Parser;

/// Compares loadgen with the bare epoll drain; exit 1 if it needs more than is allowed, 2 if it cannot be measured
#[derive(Parser)]
struct Arguments {
    /// Pairs of measurements for each shape
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Time over which each of them counts
    #[arg(long, default_value = "10s", value_parser = span)]
    window: Duration,
    /// CPU per event that loadgen may need, as a multiple of the floor's (median over the rounds)
    #[arg(long, default_value_t = 1.5)]
    max_ratio: f64,
    /// Resident bytes that an idle plaintext connection may need (median over the rounds)
    #[arg(long, default_value_t = 2048.0)]
    max_idle_bytes: f64,
    /// Measure the memory of idle connections over TLS, and nothing else
    #[arg(long)]
    tls: bool,
    /// Resident bytes that such a connection may need (median over the rounds)
    #[arg(long, default_value_t = 10_240.0)]
    max_tls_bytes: f64,
    /// Idle connections for either
    #[arg(long, default_value_t = 10_000)]
    idle_connections: u64,
    /// Measure target-server beside the bare write loop, and its memory per subscriber, instead
    #[arg(long)]
    server: bool,
    /// Measure memory only
    #[arg(long)]
    only_memory: bool,
    /// Where target-server, loadgen and floor lie; beside this program unless given
    #[arg(long)]
    programs: Option<PathBuf>,
}

/// A load: how many connections, and how often each gets an event.
struct Shape {
    connections: u64,
    interval: &'static str,
    /// No event within this time means that none is under way.
    quiet: Duration,
    name: &'static str,
}

const SHAPES: [Shape; 2] = [
    Shape {
        connections: 2_000,
        interval: "100ms",
        quiet: Duration::from_millis(30),
        name: "2,000 x 10/s",
    },
    Shape {
        connections: 10_000,
        interval: "1s",
        quiet: Duration::from_millis(200),
        name: "10,000 x 1/s",
    },
];

const RAMP: &str = "3s";
/// A handshake takes more than a connection.
const TLS_RAMP: &str = "10s";
/// Longer than any measurement: the programs are ended, they do not end.
const HOLD: &str = "30m";
const SUBSCRIBED_POLLS: u32 = 20 * 60;
/// For the allocator and the timers to come to rest after the last connection.
const SETTLE: Duration = Duration::from_secs(2);

/// The programs to compare, and the server between them.
struct Programs {
    target: PathBuf,
    loadgen: PathBuf,
    floor: PathBuf,
    writer: PathBuf,
}

/// How the server is started: with or without TLS.
type StartTarget = fn(&Path) -> Result<Target>;

#[derive(Clone, Copy)]
enum Client {
    Floor,
    Loadgen,
}

#[expect(clippy::print_stderr, reason = "the one place that prints an error")]
fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("compare: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// False if a limit is missed.
fn run(arguments: &Arguments) -> Result<bool> {
    let programs = Programs::find(arguments.programs.as_deref())?;
    let connections = SHAPES.iter().map(|shape| shape.connections);
    allow_descriptors(connections.fold(arguments.idle_connections, u64::max) + 256)?;
    let mut fine = true;
    if arguments.server {
        return server(&programs, arguments);
    }
    if arguments.tls {
        return idle_memory(&programs, Target::start_tls, arguments);
    }
    if !arguments.only_memory {
        for shape in &SHAPES {
            for ticker in [Ticker::Shared { quiet: shape.quiet }, Ticker::Private] {
                fine &= compare(&programs, shape, ticker, arguments)?;
            }
        }
    }
    Ok(idle_memory(&programs, Target::start, arguments)? && fine)
}

/// Prints the rounds of one shape; false if the median ratio is above the limit.
#[expect(
    clippy::print_stdout,
    reason = "the comparison is what this program is for"
)]
fn compare(
    programs: &Programs,
    shape: &Shape,
    ticker: Ticker,
    arguments: &Arguments,
) -> Result<bool> {
    println!(
        "{}, {} ticker: CPU per event in us, user and system",
        shape.name,
        ticker.name()
    );
    println!("  round    floor  loadgen    ratio");
    let (mut floor, mut loadgen, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=arguments.rounds {
        let a = of_client(programs, Client::Floor, shape, ticker, arguments.window)?;
        let b = of_client(programs, Client::Loadgen, shape, ticker, arguments.window)?;
        println!("  {round:>5} {a:>8.2} {b:>8.2} {:>8.2}", b / a);
        floor.push(a);
        loadgen.push(b);
        ratio.push(b / a);
    }
    let ratio = rounds(ratio)?;
    println!(
        "  floor {}, loadgen {}, median (min..max)",
        rounds(floor)?,
        rounds(loadgen)?
    );
    let fine = ratio.median() <= arguments.max_ratio;
    let word = if fine { "within" } else { "ABOVE" };
    println!(
        "  ratio {ratio}: {word} the limit of {:.2}\n",
        arguments.max_ratio
    );
    Ok(fine)
}

/// One client against a server of its own: its CPU per event in us.
fn of_client(
    programs: &Programs,
    client: Client,
    shape: &Shape,
    ticker: Ticker,
    window: Duration,
) -> Result<f64> {
    let mut target = Target::start(&programs.target)?;
    let path = ticker.path(shape.interval);
    let mut process = programs.start(client, &target, shape.connections, &path)?;
    target.wait_for_subscribers(shape.connections, SUBSCRIBED_POLLS)?;
    thread::sleep(SETTLE);
    let side = Side::Client(&mut process);
    let cost = cpu_us_per_event(&mut target, side, ticker, window)?;
    target.wait_for_subscribers(shape.connections, 1)?;
    Ok(cost)
}

/// Prints what target-server costs; there is no limit to miss, so it is always true.
#[expect(
    clippy::print_stdout,
    reason = "the comparison is what this program is for"
)]
fn server(programs: &Programs, arguments: &Arguments) -> Result<bool> {
    for shape in &SHAPES {
        println!(
            "{}, shared ticker: CPU of the server per event in us, user and system",
            shape.name
        );
        println!("  round   writer   target    ratio");
        let (mut writer, mut target, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=arguments.rounds {
            let a = of_server(programs, &programs.writer, shape, arguments.window)?;
            let b = of_server(programs, &programs.target, shape, arguments.window)?;
            println!("  {round:>5} {a:>8.2} {b:>8.2} {:>8.2}", b / a);
            writer.push(a);
            target.push(b);
            ratio.push(b / a);
        }
        println!(
            "  writer {}, target-server {}, ratio {}, median (min..max)\n",
            rounds(writer)?,
            rounds(target)?,
            rounds(ratio)?
        );
    }
    let count = arguments.idle_connections;
    let mut each = Vec::new();
    for _ in 0..arguments.rounds {
        let one = server_bytes(programs, 1)?;
        let all = server_bytes(programs, count)?;
        each.push((all as f64 - one as f64) / (count - 1) as f64);
    }
    let each = rounds(each)?;
    println!("target-server with {count} subscribers at 1/s: {each:.0} resident bytes for each");
    Ok(true)
}

/// One server with the floor as its client: its CPU per event in us.
fn of_server(programs: &Programs, server: &Path, shape: &Shape, window: Duration) -> Result<f64> {
    let mut target = Target::start(server)?;
    let ticker = Ticker::Shared { quiet: shape.quiet };
    let path = ticker.path(shape.interval);
    let _client = programs.start(Client::Floor, &target, shape.connections, &path)?;
    target.wait_for_subscribers(shape.connections, SUBSCRIBED_POLLS)?;
    thread::sleep(SETTLE);
    cpu_us_per_event(&mut target, Side::Server, ticker, window)
}

fn server_bytes(programs: &Programs, connections: u64) -> Result<u64> {
    let mut target = Target::start(&programs.target)?;
    let path = "/prices?interval=1s";
    let _client = programs.start(Client::Floor, &target, connections, path)?;
    target.wait_for_subscribers(connections, SUBSCRIBED_POLLS)?;
    thread::sleep(SETTLE);
    target.resident_bytes()
}

/// Prints memory per idle connection; false if it is above the limit.
#[expect(
    clippy::print_stdout,
    reason = "the comparison is what this program is for"
)]
fn idle_memory(programs: &Programs, start: StartTarget, arguments: &Arguments) -> Result<bool> {
    let connections = arguments.idle_connections;
    let (kind, limit) = if arguments.tls {
        ("TLS", arguments.max_tls_bytes)
    } else {
        ("plaintext", arguments.max_idle_bytes)
    };
    println!("{connections} idle {kind} connections: resident bytes of loadgen for each");
    let mut each = Vec::new();
    for round in 1..=arguments.rounds {
        let one = resident_bytes(programs, start, 1)?;
        let all = resident_bytes(programs, start, connections)?;
        each.push((all as f64 - one as f64) / (connections - 1) as f64);
        println!("  {round:>5}: {one} with 1, {all} with {connections}");
    }
    let each = rounds(each)?;
    let fine = each.median() <= limit;
    let word = if fine { "within" } else { "ABOVE" };
    println!("  {each:.0} bytes: {word} the limit of {limit:.0}");
    Ok(fine)
}

fn resident_bytes(programs: &Programs, start: StartTarget, connections: u64) -> Result<u64> {
    let mut target = start(&programs.target)?;
    let process = programs.start(Client::Loadgen, &target, connections, "/prices?interval=1h")?;
    target.wait_for_subscribers(connections, SUBSCRIBED_POLLS)?;
    thread::sleep(SETTLE);
    process.resident_bytes()
}

fn rounds(values: Vec<f64>) -> Result<Rounds> {
    Rounds::new(values).context("--rounds must be at least 1")
}

impl Programs {
    fn find(directory: Option<&Path>) -> Result<Self> {
        let here = std::env::current_exe()?;
        let directory = directory
            .or(here.parent())
            .context("this program lies in no directory")?;
        let find = |name| {
            let path = directory.join(name);
            if path.is_file() {
                Ok(path)
            } else {
                bail!("{} is missing; build it first", path.display())
            }
        };
        Ok(Self {
            target: find("target-server")?,
            loadgen: find("loadgen")?,
            floor: find("floor")?,
            writer: find("writer")?,
        })
    }

    fn start(
        &self,
        client: Client,
        target: &Target,
        connections: u64,
        path: &str,
    ) -> Result<Process> {
        let (scheme, ramp) = if target.is_tls() {
            ("https", TLS_RAMP)
        } else {
            ("http", RAMP)
        };
        let url = format!("{scheme}://{}{path}", target.address);
        let (name, mut command) = match client {
            Client::Floor => ("floor", Command::new(&self.floor)),
            Client::Loadgen => {
                let mut command = Command::new(&self.loadgen);
                command.arg("run");
                ("loadgen", command)
            }
        };
        command.args([
            &url,
            "-c",
            &connections.to_string(),
            "--ramp",
            ramp,
            "--for",
            HOLD,
        ]);
        if target.is_tls() {
            command.arg("--insecure");
        }
        Process::start(
            name,
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )
    }
}
