//! The limit of open files, which is the limit of subscribers.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// What the process may open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    /// The limit in force.
    pub limit: u64,
}

/// Raises the limit of open files to the hard limit; one subscriber takes one.
///
/// Errors: the system refuses, which it does not do for values up to the hard limit.
pub fn raise_descriptor_limit() -> std::io::Result<Descriptors> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(Descriptors { limit: hard })
}
