//! A server that does what a test scripts, each connection on a thread of its own, and keeps what it was asked.

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// The head of a chunked event stream.
pub(crate) const STREAM: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Counted from 0, in the order of arrival.
    pub(crate) number: usize,
    /// Request line and header lines.
    pub(crate) head: String,
    /// Requests that were not over when this one came, itself included.
    pub(crate) at_once: usize,
}

impl Asked {
    /// What stands between method and version.
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).expect("a request line")
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A running server; it stops listening when it is dropped.
pub(crate) struct Scripted {
    address: SocketAddr,
    log: Arc<Log>,
    stop: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Log {
    asked: Mutex<Vec<Asked>>,
    /// A descriptor of every connection whose answer goes on.
    open: Mutex<Vec<(usize, TcpStream)>>,
}

impl Scripted {
    /// Answers each request with `answer`, on a free port of loopback. A client that leaves ends its answer with an error.
    pub(crate) fn start(
        answer: impl Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (log, stop) = (Arc::new(Log::default()), Arc::new(AtomicBool::new(false)));
        let (log_in, stop_in) = (log.clone(), stop.clone());
        let answer = Arc::new(answer);
        let listening = std::thread::spawn(move || {
            while let Ok((mut client, _)) = listener.accept() {
                if stop_in.load(Ordering::SeqCst) {
                    return;
                }
                let (log, answer) = (log_in.clone(), answer.clone());
                std::thread::spawn(move || {
                    // A connection without a request asks nothing.
                    if let Some(asked) = log.read(&mut client) {
                        let _left = answer(&asked, &mut client);
                        log.over(asked.number);
                    }
                });
            }
        });
        Scripted {
            address,
            log,
            stop,
            listening: Some(listening),
        }
    }

    /// The same bytes to everybody, then the close of the connection.
    pub(crate) fn says(bytes: impl Into<Vec<u8>>) -> Scripted {
        let bytes = bytes.into();
        Scripted::start(move |_, client| client.write_all(&bytes))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.log.asked.lock().unwrap().clone()
    }

    /// The most that were open at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        let asked = self.asked();
        asked.iter().map(|asked| asked.at_once).max().unwrap_or(0)
    }

    /// Requests whose client has not closed its connection, and whose answer goes on.
    pub(crate) fn still_open(&self) -> usize {
        let open = self.log.open.lock().unwrap();
        open.iter().filter(|(_, client)| is_open(client)).count()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accept.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            listening.join().expect("accepting does not panic");
        }
    }
}

impl Log {
    fn read(&self, client: &mut TcpStream) -> Option<Asked> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).expect("a head is text");
        let mut all = self.asked.lock().unwrap();
        let mut open = self.open.lock().unwrap();
        open.retain(|(_, other)| is_open(other));
        let asked = Asked {
            number: all.len(),
            head,
            at_once: open.len() + 1,
        };
        // What is left unread would hide the end of the connection.
        let length = asked
            .header("Content-Length")
            .map_or(Ok(0), str::parse)
            .ok()?;
        client.read_exact(&mut vec![0; length]).ok()?;
        open.push((asked.number, client.try_clone().unwrap()));
        all.push(asked.clone());
        Some(asked)
    }

    fn over(&self, number: usize) {
        let mut open = self.open.lock().unwrap();
        open.retain(|(other, _)| *other != number);
    }
}

/// Whether the client has not closed: on loopback its close, or its reset, is here before its next connection.
fn is_open(client: &TcpStream) -> bool {
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
    match recv(client.as_raw_fd(), &mut [0], flags) {
        Ok(bytes) => bytes > 0,
        Err(error) => error == Errno::EAGAIN,
    }
}

/// One event in a chunk of its own.
pub(crate) fn event(client: &mut TcpStream, number: usize) -> io::Result<()> {
    chunk(client, &format!("id: {number}\ndata: event {number}\n\n"))
}

/// A chunk of a chunked body.
pub(crate) fn chunk(client: &mut TcpStream, text: &str) -> io::Result<()> {
    client.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())
}

/// An endless stream of groups of events, `gap` apart.
pub(crate) fn stream(client: &mut TcpStream, group: usize, gap: Duration) -> io::Result<()> {
    client.write_all(STREAM.as_bytes())?;
    events(client, group, gap)
}

/// The same without the head.
pub(crate) fn events(client: &mut TcpStream, group: usize, gap: Duration) -> io::Result<()> {
    for number in 0.. {
        std::thread::sleep(gap);
        for one in 0..group {
            event(client, number * group + one)?;
        }
    }
    Ok(())
}

/// Says nothing more until the client leaves.
pub(crate) fn hold(client: &mut TcpStream) -> io::Result<()> {
    io::copy(client, &mut io::sink()).map(drop)
}
