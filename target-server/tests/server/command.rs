//! The program as it is started: its help, its errors, its signals.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::client::{connect_to, server};

fn command() -> Command {
    Command::new(cargo_bin("target-server"))
}

/// Starts the program and reads where it listens.
fn start(arguments: &[&str]) -> (Child, std::net::SocketAddr) {
    let mut child = command()
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim()
        .strip_prefix("listening on http://")
        .expect(&line)
        .parse()
        .unwrap();
    (child, address)
}

#[test]
fn a_signal_ends_streams_properly_and_the_program_with_success() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (mut child, address) = start(&["--listen", "127.0.0.1:0", "--threads", "1"]);
        assert_ne!(address.port(), 0);
        let mut client = connect_to(address);
        client.send("GET /prices?interval=1ms HTTP/1.1\r\nHost: x\r\n\r\n");
        client.head();
        client.event();
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        client.chunks();
        client.assert_end();
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_taken_address_is_one_clear_line() {
    let server = server();
    let address = server.local_addr().unwrap().to_string();
    let output = command().args(["--listen", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with(&format!("target-server: cannot listen on {address}: ")),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn wrong_arguments_say_what_is_right() {
    for (arguments, text) in [
        (
            &["--listen", "8080"][..],
            "expected IP:PORT, [IPv6]:PORT or unix:PATH",
        ),
        (
            &["--max-backlog", "1GB"],
            "expected bytes, such as 65536, 64KiB or 1MiB",
        ),
        (&["--threads", "0"], "1..=1024"),
        (&["--tls-cert", "x.pem"], "--tls-key"),
    ] {
        let output = command().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(text), "{stderr}");
    }
}

#[test]
fn the_help_fits_80_columns_and_has_an_example() {
    let output = command().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(
        help.contains("Examples:") && help.contains("curl -N"),
        "{help}"
    );
    let long: Vec<_> = help
        .lines()
        .filter(|line| line.chars().count() > 80)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}
