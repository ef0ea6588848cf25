//! The target of a selftest: one thread that writes the same events to every subscriber, and counts what it wrote.
//!
//! As simple as a server can be, so that what is measured is the machine and loadgen. Its payload is that of
//! target-server, which loadgen recognises. It must not know what is measured.

use crate::clock;
use run_record::time::{Mono, Nanos};
use socket2::{Domain, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/event-stream\r\n\
    Cache-Control: no-store\r\n\
    Transfer-Encoding: chunked\r\n\r\n";
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// Connections that wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;
/// How soon a new connection is noticed.
const GLANCE: Duration = Duration::from_millis(1);

/// What every subscriber gets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    /// Time between two events.
    pub(super) interval: Duration,
    /// Events of one stream, after which it ends; at least 1.
    pub(super) events: u32,
}

/// What the target did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Log {
    /// Events written whole to a socket, all streams together.
    pub(super) sent: u64,
    /// How late the last event was written, by the target's own schedule.
    pub(super) behind: Nanos,
}

/// A running target; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Target {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Log>>,
}

impl Target {
    /// A target on a free port of loopback.
    ///
    /// Errors: no port, no descriptor or no thread is to be had.
    pub(super) fn start(script: Script) -> io::Result<Target> {
        let listener = listen()?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = Builder::new()
            .name("target".to_owned())
            .spawn(move || Server::new(listener, script).serve(&stopped))?;
        Ok(Target {
            address,
            stop,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, and says what it did.
    ///
    /// Errors: its thread has panicked.
    pub(super) fn stop(mut self) -> io::Result<Log> {
        self.stop.store(true, Ordering::Relaxed);
        let log = self
            .thread
            .take()
            .map_or(Ok(Log::default()), JoinHandle::join);
        log.map_err(|_| io::Error::other("the target of the selftest panicked"))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic has been printed by then, and there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// On a free port. std's own queue of 128 would overflow while events are written to thousands of streams.
fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

struct Server {
    listener: TcpListener,
    script: Script,
    /// Connections whose request has not come whole, and the end of what has.
    knocking: Vec<(TcpStream, Vec<u8>)>,
    /// Streams, and the events each is still to get.
    streams: Vec<(TcpStream, u32)>,
    seq: u64,
    due: Mono,
    log: Log,
}

impl Server {
    fn new(listener: TcpListener, script: Script) -> Server {
        Server {
            listener,
            script,
            knocking: Vec::new(),
            streams: Vec::new(),
            seq: 0,
            due: clock::mono() + script.interval.into(),
            log: Log::default(),
        }
    }

    fn serve(mut self, stop: &AtomicBool) -> Log {
        while !stop.load(Ordering::Relaxed) {
            self.accept();
            self.greet();
            let now = clock::mono();
            if now >= self.due {
                self.tick(now);
            } else {
                let left = Duration::from_nanos((self.due - now).0);
                std::thread::sleep(left.min(GLANCE));
            }
        }
        self.log
    }

    fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            // Without these the times would be the target's own fault; a socket that refuses is of no use.
            if stream.set_nonblocking(true).is_ok() && stream.set_nodelay(true).is_ok() {
                self.knocking.push((stream, Vec::new()));
            }
        }
    }

    /// Answers every request that has come whole.
    fn greet(&mut self) {
        for (mut stream, mut request) in std::mem::take(&mut self.knocking) {
            let mut bytes = [0; 1024];
            match stream.read(&mut bytes) {
                Ok(0) => continue,
                Ok(length) => request.extend_from_slice(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => continue,
            }
            if !request.ends_with(b"\r\n\r\n") {
                self.knocking.push((stream, request));
            } else if stream.write_all(HEAD).is_ok() {
                self.streams.push((stream, self.script.events));
            }
        }
    }

    /// Writes one event to every stream. All of a stream's events fit into a socket's buffer: one that takes less
    /// than a whole event has nobody at its other end.
    fn tick(&mut self, now: Mono) {
        self.seq += 1;
        let late = now - self.due;
        let emitted = clock::wall();
        let due = emitted - late;
        let event = format!(
            "data: {{\"seq\":{},\"due\":{},\"emitted\":{},\"instance\":0}}\n\n",
            self.seq, due.0, emitted.0
        );
        let frame = format!("{:x}\r\n{event}\r\n", event.len()).into_bytes();
        let last = [frame.as_slice(), LAST_CHUNK].concat();
        let log = &mut self.log;
        self.streams.retain_mut(|(stream, left)| {
            *left -= 1;
            let bytes = if *left == 0 { &last } else { &frame };
            let taken = stream.write_all(bytes).is_ok();
            if taken {
                log.sent += 1;
                log.behind = late;
            }
            taken && *left > 0
        });
        self.due = self.due + self.script.interval.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(address: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        stream.write_all(b"Host: x\r\n\r\n").unwrap();
        stream
    }

    #[test]
    fn every_stream_gets_its_events_and_an_end() {
        let script = Script {
            interval: Duration::from_millis(2),
            events: 3,
        };
        let target = Target::start(script).unwrap();
        for mut stream in [asked(target.address()), asked(target.address())] {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            assert_eq!(answer.matches("data: {\"seq\":").count(), 3, "{answer}");
            assert!(answer.ends_with("\n\n\r\n0\r\n\r\n"), "{answer}");
        }
        assert_eq!(target.stop().unwrap().sent, 6);
    }

    #[test]
    fn who_says_nothing_gets_nothing() {
        let script = Script {
            interval: Duration::from_millis(1),
            events: 1,
        };
        let target = Target::start(script).unwrap();
        let mut silent = TcpStream::connect(target.address()).unwrap();
        let mut answer = String::new();
        asked(target.address()).read_to_string(&mut answer).unwrap();
        assert_eq!(target.stop().unwrap().sent, 1);
        assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    }
}
