//! `loadgen check` before its first byte: what is sent, to whom, and a server of its own.

use crate::scripted::{Answer, Scripted};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

/// A call of `loadgen check` with these words.
fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["check", "--no-progress", "--color", "never"]);
    command.args(words).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(words: &[&str]) -> (i32, String) {
    ended(command(words).output().unwrap())
}

fn ended(output: Output) -> (i32, String) {
    let code = output.status.code().expect("it was not killed");
    (code, String::from_utf8(output.stderr).unwrap())
}

/// An address that was free a moment ago, on a host of its own so that no other test takes its port.
fn free(host: &str) -> String {
    let listener = TcpListener::bind((host, 0)).unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

#[test]
fn a_password_in_a_broken_address_is_not_repeated() {
    let (code, stderr) = run(&["http://u:s3cret@:99999/"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("not an address"), "{stderr}");
    assert!(!stderr.contains("s3cret"), "{stderr}");
}

#[test]
fn a_pasted_request_is_sent_as_it_was_copied_and_a_401_ends_it() {
    let server = Scripted::start([Answer::status("401 Unauthorized")]);
    let url = format!("http://{}/stream?q=1", server.address());
    let (code, stderr) = run(&[
        "curl",
        &url,
        "-H",
        "accept: */*",
        "-b",
        "session=1",
        "--data-raw",
        "{}",
        "--compressed",
    ]);
    assert_eq!(code, 3, "{stderr}");
    let requests = server.requests();
    let [request] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert!(
        request.starts_with("POST /stream?q=1 HTTP/1.1\r\n"),
        "{request}"
    );
    for line in ["accept: */*", "Cookie: session=1", "Content-Length: 2"] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{request}");
    }
}

#[test]
fn the_plan_alone_is_printed_and_nothing_is_sent_or_started() {
    let server = Scripted::start([Answer::status("204 No Content")]);
    let directory = tempfile::tempdir().unwrap();
    let started = directory.path().join("started");
    let script = format!("echo > {}", started.display());
    let url = format!("http://{}/", server.address());
    let (code, stderr) = run(&[&url, "--plan", "--", "sh", "-c", &script]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(server.requests(), [""; 0]);
    assert!(!started.exists());
}

#[test]
fn a_server_that_does_not_come_up_is_quoted() {
    let url = free("127.77.3.1");
    let (code, stderr) = run(&[&url, "--", "sh", "-c", "echo 'no Gemfile' >&2; exit 7"]);
    assert_eq!(code, 3, "{stderr}");
    assert!(
        stderr.starts_with("error: the server ended before it answered (exit status: 7)"),
        "{stderr}"
    );
    assert!(stderr.ends_with("\n  no Gemfile\n"), "{stderr}");
}

#[test]
fn ctrl_c_stops_the_server_too() {
    let url = free("127.77.3.2");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("id");
    // Renamed, so that it is there as a whole.
    let script = format!(
        "echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000",
        path.display()
    );
    let words = [&url, "--wait", "10m", "--", "sh", "-c", &script];
    let check = command(&words).spawn().unwrap();
    let server = loop {
        if let Ok(text) = fs::read_to_string(&path) {
            break Pid::from_raw(text.trim().parse().unwrap());
        }
        std::thread::yield_now();
    };
    assert_eq!(kill(server, None), Ok(()));
    kill(Pid::from_raw(check.id().cast_signed()), Signal::SIGINT).unwrap();
    let (code, stderr) = ended(check.wait_with_output().unwrap());
    assert_eq!(code, 130, "{stderr}");
    assert_eq!(kill(server, None), Err(Errno::ESRCH));
}
