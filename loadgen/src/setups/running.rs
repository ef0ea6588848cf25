//! A setup that runs: started in a private directory, waited for, and always stopped.
//! It must not know what it will be asked for.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use thiserror::Error;

use super::description::Listen;
use super::setup::Setup;
use super::{commands, ready};
use crate::child::Child;
use crate::clock;
use crate::plan::{Endpoint, TlsPlan, Trust};
use crate::request::HttpVersion;

/// Rails needs about a second on an idle machine; the rest is for a busy one.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Pause between two questions.
const POLL: Duration = Duration::from_millis(50);

/// The socket of a setup that listens on one, in its private directory.
const SOCKET: &str = "http.sock";

/// Where its output goes, in its private directory.
const LOG: &str = "log";

/// What of its log is told when it fails.
const LAST_LINES: usize = 5;

/// A server that answers. Dropping it ends its whole process group and removes its directory.
#[derive(Debug)]
pub struct Running {
    /// Before `directory`, because fields are dropped in this order: a server writes until it has ended.
    child: Child,
    directory: TempDir,
    endpoint: Endpoint,
    /// Where it listens with TLS only.
    tls: Option<TlsPlan>,
    tls_port: u16,
    token: String,
}

/// Why a setup does not run. Nothing is left of it.
#[derive(Debug, Error)]
pub enum StartError {
    /// No directory, no port or no process for it.
    #[error("cannot be started on this machine: {0}")]
    Machine(#[from] io::Error),
    /// It ended instead of listening.
    #[error("ended before it was ready ({status}){}", told(log))]
    Ended {
        /// How.
        status: ExitStatus,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// It runs, but does not answer as it should.
    #[error("did not answer within {} s{}", READY_WITHIN.as_secs(), told(log))]
    NotReady {
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// The user did not want to wait any longer.
    #[error("interrupted")]
    Interrupted,
}

impl Running {
    /// Starts `setup`, in front of `origin` if it needs one, and waits until it answers with the token of this start.
    ///
    /// Setting `interrupt` ends the wait. A process that is killed cannot stop what it has started: where the
    /// kernel can be asked (through `setpriv`), it then asks the server to end.
    pub fn start(
        setup: &Setup,
        origin: Option<&Running>,
        interrupt: &AtomicBool,
    ) -> Result<Self, StartError> {
        let mut running = Self::spawn(setup, origin)?;
        running.wait(interrupt)?;
        Ok(running)
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How it is spoken to, where that is by TLS. Its certificate is not checked: the token has proven who it is.
    pub fn tls(&self) -> Option<&TlsPlan> {
        self.tls.as_ref()
    }

    /// The address of `path`, which begins with `/`; on a Unix socket the host name is only a word.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        match &self.endpoint {
            Endpoint::Tcp(address) => format!("{scheme}://{address}{path}"),
            Endpoint::Unix(_) => format!("http://localhost{path}"),
        }
    }

    /// The TLS address of `path`, with a name that a certificate can carry; nobody need listen there.
    pub fn tls_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.tls_port)
    }

    /// A file in its private directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The whole answer to `GET path` with its head, for questions beside the measurement.
    ///
    /// Errors: it does not answer, or says nothing for 3 s.
    pub fn get(&self, path: &str) -> io::Result<String> {
        ready::get(&self.endpoint, self.tls.as_ref(), path)
    }

    /// Whether its log has a line that begins with this.
    ///
    /// Errors: the log cannot be read.
    pub fn has_logged(&self, beginning: &str) -> io::Result<bool> {
        let log = fs::read(self.file(LOG))?;
        let log = String::from_utf8_lossy(&log);
        Ok(log.lines().any(|line| line.starts_with(beginning)))
    }

    fn spawn(setup: &Setup, origin: Option<&Running>) -> io::Result<Self> {
        let directory = private_directory()?;
        let token = match origin {
            // A proxy hands on what its origin says.
            Some(origin) => origin.token.clone(),
            None => token(&directory),
        };
        let [port, tls_port] = free_ports()?;
        let log = directory.path().join(LOG);
        let log = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(log)?;
        let mut command = tied(&setup.program());
        command
            .env("PATH", commands::search_path())
            .env("SETUP_RUN", directory.path())
            .env("SETUP_TOKEN", &token)
            .env("SETUP_TLS_PORT", tls_port.to_string());
        let endpoint = match setup.description.listen {
            Listen::Tcp | Listen::Tls => {
                command.env("SETUP_PORT", port.to_string());
                Endpoint::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            }
            Listen::Unix => Endpoint::Unix(directory.path().join(SOCKET)),
        };
        if let Some(Endpoint::Tcp(address)) = origin.map(Running::endpoint) {
            command.env("SETUP_ORIGIN", address.port().to_string());
        }
        Ok(Self {
            child: Child::start(command, log)?,
            directory,
            endpoint,
            tls: match setup.description.listen {
                Listen::Tls => Some(tls()?),
                Listen::Tcp | Listen::Unix => None,
            },
            tls_port,
            token,
        })
    }

