//! The command as a process of its own: one that can be stopped, starved, and asked for its memory.

use nix::unistd::Pid;
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// `loadgen check URL --json`, not yet started.
pub(crate) struct Invocation {
    url: String,
    niceness: u8,
}

/// A check that runs.
pub(crate) struct Running {
    child: Child,
}

/// What it printed.
#[derive(Debug)]
pub(crate) struct Document {
    json: Value,
}

impl Invocation {
    pub(crate) fn of(url: impl Into<String>) -> Invocation {
        Invocation {
            url: url.into(),
            niceness: 0,
        }
    }

    /// With the lowest priority there is.
    pub(crate) fn behind_all_others(self) -> Invocation {
        Invocation {
            niceness: 19,
            ..self
        }
    }

    pub(crate) fn start(&self) -> Running {
        let child = Command::new("nice")
            .arg(format!("-n{}", self.niceness))
            .arg(env!("CARGO_BIN_EXE_loadgen"))
            .args(["check", &self.url, "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Running { child }
    }
}

impl Running {
    pub(crate) fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    /// Waits for its end.
    pub(crate) fn document(self) -> Document {
        let output = self.child.wait_with_output().unwrap();
        let json = serde_json::from_slice(&output.stdout).expect("one object of JSON");
        Document { json }
    }

    /// The same, and the most memory that it held, in KiB, looked at every few milliseconds.
    pub(crate) fn document_and_memory(mut self) -> (Document, u64) {
        let status = format!("/proc/{}/status", self.id());
        let mut most = 0;
        while self.child.try_wait().unwrap().is_none() {
            most = most.max(high_water(&status).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(5));
        }
        (self.document(), most)
    }
}

fn high_water(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

impl Document {
    pub(crate) fn verdict(&self) -> &str {
        self.json["verdict"].as_str().expect("a verdict")
    }

    /// LIVE, or no word.
    pub(crate) fn accuses_nobody(&self) -> bool {
        matches!(self.verdict(), "live" | "inconclusive")
    }

    pub(crate) fn has_finding(&self, code: &str) -> bool {
        let findings = self.json["findings"].as_array();
        findings.is_some_and(|all| all.iter().any(|finding| finding["code"] == code))
    }

    pub(crate) fn text(&self) -> String {
        let keys = ["verdict", "gloss", "reason", "hold", "evidence", "findings"];
        let shown = keys.map(|key| format!("{key}: {}", self.json[key]));
        shown.join("\n")
    }
}
