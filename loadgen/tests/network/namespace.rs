//! A network of its own: an unnamed network namespace, which is gone with the last that holds it, however a test ends.

use nix::sched::{CloneFlags, setns, unshare};
use std::fs::File;
use std::process::Command;

/// A network namespace with nothing but its loopback.
pub(crate) struct Namespace {
    /// Keeps it alive.
    handle: File,
}

impl Namespace {
    pub(crate) fn new() -> Namespace {
        let make = || {
            unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace needs root");
            ip("link set lo up");
            File::open("/proc/thread-self/ns/net").unwrap()
        };
        let handle = std::thread::spawn(make).join().unwrap();
        Namespace { handle }
    }

    /// Runs `work` in it, on a thread of its own; the threads and programs which that starts are in it too.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let enter = || {
            setns(&self.handle, CloneFlags::CLONE_NEWNET).unwrap();
            work()
        };
        let done = std::thread::scope(|threads| threads.spawn(enter).join());
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Runs `ip` with these words, in the network namespace of this thread.
pub(crate) fn ip(words: &str) {
    let output = Command::new("ip")
        .args(words.split(' '))
        .output()
        .expect("ip starts: ./scripts/test installs iproute2");
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {words}: {why}");
}
