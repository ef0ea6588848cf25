//! File descriptors: one a connection and a few more.
//! It must not know anything but numbers; what fails for lack of one during the run, the self-check reports.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use thiserror::Error;

use crate::plan::Processes;

/// epoll, its waker, a socket that is closing while its successor opens.
const PER_WORKER: u64 = 8;

/// Processes tried for `auto`: above it their number is not what is missing.
const MOST_PROCESSES: u32 = 1_024;

/// Standard streams, the record, the stamping socket, libraries, descriptors inherited from the shell.
const SLACK: u64 = 64;

/// More connections than this process may have descriptors for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "{option} {connections} needs {needed} file descriptors and this machine allows {limit}: use {option} {possible} or less{}, \
     or raise the hard limit (`ulimit -Hn {needed}` as root, LimitNOFILE= in a service)",
    several(*.processes)
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
    /// Processes with a limit each that would be enough; absent where there can be one only.
    pub processes: Option<u32>,
}

fn several(processes: Option<u32>) -> String {
    processes.map_or_else(String::new, |number| {
        format!(", or --processes {number} (or auto)")
    })
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
        processes: None,
    })
}

/// Raises the soft limit as [`secure`] does, which the processes to come inherit, and says how many of them it takes to
/// hold the connections that `option` asks for, with `workers` threads in all.
///
/// Errors: so many as were asked for are not enough, or no number would be.
pub(super) fn split(
    option: &'static str,
    connections: u64,
    workers: usize,
    asked: Processes,
) -> Result<u32, DescriptorsError> {
    most_descriptors().map_or(Ok(at_least_one(asked)), |limit| {
        split_below(option, connections, workers, asked, limit)
    })
}

fn split_below(
    option: &'static str,
    connections: u64,
    workers: usize,
    asked: Processes,
    limit: u64,
) -> Result<u32, DescriptorsError> {
    let each = |processes: u32| {
        let share = connections.div_ceil(u64::from(processes));
        check(option, share, workers / processes as usize, limit)
    };
    // No process is without a connection.
    let most = u32::try_from(connections).unwrap_or(u32::MAX).max(1);
    let enough = (1..=most.min(MOST_PROCESSES)).find(|processes| each(*processes).is_ok());
    let tried = match (asked, enough) {
        (Processes::Auto, Some(enough)) => enough,
        (Processes::Auto, None) => 1,
        (Processes::Exactly(processes), _) => processes.min(most),
    };
    let refused = |error: DescriptorsError| DescriptorsError {
        connections,
        needed: error.needed - error.connections + connections,
        possible: error.possible * u64::from(tried),
        processes: enough,
        ..error
    };
    each(tried).map(|()| tried).map_err(refused)
}

fn at_least_one(asked: Processes) -> u32 {
    match asked {
        Processes::Auto => 1,
        Processes::Exactly(number) => number,
    }
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
    fn several_processes_share_the_connections() {
        let auto = |connections| split_below("-c", connections, 2, Processes::Auto, 20_000);
        assert_eq!(auto(19_920), Ok(1));
        assert_eq!(auto(19_921), Ok(2));
        assert_eq!(auto(100_000), Ok(6));
        let exactly = |number| split_below("-c", 100_000, 2, Processes::Exactly(number), 20_000);
        assert_eq!(exactly(8), Ok(8));
        let error = exactly(2).unwrap_err();
        assert_eq!((error.possible, error.processes), (39_856, Some(6)));
        assert_eq!(
            split_below("-c", 3, 2, Processes::Exactly(8), 20_000),
            Ok(3)
        );
        let hopeless = split_below("-c", 100, 2, Processes::Auto, 10).unwrap_err();
        assert_eq!((hopeless.possible, hopeless.processes), (0, None));
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
