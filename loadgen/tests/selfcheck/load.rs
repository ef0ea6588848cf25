//! `loadgen run` as a process of its own: only so can it be stopped, or starved, while the server goes on.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::record::RunRecord;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A run that goes on.
pub(crate) struct Load {
    child: Option<Child>,
    directory: TempDir,
}

/// What a run has left behind.
pub(crate) struct Ended {
    pub(crate) code: i32,
    /// What stands on the terminal at its end.
    pub(crate) page: String,
    pub(crate) record: RunRecord,
}

impl Load {
    /// Runs until every one of `connections` streams has ended by itself, with their arrivals kept event by event.
    pub(crate) fn start(url: &str, connections: u32) -> Load {
        Load::with(url, connections, &[])
    }

    /// The same with further options.
    pub(crate) fn with(url: &str, connections: u32, options: &[&str]) -> Load {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        command
            .args(["run", url, "-c", &connections.to_string()])
            .args(["--for", "2m", "--no-reconnect", "--no-progress"])
            .args(options)
            .args(["--color", "never", "--ascii", "--out"])
            .arg(directory.path().join("run.json"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().expect("it was built with this test");
        Load {
            child: Some(child),
            directory,
        }
    }

    /// Its number for the system.
    pub(crate) fn id(&self) -> i32 {
        let child = self.child.as_ref().expect("it runs until it is waited for");
        i32::try_from(child.id()).unwrap()
    }

    /// Sends a signal to it.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id()), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Ended {
        let child = self.child.take().expect("it is waited for once");
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let bytes = std::fs::read(self.directory.path().join("run.json"));
        let bytes = bytes.unwrap_or_else(|error| panic!("no record ({error}): {errors}"));
        Ended {
            code: output.status.code().expect("it was not killed"),
            page: String::from_utf8(output.stdout).unwrap(),
            record: RunRecord::read(&bytes).unwrap(),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended meanwhile.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Ended {
    /// Whether its own timers fired in time.
    pub(crate) fn was_quiet(&self) -> bool {
        const QUIET_MICROS: f64 = 5_000.0;
        let lag = self.record.self_check.get("timer_lag.p99");
        lag.is_some_and(|lag| lag.value < QUIET_MICROS)
    }
}