    /// An open port proves nothing: a proxy listens before its origin answers, and another process may have taken it.
    fn wait(&mut self, interrupt: &AtomicBool) -> Result<(), StartError> {
        let wanted = format!("ready {}", self.token);
        let deadline = clock::mono() + READY_WITHIN.into();
        loop {
            if self
                .get("/ready")
                .is_ok_and(|answer| answer.contains(&wanted))
            {
                return Ok(());
            }
            if let Some(status) = self.child.exited() {
                let log = self.child.last_lines(LAST_LINES);
                return Err(StartError::Ended { status, log });
            }
            if interrupt.load(Ordering::Relaxed) {
                return Err(StartError::Interrupted);
            }
            if clock::mono() >= deadline {
                let log = self.child.last_lines(LAST_LINES);
                return Err(StartError::NotReady { log });
            }
            thread::sleep(POLL);
        }
    }
}

fn tls() -> io::Result<TlsPlan> {
    let made = TlsPlan::new("localhost", &Trust::Anyone, HttpVersion::Http11);
    made.map_err(io::Error::other)
}

/// Should this process be killed, nothing drops: the kernel then ends the leader instead, where it can be asked.
fn tied(start: &Path) -> Command {
    if !commands::is_there("setpriv") {
        return Command::new(start);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(start);
    command
}

/// Readable by everyone, because nginx started as root works as another user.
fn private_directory() -> io::Result<TempDir> {
    let directory = tempfile::Builder::new()
        .prefix("setup-")
        .rand_bytes(16)
        .tempdir()?;
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755))?;
    Ok(directory)
}

/// The random part of the directory's name is fresh for every start.
fn token(directory: &TempDir) -> String {
    let name = directory.path().file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Another process may take them before the setup does; the token finds that out.
fn free_ports() -> io::Result<[u16; 2]> {
    // Both are held until both are known, or they might be the same.
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (one, other) = (listen()?, listen()?);
    Ok([one.local_addr()?.port(), other.local_addr()?.port()])
}

fn told(log: &[String]) -> String {
    match log {
        [] => "; it said nothing".to_owned(),
        lines => format!("; the last it said:\n  {}", lines.join("\n  ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A setup whose program is this shell script.
    fn setup(all: &Path, script: &str) -> Setup {
        let directory = all.join("made-up");
        fs::create_dir(&directory).unwrap();
        fs::write(
            directory.join("setup.toml"),
            "about = 'x'\nfamily = 'y'\npath = '/'\nlisten = 'unix'\nexpect.verdict = 'live'\n",
        )
        .unwrap();
        let program = directory.join("start");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        Setup::read(all, "made-up").unwrap()
    }

    #[test]
    fn an_early_end_is_told_with_the_last_words() {
        let all = tempfile::tempdir().unwrap();
        let setup = setup(all.path(), "echo no gem >&2; exit 7");
        let error = Running::start(&setup, None, &AtomicBool::new(false)).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("exit status: 7"), "{error}");
        assert!(error.ends_with("no gem"), "{error}");
    }

    #[test]
    fn a_wait_can_be_interrupted_and_leaves_nothing() {
        let all = tempfile::tempdir().unwrap();
        let witness = all.path().join("run");
        let script = format!(
            "echo \"$SETUP_RUN\" >'{}'; exec sleep 1000",
            witness.display()
        );
        let setup = setup(all.path(), &script);
        let mut running = Running::spawn(&setup, None).unwrap();
        let mut place = String::new();
        while !place.ends_with('\n') {
            thread::sleep(POLL);
            place = fs::read_to_string(&witness).unwrap_or_default();
        }
        let error = running.wait(&AtomicBool::new(true)).unwrap_err();
        assert!(matches!(error, StartError::Interrupted), "{error}");
        drop(running);
        assert!(!Path::new(place.trim()).exists());
    }

    #[test]
    fn a_program_that_cannot_be_run_is_named_by_its_fault() {
        let all = tempfile::tempdir().unwrap();
        let setup = setup(all.path(), "");
        fs::set_permissions(setup.program(), Permissions::from_mode(0o644)).unwrap();
        let error = Running::start(&setup, None, &AtomicBool::new(false)).unwrap_err();
        let error = error.to_string();
        assert!(
            error.to_lowercase().contains("permission denied"),
            "{error}"
        );
    }
}
