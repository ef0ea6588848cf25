//! Where commands are looked for: on this process's path, and where daemons lie.
//! It must not run one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Not on everyone's path.
const DAEMONS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Whether there is a command of this name.
pub(super) fn is_there(command: &str) -> bool {
    let is_file = |directory: &Path| directory.join(command).is_file();
    std::env::split_paths(&search_path()).any(|directory| is_file(&directory))
}

/// Where commands are looked for, as `PATH` has it: beside this program first, where its own target-server is.
pub(super) fn search_path() -> OsString {
    let mut path = OsString::new();
    for own in own_places() {
        path.push(own);
        path.push(":");
    }
    path.push(std::env::var_os("PATH").unwrap_or_default());
    for daemons in DAEMONS {
        path.push(":");
        path.push(daemons);
    }
    path
}

/// The directory of this program; a test of it lies one below.
fn own_places() -> impl Iterator<Item = PathBuf> {
    let program = std::env::current_exe().ok();
    let directory = program.and_then(|program| Some(program.parent()?.to_owned()));
    let above = directory
        .as_ref()
        .filter(|directory| directory.ends_with("deps"));
    let above = above.and_then(|directory| Some(directory.parent()?.to_owned()));
    directory.into_iter().chain(above)
}
