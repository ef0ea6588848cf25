//! A server that runs for as long as it is looked at, with everything it starts itself.
//! It must not know what the server is for, or read a clock: it waits in steps.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{self, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// A process and its descendants, stopped when this is dropped.
///
/// They are a process group of their own: a Ctrl-C on the terminal does not reach them, and one signal reaches all
/// of them. A descendant that leaves the group (`setsid`, a daemon) escapes. If this process is killed, they stay.
#[derive(Debug)]
pub struct Child {
    leader: process::Child,
    group: Pid,
    log: File,
}

/// Time that a server has to end by itself: what Puma and nginx need to let go of a stream.
const GRACE: Duration = Duration::from_secs(5);

/// Time until a killed process is gone; only one that hangs in the kernel needs more.
const END: Duration = Duration::from_secs(1);

/// Pause between two looks.
const STEP: Duration = Duration::from_millis(10);

/// The end of a log in which its last lines are looked for, in bytes.
const TAIL: u64 = 8 * 1024;

impl Child {
    /// Starts `command` with nothing on its standard input, and both its outputs in `log`.
    ///
    /// `log` must be open for reading too if [`Child::last_lines`] is to find anything.
    /// Errors: the program does not exist or cannot be run.
    pub fn start(mut command: Command, log: File) -> io::Result<Self> {
        adopt_orphans();
        let leader = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .spawn()?;
        // The kernel counts processes in an i32.
        let group = Pid::from_raw(leader.id() as i32);
        Ok(Self { leader, group, log })
    }

    /// How the process itself has ended, if it has. Its descendants may still run.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        // It can fail only for a process that is not a child of this one.
        self.leader.try_wait().ok().flatten()
    }

    /// The last lines of the log, at most `count`, without empty lines and control characters.
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        let length = self.log.metadata().map_or(0, |metadata| metadata.len());
        let start = length.saturating_sub(TAIL);
        let mut tail = vec![0; (length - start) as usize];
        // At an offset of its own: the descriptor is the one that the server writes with.
        let read = self.log.read_at(&mut tail, start).unwrap_or_default();
        let text = String::from_utf8_lossy(&tail[..read]).into_owned();
        let plain = |line: &str| {
            line.replace(|c: char| c.is_control(), " ")
                .trim()
                .to_owned()
        };
        let lines = text.lines().map(plain).filter(|line| !line.is_empty());
        let lines: Vec<String> = lines.collect();
        lines[lines.len().saturating_sub(count)..].to_vec()
    }

    /// Ends all of it: asked to (SIGTERM), and after 5 s made to (SIGKILL). Returns when it is gone.
    pub fn stop(&mut self) {
        self.stop_within(GRACE);
    }

    fn stop_within(&mut self, grace: Duration) {
        for (signal, patience) in [(Signal::SIGTERM, grace), (Signal::SIGKILL, END)] {
            if self.is_gone() {
                return;
            }
            // It can fail only for a group that has just gone.
            let _ = killpg(self.group, signal);
            self.wait_until_gone(patience);
        }
    }

    fn wait_until_gone(&mut self, patience: Duration) {
        let mut waited = Duration::ZERO;
        while waited < patience && !self.is_gone() {
            thread::sleep(STEP);
            waited += STEP;
        }
    }

    /// Nobody is left in the group. The dead that nobody has waited for count as members, so they are waited for:
    /// first the leader, then the orphans it has left behind.
    fn is_gone(&mut self) -> bool {
        if self.exited().is_none() {
            return false;
        }
        let anyone = Pid::from_raw(-self.group.as_raw());
        while let Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) =
            waitpid(anyone, Some(WaitPidFlag::WNOHANG))
        {}
        killpg(self.group, None) == Err(Errno::ESRCH)
    }
}

/// Processes whose parent ends become children of this one, so that their end can be waited for. The first process
/// of a container, whose children they would be otherwise, waits for them late or never.
fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // Refused only by kernels older than 3.4; the end of a group takes longer to be seen there.
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use nix::sys::signal::kill;

    use super::*;

    /// A shell that has said `ready`; its lines are what it said until then.
    fn shell(script: &str) -> (Child, Vec<String>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let child = Child::start(command, tempfile::tempfile().unwrap()).unwrap();
        loop {
            let lines = child.last_lines(100);
            if lines.last().is_some_and(|line| line == "ready") {
                return (child, lines);
            }
            thread::sleep(STEP);
        }
    }

    fn is_there(id: &str) -> bool {
        kill(Pid::from_raw(id.parse().unwrap()), None).is_ok()
    }

    #[test]
    fn a_server_ends_when_it_is_asked_to() {
        let (mut child, _) = shell("echo ready; exec sleep 1000");
        assert_eq!(child.exited(), None);
        child.stop();
        assert_eq!(child.exited().unwrap().signal(), Some(15));
        child.stop();
    }

    #[test]
    fn a_server_may_tidy_up() {
        let (mut child, _) = shell("sleep 1000 & trap 'echo bye; exit 3' TERM; echo ready; wait");
        child.stop();
        assert_eq!(child.exited().unwrap().code(), Some(3));
        assert_eq!(child.last_lines(1), ["bye"]);
    }

    #[test]
    fn a_server_that_will_not_is_killed() {
        let (mut child, _) = shell("trap '' TERM; echo ready; while :; do sleep 1; done");
        child.stop_within(Duration::from_millis(50));
        assert_eq!(child.exited().unwrap().signal(), Some(9));
    }

    #[test]
    fn what_a_server_has_started_ends_with_it() {
        let (child, lines) = shell("sleep 1000 & echo $!; echo ready; wait");
        assert!(is_there(&lines[0]));
        drop(child);
        assert!(!is_there(&lines[0]));
    }

    #[test]
    fn what_outlives_its_parent_is_found_and_killed() {
        let stubborn = "(trap '' TERM; echo ready; while :; do sleep 1; done) & echo $!";
        let mut command = Command::new("sh");
        command.args(["-c", stubborn]);
        let mut child = Child::start(command, tempfile::tempfile().unwrap()).unwrap();
        while child.exited().is_none() || child.last_lines(9).len() < 2 {
            thread::sleep(STEP);
        }
        let lines = child.last_lines(9);
        let id = lines.iter().find(|line| *line != "ready").unwrap();
        assert!(is_there(id));
        child.stop_within(Duration::from_millis(50));
        assert!(!is_there(id));
    }

    #[test]
    fn an_end_of_its_own_is_seen_with_its_last_lines() {
        let mut command = Command::new("sh");
        let script = "echo one; echo; printf 'a\\033[2Jb\\r\\n'; echo no port >&2; exit 7";
        command.args(["-c", script]);
        let mut child = Child::start(command, tempfile::tempfile().unwrap()).unwrap();
        while child.exited().is_none() {
            thread::sleep(STEP);
        }
        assert_eq!(child.exited().unwrap().code(), Some(7));
        assert_eq!(child.last_lines(2), ["a [2Jb", "no port"]);
        assert_eq!(child.last_lines(100).len(), 3);
    }

    #[test]
    fn what_cannot_be_run_is_an_error() {
        let command = Command::new("/no/such/server");
        let error = Child::start(command, tempfile::tempfile().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
