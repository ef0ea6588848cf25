//! Four busy loops on the cores that measure: whatever is said then is right, or is said to be INVALID.

use crate::gate::{Found, alone, is_full, tell};
use crate::load::Load;
use crate::support::target;
use crate::witness::Truth;
use serde_json::Value;
use std::process::{Child, Command, Stdio};

const HOGS: usize = 4;
const INVALID: i32 = 5;

/// Busy loops that end with this.
struct Hogs(Vec<Child>);

impl Hogs {
    fn start() -> Hogs {
        let hog = |_| {
            let mut command = Command::new("sh");
            command.args(["-c", "while :; do :; done"]);
            command.spawn().expect("there is a shell")
        };
        Hogs((0..HOGS).map(hog).collect())
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        for hog in &mut self.0 {
            // It does not end by itself.
            let _ = hog.kill();
            let _ = hog.wait();
        }
    }
}

/// One run of ten seconds: what is wrong with it, and whether it says that it is INVALID.
fn run() -> (Vec<String>, bool) {
    let server = target();
    let address = server.local_addr().expect("it listens");
    let url = format!("http://{address}/prices?interval=50ms&count=200");
    let hogs = Hogs::start();
    let ended = Load::start(&url, 20).ended();
    drop(hogs);
    if ended.code == INVALID {
        return (Vec::new(), true);
    }
    let truth = Truth::of(&server);
    let total = ended.record.total();
    let mut wrong = Vec::new();
    if ended.code != 0 {
        wrong.push(format!("exit {}: {}", ended.code, ended.page));
    }
    let counted = total.counters.events;
    let written = truth.written();
    if (counted.received, counted.lost, counted.duplicated) != (written, 0, 0) {
        wrong.push(format!("{written} written, and {counted:?}"));
    }
    for (name, q) in [("p50", 0.5), ("p99", 0.99)] {
        let what = format!("4 hogs: delivery {name}, apart from the truth");
        let found = truth.delivery(&what, &ended, q);
        let Found {
            measured,
            threshold,
            holds,
            ..
        } = &found;
        tell("hogs", &what, measured, threshold);
        if !holds {
            let checks = ended.record.self_check.by_status();
            wrong.push(format!(
                "{what}: {measured}, and not {threshold}; {checks:?}"
            ));
        }
    }
    (wrong, false)
}

/// The verdict on a stream, or INVALID.
fn verdict(query: &str) -> String {
    let server = target();
    let address = server.local_addr().expect("it listens");
    let url = format!("http://{address}/prices?{query}");
    let hogs = Hogs::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command
        .args(["check", &url, "--json", "--no-progress"])
        .stdin(Stdio::null());
    let output = command.output().expect("it was built with this test");
    drop(hogs);
    let errors = String::from_utf8_lossy(&output.stderr);
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("no answer ({error}): {errors}"));
    if output.status.code() == Some(INVALID) {
        return "invalid".to_owned();
    }
    answer["verdict"]
        .as_str()
        .expect("a verdict is a word")
        .to_owned()
}

#[test]
fn no_wrong_number_under_four_hogs() {
    let _alone = alone();
    let runs = if is_full() { 5 } else { 2 };
    let (mut wrong, mut invalid) = (Vec::new(), 0);
    for _ in 0..runs {
        let (found, is_invalid) = run();
        wrong.extend(found);
        invalid += u32::from(is_invalid);
    }
    let measured = format!("{} ({invalid} of {runs} INVALID)", wrong.len());
    tell("hogs", "4 hogs: wrong numbers of run", measured, "0");
    let mut contrary = Vec::new();
    for (query, right) in [
        ("interval=100ms", "live"),
        ("interval=100ms&mode=hold-size:4096", "batched"),
    ] {
        let verdicts: Vec<String> = (0..runs).map(|_| verdict(query)).collect();
        let is_right = |said: &&String| [right, "inconclusive", "invalid"].contains(&said.as_str());
        let wrong = verdicts.iter().filter(|said| !is_right(said)).count();
        let measured = format!("{wrong} ({})", verdicts.join(", "));
        tell(
            "hogs",
            &format!("4 hogs: wrong verdicts on a stream that is {right}"),
            &measured,
            "0",
        );
        if wrong > 0 {
            contrary.push(format!("{right}: {measured}"));
        }
    }
    assert!(
        wrong.is_empty() && contrary.is_empty(),
        "{wrong:#?} {contrary:#?}"
    );
}
