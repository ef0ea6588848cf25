//! The floor: the least work with which one machine can receive the streams that loadgen receives.
//!
//! Per worker one epoll, one buffer, and for each ready socket `recv` until a read comes back short; bytes and reads are counted.
//! It must not parse, decode, stamp or time anything: what loadgen needs beyond this is the price of measuring.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use benches::arguments::Held;
use benches::process::{allow_descriptors, resident_bytes};
use clap::Parser;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::socket::{MsgFlags, recv};
use nix::sys::time::TimeValLike;
use serde::Serialize;

const BUFFER_BYTES: usize = 256 * 1024;
const EVENTS_PER_WAIT: usize = 1024;
/// How late an idle worker may notice the end.
const WAIT_MS: u16 = 500;

/// Holds event streams with the least possible work, and says what that cost.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    held: Held,
    /// Threads; one per core unless given
    #[arg(long)]
    workers: Option<usize>,
}

/// What a run has cost.
#[derive(Serialize)]
struct Report {
    connections: usize,
    ended: u64,
    reads: u64,
    bytes: u64,
    cpu_user_s: f64,
    cpu_sys_s: f64,
    cpu_us_per_read: f64,
    resident_bytes: u64,
}

/// What one worker has seen.
#[derive(Default)]
struct Counts {
    ended: u64,
    reads: u64,
    bytes: u64,
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is what this program is for"
)]
fn main() -> ExitCode {
    let report =
        run(&Arguments::parse()).and_then(|report| Ok(serde_json::to_string_pretty(&report)?));
    match report {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("floor: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<Report> {
    let held = &arguments.held;
    allow_descriptors(held.connections as u64 + 64)?;
    let (address, request) = destination(&held.url)?;
    let workers = match arguments.workers {
        Some(workers) => workers.max(1),
        None => thread::available_parallelism()?.get(),
    };
    let pause = held.pause(workers);
    let all_open = Barrier::new(workers + 1);
    let stop = AtomicBool::new(false);
    let counts = thread::scope(|scope| {
        let worker = |number| {
            let (request, all_open, stop) = (&request, &all_open, &stop);
            let share = (number..held.connections).step_by(workers).len();
            scope.spawn(move || {
                let sockets = connect(address, request, share, pause);
                all_open.wait();
                drain(&sockets?, stop)
            })
        };
        let threads: Vec<_> = (0..workers).map(worker).collect();
        all_open.wait();
        thread::sleep(held.hold);
        stop.store(true, Ordering::Relaxed);
        let join =
            |thread: thread::ScopedJoinHandle<'_, _>| thread.join().expect("no worker panics");
        threads
            .into_iter()
            .map(join)
            .collect::<Result<Vec<Counts>>>()
    })?;
    report(held.connections, &counts)
}

/// The address, and the one request that every connection sends.
fn destination(url: &str) -> Result<(SocketAddr, String)> {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = host.to_socket_addrs().ok().and_then(|mut all| all.next());
    let address =
        address.with_context(|| format!("{host:?} is no address of the form HOST:PORT"))?;
    let request =
        format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n");
    Ok((address, request))
}

fn connect(
    address: SocketAddr,
    request: &str,
    count: usize,
    pause: Duration,
) -> Result<Vec<TcpStream>> {
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let mut socket =
            TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        socket.set_nodelay(true)?;
        socket.write_all(request.as_bytes())?;
        sockets.push(socket);
        thread::sleep(pause);
    }
    Ok(sockets)
}

fn drain(sockets: &[TcpStream], stop: &AtomicBool) -> Result<Counts> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    for (index, socket) in sockets.iter().enumerate() {
        epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
    }
    let mut counts = Counts::default();
    let mut ready = vec![EpollEvent::empty(); EVENTS_PER_WAIT];
    let mut buffer = vec![0; BUFFER_BYTES];
    while !stop.load(Ordering::Relaxed) {
        let listed = match epoll.wait(&mut ready, EpollTimeout::from(WAIT_MS)) {
            Err(Errno::EINTR) => 0,
            other => other?,
        };
        for event in &ready[..listed] {
            let socket = &sockets[usize::try_from(event.data())?];
            if !receive(socket, &mut buffer, &mut counts) {
                counts.ended += 1;
                epoll.delete(socket)?;
            }
        }
    }
    Ok(counts)
}

/// Reads until the socket is empty; false if the stream is over.
fn receive(socket: &TcpStream, buffer: &mut [u8], counts: &mut Counts) -> bool {
    loop {
        let bytes = match recv(socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => return false,
            Ok(bytes) => bytes,
            Err(errno) => return std::io::Error::from(errno).kind() == ErrorKind::WouldBlock,
        };
        counts.reads += 1;
        counts.bytes += bytes as u64;
        if bytes < buffer.len() {
            return true;
        }
    }
}

fn report(connections: usize, counts: &[Counts]) -> Result<Report> {
    let sum = |part: fn(&Counts) -> u64| counts.iter().map(part).sum::<u64>();
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let seconds = |time: nix::sys::time::TimeVal| time.num_microseconds() as f64 / 1e6;
    let (user, system) = (seconds(usage.user_time()), seconds(usage.system_time()));
    let reads = sum(|counts| counts.reads);
    Ok(Report {
        connections,
        ended: sum(|counts| counts.ended),
        reads,
        bytes: sum(|counts| counts.bytes),
        cpu_user_s: user,
        cpu_sys_s: system,
        cpu_us_per_read: (user + system) * 1e6 / reads.max(1) as f64,
        resident_bytes: resident_bytes("self")?,
    })
}
