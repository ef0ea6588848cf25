//! What reaches a terminal, a file or a pipe that is closed: escapes, width, symbols.

use nix::pty::{OpenptyResult, openpty};
use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};
use target_server::{Config, Server};
use unicode_width::UnicodeWidthStr;

fn loadgen(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command
        .args(words)
        .stdin(Stdio::null())
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .env_remove("NO_COLOR")
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITHUB_STEP_SUMMARY");
    command
}

/// A run with a limit that is missed, and a check: both print most of what there is to colour.
fn calls(server: &Server) -> [Vec<String>; 2] {
    let url = format!(
        "http://{}/prices?interval=20ms",
        server.local_addr().unwrap()
    );
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    [
        words(&[
            "run", &url, "-c", "2", "--for", "300ms", "--max", "events=0",
        ]),
        words(&["check", &url, "--for", "1s"]),
    ]
}

/// What the call writes to a terminal of its own: stdout and stderr in one.
fn on_a_terminal(words: &[String], change: impl FnOnce(&mut Command)) -> String {
    let OpenptyResult { master, slave } = openpty(None, None).unwrap();
    let slave = File::from(slave);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = loadgen(&words);
    command
        .stdout(slave.try_clone().unwrap())
        .stderr(slave.try_clone().unwrap());
    change(&mut command);
    let mut child = command.spawn().unwrap();
    drop((command, slave));
    let mut master = File::from(master);
    let mut said = Vec::new();
    let mut piece = [0; 4096];
    // A terminal whose last writer has gone answers with an error.
    while let Ok(count @ 1..) = master.read(&mut piece) {
        said.extend_from_slice(&piece[..count]);
    }
    child.wait().unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn without_a_terminal_no_escape_is_written_and_no_line_is_wider_than_80() {
    let server = Server::start(Config::default()).unwrap();
    for words in calls(&server) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = loadgen(&words).output().unwrap();
        let page = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !page.contains('\x1b') && !said.contains('\x1b'),
            "{page}{said}"
        );
        assert!(page.lines().all(|line| line.width() <= 80), "{page}");
    }
}

#[test]
fn colour_is_that_of_a_terminal_unless_somebody_says() {
    let server = Server::start(Config::default()).unwrap();
    let [run, _] = calls(&server);
    let coloured = "\x1b[3";
    assert!(on_a_terminal(&run, |_| {}).contains(coloured));
    let without = on_a_terminal(&run, |command| {
        command.env("NO_COLOR", "1");
    });
    assert!(!without.contains(coloured), "{without}");
    let never = on_a_terminal(&run, |command| {
        command.args(["--color", "never"]);
    });
    assert!(!never.contains(coloured), "{never}");
    let words: Vec<&str> = run.iter().map(String::as_str).collect();
    let mut always = loadgen(&words);
    let always = always.args(["--color", "always"]).output().unwrap();
    assert!(String::from_utf8(always.stdout).unwrap().contains(coloured));
}

#[test]
fn a_locale_that_is_not_utf_8_gets_ascii() {
    let server = Server::start(Config::default()).unwrap();
    for words in calls(&server) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let plain = loadgen(&words).env("LC_ALL", "C").output().unwrap();
        assert!(
            plain.stdout.is_ascii(),
            "{}",
            String::from_utf8_lossy(&plain.stdout)
        );
        let wished = loadgen(&words).arg("--ascii").output().unwrap();
        assert!(wished.stdout.is_ascii());
        let wide = loadgen(&words).env("LC_ALL", "C.UTF-8").output().unwrap();
        assert!(!wide.stdout.is_ascii());
    }
}

#[test]
fn a_closed_pipe_changes_nothing_about_how_it_ends() {
    let server = Server::start(Config::default()).unwrap();
    let [run, check] = calls(&server);
    // 4 and 5 are what a machine that is busy with other tests may make of them.
    for (words, codes) in [
        (run, [1, 5]),
        (check, [0, 4]),
        (vec!["causes".to_owned()], [0, 0]),
    ] {
        for both in [false, true] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
            command.args(&words).stdin(Stdio::null());
            command
                .stdout(closed())
                .stderr(if both { closed() } else { Stdio::piped() });
            let output = command.spawn().unwrap().wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code().unwrap();
            assert!(codes.contains(&code), "{words:?}: {code}, {said}");
            assert!(!said.contains("panicked"), "{said}");
        }
    }
}

/// The writing end of a pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn completions_and_manual_name_every_command() {
    let commands = [
        "check", "run", "matrix", "report", "diff", "merge", "selftest",
    ];
    for shell in ["bash", "zsh", "fish"] {
        let output = loadgen(&["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(commands.iter().all(|name| script.contains(name)), "{shell}");
        // An option of each kind, and none that is hidden from the help.
        for option in ["for", "baseline", "raw", "exit-zero"] {
            assert!(script.contains(option), "{shell}: {option}");
        }
        for hidden in ["series-record", "process-of", "unloaded-probe-record"] {
            assert!(!script.contains(hidden), "{shell}: {hidden}");
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("man");
    let output = loadgen(&["man", pages.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    for name in commands {
        let page = std::fs::read_to_string(pages.join(format!("loadgen-{name}.1"))).unwrap();
        assert!(page.contains(".TH"), "{page}");
    }
}
