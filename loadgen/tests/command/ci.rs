//! What a CI system is told: summary, annotations, JUnit; and what hostile text of a server comes to there.

use crate::refusal::that_counts;
use crate::schema::valid;
use crate::scripted::{Answer, Scripted};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use target_server::{Config, Server};
use tempfile::TempDir;

/// A step of a job: its directory, and loadgen as the runner starts it.
struct Step(TempDir);

impl Step {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = plain(words);
        command
            .current_dir(self.0.path())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", self.file("summary.md"));
        command.output().unwrap()
    }
}

fn plain(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command
        .args(words)
        .stdin(Stdio::null())
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITHUB_STEP_SUMMARY");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn commands(output: &Output) -> Vec<String> {
    let both = text(&output.stdout) + &text(&output.stderr);
    let is_command = |line: &&str| line.trim_start().starts_with("::");
    both.lines().filter(is_command).map(str::to_owned).collect()
}

const RUN: [&str; 5] = ["-c", "2", "--for", "300ms", "--no-progress"];

#[test]
fn each_missed_limit_is_an_error_and_each_unmeasured_one_a_warning() {
    let server = Server::start(Config::default()).unwrap();
    let url = format!(
        "http://{}/prices?interval=20ms",
        server.local_addr().unwrap()
    );
    let step = Step::new();
    let limits = [
        "--max",
        "events=0",
        "--max",
        "delivery.max=1us",
        "--max",
        "tls.max=1s",
        "--max",
        "lost=0",
    ];
    let reports = [
        "--report",
        "page.html",
        "--report",
        "run.hgrm",
        "--report",
        "run.prom",
        "--report",
        "run.csv",
        "--bench-json",
        "bench.json",
        "--junit",
        "tests",
    ];
    let words = [&["run", &url, "--json"], &RUN[..], &limits, &reports].concat();
    let output = step.run(&words);
    assert_eq!(output.status.code(), Some(1));
    // With --json nothing else is on stdout.
    valid("record", &output.stdout);
    let commands = commands(&output);
    let count = |level: &str| {
        commands
            .iter()
            .filter(|line| line.starts_with(level))
            .count()
    };
    assert_eq!(
        (count("::error "), count("::warning ")),
        (2, 1),
        "{commands:?}"
    );
    assert!(commands[0].contains("::delivery.max "), "{commands:?}");

    let junit = step.read("tests");
    assert_eq!(junit.matches("<failure ").count(), 2, "{junit}");
    assert_eq!(junit.matches("<error ").count(), 1, "{junit}");
    assert_eq!(junit.matches("<testcase ").count(), 5, "{junit}");
    assert!(step.read("page.html").starts_with("<!DOCTYPE html>"));
    assert!(step.read("run.hgrm").contains("Percentile"));
    assert!(step.read("run.prom").ends_with("# EOF\n"));
    assert!(step.read("run.csv").starts_with("epoch_s,"));
    let bench = valid("benchmark", step.read("bench.json").as_bytes());
    assert!(bench[0]["name"].is_string(), "{bench}");

    let first = step.read("summary.md");
    assert!(
        first.starts_with("### streamgauge: ✗ not as expected"),
        "{first}"
    );
    // Another step of the job adds to it.
    step.run(&[&["run", &url], &RUN[..]].concat());
    let both = step.read("summary.md");
    assert!(both.starts_with(&first), "{both}");
    assert!(both.contains("### streamgauge: ✓ as expected"), "{both}");
}

#[test]
fn nothing_is_told_where_no_ci_system_is() {
    let server = Server::start(Config::default()).unwrap();
    let url = format!(
        "http://{}/prices?interval=20ms",
        server.local_addr().unwrap()
    );
    let mut run = plain(&[&["run", &url, "--max", "events=0"], &RUN[..]].concat());
    let output = that_counts(|| run.output().unwrap());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(commands(&output), Vec::<String>::new());
}

#[test]
fn a_summary_that_cannot_be_written_fails_no_job_and_a_report_does() {
    let server = Server::start(Config::default()).unwrap();
    let url = format!(
        "http://{}/prices?interval=20ms",
        server.local_addr().unwrap()
    );
    let words = [&["run", &url], &RUN[..]].concat();
    let mut run = plain(&words);
    run.env("GITHUB_STEP_SUMMARY", "/proc/none/summary.md");
    let output = that_counts(|| run.output().unwrap());
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("no job summary: /proc/none/summary.md"));
    let words = [&words[..], &["--report", "/proc/none/page.html"]].concat();
    let output = plain(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(70));
    assert!(
        text(&output.stdout).contains("events"),
        "the page is shown all the same"
    );
    let odd = plain(&["run", &url, "-c", "1", "--report", "page.pdf"])
        .output()
        .unwrap();
    assert_eq!(odd.status.code(), Some(2));
    assert!(text(&odd.stderr).contains(".html, .md, .xml, .prom, .csv, .hgrm or .hlog"));
}

