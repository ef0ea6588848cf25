//! The way between the parent and one of its copies: a Unix socket in a directory of the parent's own.
//! Its end is the end of the other side, whatever became of it.

use super::message::{Message, Orders};
use crate::child::Child;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

/// What a copy has said, and which; nothing when it has gone.
pub(super) type Said = (usize, Option<Message>);

/// Pause between two looks for a copy that is starting.
const STEP: Duration = Duration::from_millis(5);

/// Where one copy is awaited.
pub(super) struct Door(UnixListener);

/// The way to a copy.
pub(super) struct Link {
    stream: UnixStream,
    /// Until somebody listens.
    reader: Option<Reader>,
}

/// One side's ear.
pub(super) struct Reader {
    from: BufReader<UnixStream>,
    line: Vec<u8>,
}

impl Door {
    pub(super) fn open(socket: &Path) -> Result<Door> {
        let listener = UnixListener::bind(socket).context("no socket for a process")?;
        listener.set_nonblocking(true)?;
        Ok(Door(listener))
    }

    /// Waits for the copy.
    ///
    /// Errors: it has ended instead; its last words are in the error.
    pub(super) fn admit(self, process: &mut Child) -> Result<Link> {
        loop {
            match self.0.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    let reader = Some(Reader::new(stream.try_clone()?));
                    return Ok(Link { stream, reader });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            if process.exited().is_some() {
                bail!(
                    "a process did not start: {}",
                    process.last_lines(3).join(" ")
                );
            }
            thread::sleep(STEP);
        }
    }
}

impl Link {
    /// Waits until the copy has read its command line.
    pub(super) fn ready(&mut self) -> Result<()> {
        let reader = self.reader.as_mut().context("nobody listens yet")?;
        match reader.next()? {
            Some(Message::Ready) => Ok(()),
            other => bail!("a process said {other:?} before its time"),
        }
    }

    pub(super) fn send(&mut self, orders: &Orders) -> Result<()> {
        say(&mut self.stream, orders).context("a process did not take its orders")
    }

    /// Has what the copy says put into a channel, by a thread that ends with it.
    pub(super) fn listen(&mut self, number: usize, into: SyncSender<Said>) -> io::Result<()> {
        let Some(mut reader) = self.reader.take() else {
            return Ok(());
        };
        let name = format!("process-{number}");
        let listen = move || {
            // A line that cannot be read is the end of what can be believed.
            while let Ok(Some(message)) = reader.next() {
                if into.send((number, Some(message))).is_err() {
                    return;
                }
            }
            // The run may be over.
            let _ = into.send((number, None));
        };
        thread::Builder::new().name(name).spawn(listen).map(drop)
    }

    /// Asks the copy to end.
    pub(super) fn stop(&mut self) {
        // It may have ended by itself.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

impl Reader {
    pub(super) fn new(stream: UnixStream) -> Reader {
        Reader {
            from: BufReader::new(stream),
            line: Vec::new(),
        }
    }

    /// The next message; nothing at the end.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        self.line.clear();
        self.from.read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&self.line)?))
    }

    /// Returns when the other side has closed its connection.
    pub(super) fn until_the_end(&mut self) {
        // Any end is one.
        let _ = io::copy(&mut self.from, &mut io::sink());
    }
}

/// Says one thing.
pub(super) fn say(into: &mut impl Write, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    into.write_all(&line)
}
