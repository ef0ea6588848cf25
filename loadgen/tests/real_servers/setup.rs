//! The setups of this repository, started as `loadgen matrix` starts them.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use loadgen::setups::{Running, Setup};

/// Starts `scripts/setups/NAME`, and waits until it answers.
pub(crate) fn start(name: &str) -> Running {
    start_on(name, None)
}

/// Starts a proxy in front of `origin`.
pub(crate) fn start_before(name: &str, origin: &Running) -> Running {
    start_on(name, Some(origin))
}

/// Where the setups are kept.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/setups")
}

fn start_on(name: &str, origin: Option<&Running>) -> Running {
    let setup = Setup::read(&directory(), name).unwrap_or_else(|error| panic!("{error}"));
    let never = AtomicBool::new(false);
    Running::start(&setup, origin, &never).unwrap_or_else(|error| panic!("{name} {error}"))
}