#[test]
fn a_comparison_of_hops_is_told_to_a_job_too() {
    let server = Server::start(Config::default()).unwrap();
    let address = server.local_addr().unwrap();
    let hop = |name: &str, query: &str| {
        format!("{name}=http://{address}/prices?interval=100ms&count=30{query}")
    };
    let (origin, edge) = (hop("origin", ""), hop("edge", "&mode=hold-all"));
    let step = Step::new();
    let words = [
        "check", "--hop", &origin, "--hop", &edge, "--junit", "t.xml",
    ];
    let output = step.run(&words);
    assert_eq!(output.status.code(), Some(1));
    let commands = commands(&output);
    assert!(
        commands[0].starts_with("::error title=streamgauge"),
        "{commands:?}"
    );
    let summary = step.read("summary.md");
    assert!(
        summary.contains("BUFFERED") && summary.contains("edge"),
        "{summary}"
    );
    let junit = step.read("t.xml");
    assert_eq!(junit.matches("<failure ").count(), 1, "{junit}");
}

#[test]
fn exit_zero_ends_with_0_and_says_which_code_it_was() {
    let server = Server::start(Config::default()).unwrap();
    let url = format!(
        "http://{}/prices?interval=20ms",
        server.local_addr().unwrap()
    );
    let words = [
        &["run", &url, "--max", "events=0", "--exit-zero", "--json"],
        &RUN[..],
    ]
    .concat();
    let output = plain(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("exit code 0 for 1 (--exit-zero)"));
    assert_eq!(valid("record", &output.stdout)["exit"]["code"], 1);
    // What was never started is no result to forgive.
    let usage = plain(&["run", &url, "--exit-zero"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}

/// What a server can say that a runner, a terminal or a reader would obey.
const HOSTILE: &str = "HTTP/1.1 503 \x1b[2J::error::qzx <img src=x> \x1b]0;qzx\x07##[error]qzx\r\n\
    Server: ::error::qzx ##[error]qzx <script>qzx</script>\r\n\
    Content-Type: text/html; x=\"`qzx` | @all\r\n\
    X-Request-Id: ::add-mask::qzx\r\n\
    Via: \u{202e}qzx\r\n\
    Content-Length: 20\r\n\r\n<script>qzx</script>";

#[test]
fn what_a_hostile_server_says_acts_nowhere() {
    let server = Scripted::start(vec![Answer::close(HOSTILE)]);
    let url = format!("http://{}/?q=::error::qzx%23%23[error]", server.address());
    let step = Step::new();
    let reports = [
        "--report", "p.html", "--report", "s.md", "--report", "t.xml",
    ];
    for command in [
        &["check", &url, "--for", "2s"][..],
        &["run", &url, "-c", "2", "--for", "300ms"],
    ] {
        let output = step.run(&[command, &reports[..], &["--out", "r.json"]].concat());
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        for line in stdout.lines().chain(stderr.lines()) {
            let ours = line.starts_with("::error title=streamgauge")
                || line.starts_with("::warning title=streamgauge");
            assert!(ours || !line.trim_start().starts_with("::"), "{line}");
            assert!(!line.contains("##["), "{line}");
            assert!(!line.contains(['\x1b', '\x07', '\u{202e}']), "{line}");
        }
        let page = step.read("p.html");
        assert!(
            !page.contains("<script>qzx") && !page.contains("<img"),
            "{command:?}"
        );
        assert!(!page.contains('\u{202e}'));
        assert!(!step.read("t.xml").contains("<script"));
        assert!(!step.read("s.md").contains("\u{1b}"));
    }
}

#[test]
#[ignore = "needs xmllint (scripts/install test)"]
fn xmllint_accepts_the_junit_of_a_hostile_server() {
    let server = Scripted::start(vec![Answer::close(HOSTILE)]);
    let url = format!("http://{}/?q=%3C%26]]%3E", server.address());
    let step = Step::new();
    step.run(&["check", &url, "--for", "2s", "--junit", "tests.xml"]);
    let file = step.file("tests.xml");
    assert!(xmllint(&file), "{}", step.read("tests.xml"));
    // It does not accept everything.
    let broken = step.read("tests.xml").replace("</testsuites>", "");
    std::fs::write(&file, broken).unwrap();
    assert!(!xmllint(&file));
}

fn xmllint(file: &Path) -> bool {
    let mut command = Command::new("xmllint");
    command.arg("--noout").arg(file).stderr(Stdio::null());
    command.status().unwrap().success()
}
