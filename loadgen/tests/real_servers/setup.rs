//! Starts one real server of `scripts/setups`, waits until it answers, and always stops it.
//!
//! The contract of a setup (environment, readiness by token, process group) stands in `scripts/setups/README.md`.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

const POLL: Duration = Duration::from_millis(50);
/// Rails needs about a second on an idle machine; the rest is for a busy one.
const READY_POLLS: u32 = 60_000 / 50;
/// Puma waits for the end of its streams, so SIGTERM alone may never end it.
const STOP_POLLS: u32 = 5_000 / 50;
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// A running setup; dropping it stops the whole process group.
pub(crate) struct Setup {
    child: Child,
    run: tempfile::TempDir,
    listen: Listen,
    tls_port: u16,
    token: String,
}

/// Where a setup listens for plain HTTP.
pub(crate) enum Listen {
    /// A port of 127.0.0.1.
    Port(u16),
    /// A socket in the private directory of the setup.
    Socket(PathBuf),
}

impl Setup {
    /// Starts `scripts/setups/NAME/start` on a free port and waits until it is ready.
    pub(crate) fn start(name: &str) -> Self {
        Self::start_before(name, None)
    }

    /// Starts a proxy in front of `origin`, which must be ready.
    pub(crate) fn start_before_origin(name: &str, origin: &Setup) -> Self {
        Self::start_before(name, Some(origin))
    }

    /// Starts a setup that listens on `SETUP_RUN/SOCKET` instead of a port.
    pub(crate) fn start_on_socket(name: &str, socket: &str) -> Self {
        let run = private_directory();
        let listen = Listen::Socket(run.path().join(socket));
        Self::spawn(name, run, listen, None).ready()
    }

    fn start_before(name: &str, origin: Option<&Setup>) -> Self {
        Self::spawn(name, private_directory(), Listen::Port(free_port()), origin).ready()
    }

    fn spawn(name: &str, run: tempfile::TempDir, listen: Listen, origin: Option<&Setup>) -> Self {
        let tls_port = free_port();
        let token = origin.map_or_else(|| token(&run), |origin| origin.token.clone());
        let log = File::create(run.path().join("log")).expect("the directory is ours");
        // Should this process be killed, nothing drops: the kernel then ends the leader instead.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM", "--"])
            .arg(setups().join(name).join("start"))
            .env("SETUP_RUN", run.path())
            .env("SETUP_TOKEN", &token)
            .env("SETUP_TLS_PORT", tls_port.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("one more descriptor"))
            .stderr(log)
            .process_group(0);
        if let Listen::Port(port) = listen {
            command.env("SETUP_PORT", port.to_string());
        }
        if let Some(origin) = origin {
            command.env("SETUP_ORIGIN", origin.port().to_string());
        }
        let child = command
            .spawn()
            .expect("setpriv (util-linux) starts the setup");
        Self {
            child,
            run,
            listen,
            tls_port,
            token,
        }
    }

    /// Waits for the token of this start in the body of `/ready`: an open port proves nothing.
    fn ready(mut self) -> Self {
        let wanted = format!("ready {}", self.token);
        for _ in 0..READY_POLLS {
            if self
                .get("/ready")
                .is_ok_and(|answer| answer.contains(&wanted))
            {
                return self;
            }
            if let Some(status) = self.child.try_wait().expect("our own child") {
                panic!(
                    "the setup ended ({status}) before it was ready; its log:\n{}",
                    self.log()
                );
            }
            thread::sleep(POLL);
        }
        panic!(
            "the setup is not ready after a minute; its log:\n{}",
            self.log()
        );
    }

    /// One GET, the raw answer with its head; HTTP/1.0, so that the body ends with the connection.
    pub(crate) fn get(&self, path: &str) -> io::Result<String> {
        match &self.listen {
            Listen::Port(port) => {
                let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, *port))?;
                socket.set_read_timeout(Some(ANSWER_LIMIT))?;
                exchange(socket, path)
            }
            Listen::Socket(file) => {
                let socket = UnixStream::connect(file)?;
                socket.set_read_timeout(Some(ANSWER_LIMIT))?;
                exchange(socket, path)
            }
        }
    }

    /// The plain-text address of `path`; on a Unix socket the host name is only a word.
    pub(crate) fn url(&self, path: &str) -> String {
        match self.listen {
            Listen::Port(port) => format!("http://127.0.0.1:{port}{path}"),
            Listen::Socket(_) => format!("http://localhost{path}"),
        }
    }

    /// The TLS address of `path`, with the name that the certificate carries.
    pub(crate) fn tls_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.tls_port)
    }

    /// A file in the private directory of the setup.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.run.path().join(name)
    }

    /// What the setup has written to its standard output and error so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    /// The process group of the setup.
    pub(crate) fn group(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process id is an i32"))
    }

    fn port(&self) -> u16 {
        match self.listen {
            Listen::Port(port) => port,
            Listen::Socket(_) => panic!("an origin must listen on a port"),
        }
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        let group = self.group();
        // Errors mean that nothing is left to stop.
        let _ = killpg(group, Signal::SIGTERM);
        for _ in 0..STOP_POLLS {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(POLL),
                Ok(Some(_)) | Err(_) => break,
            }
        }
        // The leader may be gone while others of its group are not.
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

fn exchange(mut socket: impl Read + Write, path: &str) -> io::Result<String> {
    write!(socket, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

fn setups() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/setups")
}

/// Readable by everyone, because nginx started as root works as another user.
fn private_directory() -> tempfile::TempDir {
    let run = tempfile::tempdir().expect("a directory for temporary files");
    fs::set_permissions(run.path(), Permissions::from_mode(0o755)).expect("the directory is ours");
    run
}

/// Another process may take it before the setup does; the token finds that out.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket").port()
}

/// The random part of the directory's name is fresh for every start.
fn token(run: &tempfile::TempDir) -> String {
    let name = run.path().file_name().expect("a directory has a name");
    name.to_string_lossy().trim_start_matches('.').to_owned()
}
