//! The bare write loop: the least work with which one machine can send the streams that target-server sends.
//!
//! Per thread one list of sockets; at each tick one buffer goes to each of them with one `send`. It must not build, log or time events
//! one by one, and it has no answer to a socket that is full but to give it up: what target-server needs beyond this is the price of
//! a server whose every write is known.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use benches::arguments::span;
use benches::clock;
use benches::process::allow_descriptors;
use clap::Parser;
use nix::sys::socket::{MsgFlags, send};

/// Sends the same event to all who ask, with the least possible work
#[derive(Parser)]
struct Arguments {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// Threads that write
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// What the threads share.
#[derive(Default)]
struct Shared {
    /// Those who have asked and belong to no thread yet, with the interval that they asked for.
    newcomers: Mutex<Vec<(TcpStream, Duration)>>,
    subscribers: AtomicU64,
    events: AtomicU64,
}

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
/// As long as an event of target-server.
const EVENT: &[u8] = b"event: price\nid: 100000\ndata: {\"seq\":100000,\"due\":1700000000000000000,\"emitted\":1700000000000000000,\"instance\":1234567890,\"symbol\":\"ACME\",\"price\":101.25}\n\n";

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    allow_descriptors(1_024)?;
    let listener = TcpListener::bind(&arguments.listen)
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    announce(&listener)?;
    let shared = Shared::default();
    thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| write(&shared));
        }
        for socket in listener.incoming() {
            // Whoever is gone before he has asked does not matter.
            let _ = socket
                .map_err(Into::into)
                .and_then(|socket| answer(socket, &shared));
        }
    });
    Ok(())
}

#[expect(clippy::print_stderr, reason = "as target-server says it")]
fn announce(listener: &TcpListener) -> Result<()> {
    eprintln!("listening on http://{}", listener.local_addr()?);
    Ok(())
}

/// A stream, or the counters under the names that target-server gives them.
fn answer(mut socket: TcpStream, shared: &Shared) -> Result<()> {
    let mut reader = BufReader::new(&socket);
    let (mut request, mut line) = (String::new(), String::new());
    reader.read_line(&mut request)?;
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    if request.contains("/metrics") {
        let (subscribers, events) = (&shared.subscribers, &shared.events);
        let page = format!(
            "target_server_subscribers {}\ntarget_server_events_written_total {}\n",
            subscribers.load(Ordering::Relaxed),
            events.load(Ordering::Relaxed)
        );
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        return Ok(socket.write_all(format!("{head}{page}").as_bytes())?);
    }
    let interval = request
        .split(['?', '&', ' '])
        .find_map(|field| field.strip_prefix("interval="));
    let interval = span(interval.context("no interval")?).map_err(anyhow::Error::msg)?;
    socket.set_nodelay(true)?;
    socket.write_all(HEAD)?;
    let mut newcomers = shared.newcomers.lock().expect("no writer panics");
    newcomers.push((socket, interval));
    shared.subscribers.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Writes to its share of the subscribers, which is what it finds when it looks, one at a time, while there are newcomers.
fn write(shared: &Shared) {
    let mut chunk = format!("{:x}\r\n", EVENT.len()).into_bytes();
    chunk.extend_from_slice(EVENT);
    chunk.extend_from_slice(b"\r\n");
    let mut sockets: Vec<TcpStream> = Vec::new();
    let mut interval = Duration::from_millis(100);
    let mut due = clock::now();
    loop {
        due += interval;
        while let Some(wait) = due.checked_sub(clock::now()).filter(|wait| !wait.is_zero()) {
            let newcomer = shared.newcomers.lock().expect("no writer panics").pop();
            match newcomer {
                Some((socket, asked)) => {
                    sockets.push(socket);
                    interval = asked;
                    thread::sleep(Duration::from_micros(100).min(wait));
                }
                None => thread::sleep(wait.min(Duration::from_millis(100))),
            }
        }
        let mut written = 0;
        sockets.retain(|socket| {
            let sent = send(
                socket.as_raw_fd(),
                &chunk,
                MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT,
            );
            let is_there = sent == Ok(chunk.len());
            written += u64::from(is_there);
            is_there
        });
        shared.events.fetch_add(written, Ordering::Relaxed);
    }
}
