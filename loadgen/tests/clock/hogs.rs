//! Work that keeps every core busy, in processes of its own.

use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

/// Twice the cores of the machine that the criterion is for.
const HOGS: usize = 4;

/// They run until this is dropped, and already do when it is made.
pub(crate) struct Hogs(Vec<Child>);

impl Hogs {
    pub(crate) fn start() -> Hogs {
        let hog = |_| {
            let mut command = Command::new("sh");
            command.args(["-c", "while :; do :; done"]);
            command.stdin(Stdio::null()).spawn().unwrap()
        };
        let hogs = Hogs((0..HOGS).map(hog).collect());
        while hogs.0.iter().any(|hog| has_rested(hog.id())) {
            thread::sleep(Duration::from_millis(1));
        }
        hogs
    }
}

/// Whether a process has not used a tick of processor time yet (proc(5), field 14 of `stat`).
fn has_rested(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    after_name.split_whitespace().nth(11) == Some("0")
}

impl Drop for Hogs {
    fn drop(&mut self) {
        for hog in &mut self.0 {
            // One that is gone does not hog.
            let _ = hog.kill();
            let _ = hog.wait();
        }
    }
}
