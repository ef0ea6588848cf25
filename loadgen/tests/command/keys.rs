//! The keys of the live view, on a terminal of its own: what they do, and that the terminal is as it was afterwards.

use nix::pty::{OpenptyResult, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use target_server::{Config, Server};

/// A long run in the foreground of a terminal.
struct Session {
    _server: Server,
    master: File,
    child: Child,
    said: String,
}

impl Session {
    fn begin() -> Self {
        let server = Server::start(Config::default()).unwrap();
        let address = server.local_addr().unwrap();
        let url = format!("http://{address}/prices?interval=20ms");
        let OpenptyResult { master, slave } = openpty(None, None).unwrap();
        let slave = File::from(slave);
        let stdio = || Stdio::from(slave.try_clone().unwrap());
        // Of util-linux: the terminal becomes that of a session of its own.
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_loadgen")])
            .args(["run", &url, "-c", "2", "--for", "120s"])
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("GITHUB_ACTIONS")
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .spawn()
            .unwrap();
        Self {
            _server: server,
            master: File::from(master),
            child,
            said: String::new(),
        }
    }

    /// Reads on until this is said.
    #[track_caller]
    fn until(&mut self, words: &str) {
        self.said.clear();
        let mut piece = [0; 4096];
        while !self.said.contains(words) {
            match self.master.read(&mut piece) {
                Ok(count @ 1..) => self.said += &String::from_utf8_lossy(&piece[..count]),
                _ => panic!("{words:?} was never said: {}", self.said),
            }
        }
    }

    fn press(&mut self, key: u8) {
        self.master.write_all(&[key]).unwrap();
    }

    /// Whether the terminal hands over lines, and shows what is typed.
    fn is_as_usual(&self) -> bool {
        let flags = tcgetattr(&self.master).unwrap().local_flags;
        flags.contains(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    fn ends_with(mut self, code: i32) {
        let mut piece = [0; 4096];
        while let Ok(1..) = self.master.read(&mut piece) {}
        assert_eq!(self.child.wait().unwrap().code(), Some(code));
    }
}

#[test]
fn keys_change_the_view_and_q_ends_the_run_with_its_report() {
    let mut session = Session::begin();
    session.until("q stop and report");
    assert!(!session.is_as_usual());
    session.press(b'e');
    session.until("errors       none");
    session.press(b'?');
    session.until("stop now, and report");
    session.press(b'+');
    session.until("(last ");
    session.press(b'p');
    session.until("view paused");
    session.press(b'q');
    session.until("interrupted; this is what was measured");
    assert!(session.is_as_usual());
    session.ends_with(130);
}

#[test]
fn the_terminal_is_as_it_was_after_ctrl_c_too() {
    let mut session = Session::begin();
    session.until("q stop and report");
    assert!(!session.is_as_usual());
    session.press(3);
    session.until("interrupted; this is what was measured");
    assert!(session.is_as_usual());
    session.ends_with(130);
}

#[test]
fn the_verdict_so_far_is_shown() {
    let mut session = Session::begin();
    session.until("verdict so far  ");
    session.press(b'q');
    session.ends_with(130);
}
