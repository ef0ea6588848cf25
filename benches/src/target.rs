//! A target-server of its own for each measurement: its address, and what it says it has done.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::process::Process;

const POLL: Duration = Duration::from_millis(50);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A running target-server on a free port of loopback.
pub struct Target {
    process: Process,
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// Where it is asked for its counters.
    control: String,
    /// Its certificate and key, if it speaks TLS.
    certificate: Option<TempDir>,
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
        let (process, addresses) = listen(program, &[], 1)?;
        let address = addresses.concat();
        Ok(Self {
            process,
            control: address.clone(),
            address,
            certificate: None,
        })
    }

    /// The same over TLS, with a certificate that nobody trusts.
    ///
    /// Errors: it cannot be started, or ends before it listens.
    pub fn start_tls(program: &Path) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let directory = TempDir::new()?;
        let (certificate, key) = (directory.path().join("cert"), directory.path().join("key"));
        fs::write(&certificate, made.cert.pem())?;
        fs::write(&key, made.signing_key.serialize_pem())?;
        let arguments: [&OsStr; 6] = [
            "--control".as_ref(),
            "127.0.0.1:0".as_ref(),
            "--tls-cert".as_ref(),
            certificate.as_ref(),
            "--tls-key".as_ref(),
            key.as_ref(),
        ];
        let (process, mut addresses) = listen(program, &arguments, 2)?;
        Ok(Self {
            process,
            control: addresses.pop().unwrap_or_default(),
            address: addresses.concat(),
            certificate: Some(directory),
        })
    }

    /// Whether it speaks TLS.
    pub fn is_tls(&self) -> bool {
        self.certificate.is_some()
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
        let mut socket = TcpStream::connect(&self.control)?;
        socket.set_read_timeout(Some(ANSWER_LIMIT))?;
        write!(
            socket,
            "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.control
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

/// Starts the server and reads as many addresses as it is to name.
fn listen(program: &Path, arguments: &[&OsStr], wanted: usize) -> Result<(Process, Vec<String>)> {
    let mut command = Command::new(program);
    command
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut process = Process::start("target-server", &mut command)?;
    let mut stderr = BufReader::new(process.take_stderr().expect("it was piped"));
    let (mut line, mut addresses) = (String::new(), Vec::new());
    while addresses.len() < wanted {
        line.clear();
        if stderr.read_line(&mut line)? == 0 {
            bail!("target-server ended without saying where it listens");
        }
        addresses.extend(address_in(&line).map(str::to_owned));
    }
    // Nobody must wait for a pipe that is full.
    thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    Ok((process, addresses))
}

fn address_in(line: &str) -> Option<&str> {
    let (_, rest) = line
        .split_once("http://")
        .or_else(|| line.split_once("https://"))?;
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
            address_in("listening on https://127.0.0.1:8080 (TLS)"),
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
