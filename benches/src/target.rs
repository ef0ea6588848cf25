//! A target-server of its own for each measurement: its address, and what it says it has done.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::Process;

const POLL: Duration = Duration::from_millis(50);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A running target-server on a free port of loopback.
pub struct Target {
    process: Process,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

/// The counters that a measurement needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Subscribers connected now.
    pub subscribers: u64,
    /// Events written to all subscribers so far.
    pub events: u64,
}

impl Target {
    /// Starts the server and reads its address off the first line that carries one.
    ///
    /// Errors: it cannot be started, or ends before it listens.
    pub fn start(program: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = Process::start("target-server", &mut command)?;
        let mut stderr = BufReader::new(process.take_stderr().expect("it was piped"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            if stderr.read_line(&mut line)? == 0 {
                bail!("target-server ended without saying where it listens");
            }
            if let Some(address) = address_in(&line) {
                break address.to_owned();
            }
        };
        // Nobody must wait for a pipe that is full.
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Ok(Self { process, address })
    }

    /// CPU time that the server has used so far.
    ///
    /// Errors: it has ended.
    pub fn cpu_time(&self) -> Result<Duration> {
        self.process.cpu_time()
    }

    /// Its resident memory now, in bytes.
    ///
    /// Errors: it has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.process.resident_bytes()
    }

    /// Asks for the counters.
    ///
    /// Errors: no answer, or an answer without them.
    pub fn counters(&mut self) -> Result<Counters> {
        self.process.check_running()?;
        let mut socket = TcpStream::connect(&self.address)?;
        socket.set_read_timeout(Some(ANSWER_LIMIT))?;
        write!(
            socket,
            "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        )?;
        let mut answer = String::new();
        socket
            .read_to_string(&mut answer)
            .context("no answer from /metrics")?;
        let counter =
            |name| counter(&answer, name).with_context(|| format!("/metrics does not have {name}"));
        Ok(Counters {
            subscribers: counter("target_server_subscribers")?,
            events: counter("target_server_events_written_total")?,
        })
    }

    /// Waits until exactly `wanted` subscribers are connected, `polls` times a twentieth of a second at most.
    ///
    /// Errors: there are more, or not so many in time.
    pub fn wait_for_subscribers(&mut self, wanted: u64, polls: u32) -> Result<()> {
        self.look_for_subscribers(wanted, POLL, polls)
    }

    /// The same with looks that lie `pause` apart: how exactly the moment is known in which the last one came.
    ///
    /// Errors: there are more, or not so many in time.
    pub fn look_for_subscribers(&mut self, wanted: u64, pause: Duration, looks: u32) -> Result<()> {
        let mut now = 0;
        for _ in 0..looks {
            now = self.counters()?.subscribers;
            if now == wanted {
                return Ok(());
            }
            thread::sleep(pause);
        }
        bail!("{now} subscribers are connected instead of {wanted}");
    }
}

fn address_in(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest
        .find(|letter: char| letter == '/' || letter.is_whitespace())
        .unwrap_or(rest.len());
    Some(&rest[..end])
}

fn counter(page: &str, name: &str) -> Option<u64> {
    page.lines().find_map(|line| {
        line.strip_prefix(name)?
            .strip_prefix(' ')?
            .trim()
            .parse()
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_a_sentence() {
        assert_eq!(
            address_in("listening on http://127.0.0.1:80/\n"),
            Some("127.0.0.1:80")
        );
        assert_eq!(
            address_in("listening on http://127.0.0.1:8080 (plain)"),
            Some("127.0.0.1:8080")
        );
        assert_eq!(address_in("starting"), None);
    }

    #[test]
    fn a_counter_is_its_whole_name() {
        let page = "# TYPE a_b counter\na_b_total 7\na_b 12\n";
        assert_eq!(counter(page, "a_b"), Some(12));
        assert_eq!(counter(page, "a"), None);
    }
}
