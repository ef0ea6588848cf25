//! File descriptors: one a connection and a few more.
//! It must not know anything but numbers; what fails for lack of one during the run, the self-check reports.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use thiserror::Error;

use crate::plan::Load;

/// epoll, its waker, a socket that is closing while its successor opens.
const PER_WORKER: u64 = 8;

/// Standard streams, the record, the stamping socket, libraries, descriptors inherited from the shell.
const SLACK: u64 = 64;

/// More connections than this process may have descriptors for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "-c {connections} needs {needed} file descriptors and this machine allows {limit}: use -c {possible} or less, \
     or raise the hard limit (`ulimit -Hn {needed}` as root, LimitNOFILE= in a service)"
)]
pub struct DescriptorsError {
    /// What was asked for.
    pub connections: u64,
    /// Descriptors that needs.
    pub needed: u64,
    /// The hard limit.
    pub limit: u64,
    /// The most connections that fit below it.
    pub possible: u64,
}

/// Raises the soft limit to the hard one, and checks that this is enough.
pub(super) fn secure(load: &Load) -> Result<(), DescriptorsError> {
    // Where limits cannot be read there is nothing to go by; a lack shows in the run then.
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return Ok(());
    };
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    check(load, if raised { hard } else { soft })
}

fn check(load: &Load, limit: u64) -> Result<(), DescriptorsError> {
    let connections = u64::from(load.connections);
    let others = SLACK + PER_WORKER * load.workers as u64;
    let needed = connections + others;
    if needed <= limit {
        return Ok(());
    }
    Err(DescriptorsError {
        connections,
        needed,
        limit,
        possible: limit.saturating_sub(others),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::load;
    use super::*;

    #[test]
    fn the_number_that_would_work_works() {
        let error = check(&load(100_000), 20_000).unwrap_err();
        assert_eq!(error.limit, 20_000);
        assert_eq!(
            check(&load(u32::try_from(error.possible).unwrap()), 20_000),
            Ok(())
        );
        assert!(check(&load(u32::try_from(error.possible + 1).unwrap()), 20_000).is_err());
        assert_eq!(check(&load(100_000), error.needed), Ok(()));
        assert_eq!(check(&load(1), 10).unwrap_err().possible, 0);
    }

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, hard - 1, hard).unwrap();
        secure(&load(1)).unwrap();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(soft, hard);
    }

    #[test]
    fn the_message_is_one_line_with_the_number() {
        let message = check(&load(100_000), 20_000).unwrap_err().to_string();
        assert_eq!(
            message,
            "-c 100000 needs 100080 file descriptors and this machine allows 20000: use -c 19920 or less, \
             or raise the hard limit (`ulimit -Hn 100080` as root, LimitNOFILE= in a service)"
        );
    }
}
