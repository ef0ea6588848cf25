//! File descriptors: one a connection and a few more.
//! It must not know anything but numbers; what fails for lack of one during the run, the self-check reports.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use thiserror::Error;

/// epoll, its waker, a socket that is closing while its successor opens.
const PER_WORKER: u64 = 8;

/// Standard streams, the record, the stamping socket, libraries, descriptors inherited from the shell.
const SLACK: u64 = 64;

/// More connections than this process may have descriptors for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "{option} {connections} needs {needed} file descriptors and this machine allows {limit}: use {option} {possible} or less, \
     or raise the hard limit (`ulimit -Hn {needed}` as root, LimitNOFILE= in a service)"
)]
pub struct DescriptorsError {
    /// The option that asks for connections.
    pub option: &'static str,
    /// What was asked for.
    pub connections: u64,
    /// Descriptors that needs.
    pub needed: u64,
    /// The hard limit.
    pub limit: u64,
    /// The most connections that fit below it.
    pub possible: u64,
}

/// Raises the soft limit to the hard one, and checks that this is enough for the connections that `option` asks for.
pub(super) fn secure(
    option: &'static str,
    connections: u64,
    workers: usize,
) -> Result<(), DescriptorsError> {
    // Where limits cannot be read there is nothing to go by; a lack shows in the run then.
    most_descriptors().map_or(Ok(()), |limit| check(option, connections, workers, limit))
}

/// How many descriptors this process may have, once its soft limit was raised to the hard one, which this does;
/// `None` where limits cannot be read.
pub fn most_descriptors() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    Some(if raised { hard } else { soft })
}

fn check(
    option: &'static str,
    connections: u64,
    workers: usize,
    limit: u64,
) -> Result<(), DescriptorsError> {
    let others = SLACK + PER_WORKER * workers as u64;
    let needed = connections + others;
    if needed <= limit {
        return Ok(());
    }
    Err(DescriptorsError {
        option,
        connections,
        needed,
        limit,
        possible: limit.saturating_sub(others),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(connections: u64, limit: u64) -> Result<(), DescriptorsError> {
        super::check("-c", connections, 2, limit)
    }

    #[test]
    fn the_number_that_would_work_works() {
        let error = check(100_000, 20_000).unwrap_err();
        assert_eq!(error.limit, 20_000);
        assert_eq!(check(error.possible, 20_000), Ok(()));
        assert!(check(error.possible + 1, 20_000).is_err());
        assert_eq!(check(100_000, error.needed), Ok(()));
        assert_eq!(check(1, 10).unwrap_err().possible, 0);
    }

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, hard - 1, hard).unwrap();
        secure("-c", 1, 2).unwrap();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(soft, hard);
    }

    #[test]
    fn the_message_is_one_line_with_the_number() {
        let message = check(100_000, 20_000).unwrap_err().to_string();
        assert_eq!(
            message,
            "-c 100000 needs 100080 file descriptors and this machine allows 20000: use -c 19920 or less, \
             or raise the hard limit (`ulimit -Hn 100080` as root, LimitNOFILE= in a service)"
        );
    }
}
