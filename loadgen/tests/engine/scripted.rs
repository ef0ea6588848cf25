//! A server that says exactly what a test scripts: one answer for each request, the last one again and again.
//!
//! It serves one request after the other on one thread, and keeps what was asked.

use socket2::SockRef;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// The head of an event stream whose end is marked by the close of the connection.
pub(crate) const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// Far beyond what anything on loopback takes; it only ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a request is answered with, to the byte.
#[derive(Clone)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    then: Then,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Close,
    Hold,
    Reset,
    Die,
    Repeat,
}

impl Answer {
    /// The bytes, then the close of the connection.
    pub(crate) fn close(bytes: impl Into<Vec<u8>>) -> Answer {
        Answer::new(bytes, Then::Close)
    }

    /// The bytes, and a connection that stays open until the server is dropped.
    pub(crate) fn hold(bytes: impl Into<Vec<u8>>) -> Answer {
        Answer::new(bytes, Then::Hold)
    }

    /// The bytes, then a reset of the connection.
    pub(crate) fn reset(bytes: impl Into<Vec<u8>>) -> Answer {
        Answer::new(bytes, Then::Reset)
    }

    /// The bytes, the close of the connection, and from then on nothing listens.
    pub(crate) fn die(bytes: impl Into<Vec<u8>>) -> Answer {
        Answer::new(bytes, Then::Die)
    }

    /// The bytes again and again, until the client has had enough.
    pub(crate) fn repeat(bytes: impl Into<Vec<u8>>) -> Answer {
        Answer::new(bytes, Then::Repeat)
    }

    /// An empty response of this status line's end, such as `204 No Content`.
    pub(crate) fn status(status: &str) -> Answer {
        Answer::close(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"))
    }

    /// An event stream with this body, ended by the close of the connection.
    pub(crate) fn stream(body: &str) -> Answer {
        Answer::close(format!("{STREAM}{body}"))
    }

    fn new(bytes: impl Into<Vec<u8>>, then: Then) -> Answer {
        Answer {
            bytes: bytes.into(),
            then,
        }
    }
}

/// A running server; it ends when it is dropped.
pub(crate) struct Scripted {
    address: SocketAddr,
    log: Arc<Log>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Log {
    requests: Mutex<Vec<String>>,
    more: Condvar,
}

impl Scripted {
    /// Serves these answers in turn on a free port of loopback; the last one for all requests that follow.
    pub(crate) fn start(answers: impl Into<Vec<Answer>>) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (log, stop) = (Arc::new(Log::default()), Arc::new(AtomicBool::new(false)));
        let (answers, log_in, stop_in) = (answers.into(), log.clone(), stop.clone());
        let thread = std::thread::spawn(move || serve(listener, &answers, &log_in, &stop_in));
        Scripted {
            address,
            log,
            stop,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the requests so far, in order. A request stands here once its answer has been written.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.log.requests.lock().unwrap().clone()
    }

    /// Waits until this many requests have been answered.
    pub(crate) fn wait_for(&self, count: usize) {
        let requests = self.log.requests.lock().unwrap();
        let few = |requests: &mut Vec<String>| requests.len() < count;
        let (requests, waited) = self
            .log
            .more
            .wait_timeout_while(requests, PATIENCE, few)
            .unwrap();
        assert!(
            !waited.timed_out(),
            "{} of {count} requests",
            requests.len()
        );
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accept; a server that has died needs no waking.
        let _ = TcpStream::connect(self.address);
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

fn serve(listener: TcpListener, answers: &[Answer], log: &Log, stop: &AtomicBool) {
    let mut held = Vec::new();
    let mut served = 0;
    while let Ok((mut client, _)) = listener.accept() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        // A connection without a request is a probe.
        let Some(request) = head(&mut client) else {
            continue;
        };
        let answer = &answers[served.min(answers.len() - 1)];
        served += 1;
        write(&mut client, answer);
        match answer.then {
            Then::Hold => held.push(client),
            Then::Close | Then::Repeat => drop(client),
            Then::Reset => reset(client),
            Then::Die => {
                drop(listener);
                drop(client);
                return log.add(request);
            }
        }
        log.add(request);
    }
}

/// The bytes up to the blank line.
fn head(client: &mut TcpStream) -> Option<String> {
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match client.read(&mut byte) {
            Ok(1) => request.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8(request).unwrap())
}

/// A client that leaves early is what some tests are about.
fn write(client: &mut TcpStream, answer: &Answer) {
    while client.write_all(&answer.bytes).is_ok() && answer.then == Then::Repeat {}
}

/// What has been written before a reset was delivered: loopback does so at once, and Linux keeps it readable.
fn reset(client: TcpStream) {
    SockRef::from(&client)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

impl Log {
    fn add(&self, request: String) {
        self.requests.lock().unwrap().push(request);
        self.more.notify_all();
    }
}
