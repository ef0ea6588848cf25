//! Reports of real streams: each command is run as a person runs it, against a target-server of our own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::end::Exit;
use run_record::record::RunRecord;
use run_record::self_check::{Check, CheckStatus};
use target_server::{Config, Server};

/// Each report with the words of its banner.
const ANSWERS: [(&str, &str); 8] = [
    ("live", "LIVE"),
    ("batched", "BATCHED"),
    ("buffered", "BUFFERED"),
    ("cut", "CUT"),
    ("measured", "limits missed"),
    ("empty", "INCONCLUSIVE"),
    ("interrupted", "ended early"),
    ("invalid", "INVALID"),
];

/// The directory with NAME.json and NAME.html of each report.
pub(crate) struct Files {
    directory: PathBuf,
}

impl Files {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.html"))
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = (&'static str, PathBuf)> + '_ {
        ANSWERS.iter().map(|(name, _)| (*name, self.path(name)))
    }

    pub(crate) fn record(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.json"))
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

pub(crate) fn answer_to(name: &str) -> &'static str {
    let answer = ANSWERS.iter().find(|(it, _)| *it == name);
    answer.expect("a name of the list").1
}

/// Measured once for all tests.
pub(crate) fn of_real_streams() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(measured)
}

fn measured() -> Files {
    // Kept for those who want to look at them.
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&directory).expect("cargo made the one above");
    let files = Files { directory };
    let server = Server::start(Config::default()).expect("a free port");
    let url = format!(
        "http://{}/prices",
        server.local_addr().expect("a TCP address")
    );
    let checks = [
        ("live", ""),
        ("batched", "?mode=hold-size:4096"),
        ("buffered", "?mode=hold-all&count=30&interval=100ms"),
        ("cut", "?mode=cut-after:2s"),
    ];
    for (name, query) in checks {
        finish(start(&files, name, &["check", &format!("{url}{query}")]));
    }
    let many = format!("{url}?interval=20ms&heartbeat=1s");
    let limits = ["--max", "delivery.p99=1us", "--max", "lost=0"];
    let run = ["run", &many, "-c", "20", "--for", "4s"];
    finish(start(&files, "measured", &[&run[..], &limits].concat()));
    let silent = format!("{url}?mode=comments-only");
    finish(start(
        &files,
        "empty",
        &["run", &silent, "-c", "3", "--for", "2s"],
    ));
    interrupt(start(
        &files,
        "interrupted",
        &["run", &many, "-c", "5", "--for", "300s"],
    ));
    for (name, _) in ANSWERS.iter().filter(|(name, _)| *name != "invalid") {
        write_page(&files, name);
    }
    invalid(&files);
    server.shutdown().expect("no thread failed");
    files
}

/// Its record is written when it ends.
fn start(files: &Files, name: &str, words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(words)
        .args(["--no-progress", "--out"])
        .arg(files.record(name))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("loadgen starts")
}

fn finish(mut child: Child) {
    child.wait().expect("loadgen ends");
}

/// As `report -o` makes it.
fn write_page(files: &Files, name: &str) {
    let made = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .arg("report")
        .arg(files.record(name))
        .arg("-o")
        .arg(files.path(name))
        .stderr(Stdio::null())
        .status()
        .expect("loadgen starts");
    assert!(made.success(), "{name}: {made}");
}

/// Ctrl-C, once something has been measured.
fn interrupt(mut child: Child) {
    thread::sleep(Duration::from_secs(3));
    let id = Pid::from_raw(child.id().try_into().expect("a process id is an i32"));
    kill(id, Signal::SIGINT).expect("loadgen runs");
    child.wait().expect("loadgen ends");
}

/// No machine is slow at will: what a slow one writes of itself is put into a record that is sound.
fn invalid(files: &Files) {
    let bytes = std::fs::read(files.record("measured")).expect("it was measured");
    let mut record = RunRecord::read(&bytes).expect("a record");
    let wide = Check::at_most(12.0, 5.0, "%", CheckStatus::Invalid);
    record.self_check.observe("wide_intervals", wide);
    record.exit = Some(Exit {
        code: 5,
        reason: "this machine was the limit".to_owned(),
    });
    let page = reports::html::page(&record);
    std::fs::write(files.path("invalid"), page).expect("the directory can be written");
}
