//! `loadgen selftest` as a person or a CI job meets it. What is asserted is structure and counts, never times: a busy machine may
//! be found unfit, and has to say so.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

fn selftest(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["selftest", "--color", "never", "--ascii"]);
    command.args(options).stdin(Stdio::null());
    command
}

fn card_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_is_printed_is_what_was_sent_and_the_exit_code_says_whether_it_is_fit() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("selftest.json");
    let output = selftest(&["--json", "--no-progress", "-c", "500", "--out"])
        .arg(&file)
        .output()
        .unwrap();
    let card = crate::schema::valid("selftest", &output.stdout);
    assert_eq!(card["schema"], "streamgauge.selftest/1");
    assert_eq!(std::fs::read(&file).unwrap(), output.stdout);

    let floor = &card["floor"]["events"];
    assert_eq!(
        (&floor["sent"], &floor["received"]),
        (&1_200.into(), &1_200.into())
    );
    assert_eq!(floor["duplicated"], 0);
    assert_eq!(card["timer_lateness"]["count"], 1_500);
    // Arrivals are known to 0.1 ms and no better; a p99 takes 1,000 that came by themselves, which a busy machine may not see.
    let transit = &card["floor"]["transit"];
    let p99 = transit["p99_us"].as_f64();
    assert_eq!(p99.is_some(), transit["count"].as_u64().unwrap() >= 1_000);
    assert_eq!(card["noise_us"].as_f64(), p99.map(|p99| p99.max(100.0)));
    let steps = card["load"]["steps"].as_array().unwrap();
    assert!(!steps.is_empty());
    for (step, connections) in steps.iter().zip([100, 500]) {
        assert_eq!(step["connections"], connections);
        if step["held"] == true {
            assert_eq!(step["events"]["sent"], connections * 8);
            assert_eq!(step["events"]["received"], connections * 8);
        }
    }
    assert_eq!(card["self_check"]["miscounted"]["value"], 0.0);

    let checks = card["self_check"].as_object().unwrap();
    let unfit = checks.values().any(|check| check["status"] == "invalid");
    let code = if unfit { 5 } else { 0 };
    assert_eq!(
        (&card["exit"]["code"], output.status.code()),
        (&code.into(), Some(code))
    );
    let page = String::from_utf8(output.stderr).unwrap();
    assert!(page.contains("connections at once"), "{page}");
    assert!(page.trim_end().ends_with(&format!("exit {code}")), "{page}");
}

#[test]
fn ctrl_c_ends_it_with_what_was_measured() {
    let mut child = selftest(&["--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap()).lines();
    // The second announcement: the timers are done, the stream begins.
    assert!(progress.next().unwrap().unwrap().contains("timers"));
    assert!(progress.next().unwrap().unwrap().contains("one stream"));
    kill(
        Pid::from_raw(child.id().try_into().unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    let page: Vec<String> = progress.map(Result::unwrap).collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{page:?}");
    let card = card_of(&output);
    assert_eq!(card["timer_lateness"]["count"], 1_500);
    assert!(card.get("floor").is_none() && card.get("load").is_none());
    assert_eq!(card["exit"]["code"], 130);
    // Timers alone can show that it is not fit, and never that it is.
    let is_fit = |line: &String| line.contains("FIT") && !line.contains("NOT FIT");
    assert!(!page.iter().any(is_fit), "{page:?}");
}

#[test]
fn more_than_it_tries_is_wrong_usage() {
    let output = selftest(&["-c", "5000"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}
