//! Where commands are looked for: on this process's path, and where daemons lie.
//! It must not run one.

use std::ffi::OsString;
use std::path::Path;

/// Not on everyone's path.
const DAEMONS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Whether there is a command of this name.
pub(super) fn is_there(command: &str) -> bool {
    let is_file = |directory: &Path| directory.join(command).is_file();
    std::env::split_paths(&search_path()).any(|directory| is_file(&directory))
}

/// Where commands are looked for, as `PATH` has it.
pub(super) fn search_path() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    for daemons in DAEMONS {
        path.push(":");
        path.push(daemons);
    }
    path
}
