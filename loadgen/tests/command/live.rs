//! `--live-json`: a line for programs each second, and nothing else on stdout.

use crate::schema::valid;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use target_server::{Config, Server};

#[test]
fn each_second_is_a_line_of_json_and_the_page_goes_elsewhere() {
    let server = Server::start(Config::default()).unwrap();
    let url = format!(
        "http://{}/prices?interval=10ms",
        server.local_addr().unwrap()
    );
    let mut run = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", &url, "-c", "3", "--for", "2m", "--no-progress"])
        .args(["--live-json", "--expect", "any"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A slow machine has fewer lines than seconds: the run goes on until one of them has everything.
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines();
    let mut elapsed = 0.0;
    for told in 1.. {
        let line = lines.next().expect("it goes on until it is interrupted");
        let line = valid("live", line.unwrap().as_bytes());
        let now = line["elapsed_us"].as_f64().unwrap();
        assert!(now > elapsed, "{line}");
        elapsed = now;
        assert_eq!(line["subscribers"], 3, "{line}");
        if told > 1 && line["streaming"] == 3 && line["latency"]["metric"] == "delivery" {
            break;
        }
    }
    kill(Pid::from_raw(run.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    for line in lines {
        valid("live", line.unwrap().as_bytes());
    }
    let mut page = String::new();
    run.stderr
        .take()
        .unwrap()
        .read_to_string(&mut page)
        .unwrap();
    run.wait().unwrap();
    assert!(page.contains("3 connections"), "{page}");
}

#[test]
fn it_is_of_one_run_and_not_of_a_result() {
    for other in [&["--json"][..], &["--repeat", "2"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .args(["run", "http://127.0.0.1:9/", "--live-json"])
            .args(other)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{other:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("--live-json"), "{told}");
    }
}
