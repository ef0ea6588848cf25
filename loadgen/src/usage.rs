//! What the kernel says of a process: this one's descriptors.
//! It must not know what is made of that.

use nix::sys::resource::{Resource, getrlimit};
use std::fs;

/// Descriptors of this process in use, and how many it may use; 0 where the system does not tell.
pub fn descriptors() -> (u64, u64) {
    let used = fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64);
    let limit = getrlimit(Resource::RLIMIT_NOFILE);
    (used, limit.map_or(0, |(soft, _)| soft))
}
