//! A server started for a check: whether it came up, and what it said if it did not.
//! It must not know the check, or judge who may be connected to.

use std::io;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use thiserror::Error;

use super::reach::{ReachError, Reached};
use crate::child::Child;
use crate::plan::Endpoint;

/// Why the server of a check is not there to be checked. What was started was stopped again.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The command cannot be run.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// Its first word.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// There is no place for what it prints.
    #[error("cannot make a temporary file for the output of the server: {0}")]
    Log(io::Error),
    /// Somebody else has its port.
    #[error("{} answers already, so the server cannot be started there; stop that one, or leave out `-- COMMAND`", list(.0))]
    Taken(Vec<Endpoint>),
    /// It ended; a server that goes into the background looks the same.
    #[error("the server ended before it answered ({status}); it has to stay in the foreground{}", said(.lines))]
    Ended {
        /// How.
        status: ExitStatus,
        /// The last lines of its output.
        lines: Vec<String>,
    },
    /// It runs and does not answer.
    #[error("the server was started, but within {wait:?} {reach}{}", said(.lines))]
    Silent {
        /// How long it was waited for.
        wait: Duration,
        /// What was found at its address.
        reach: ReachError,
        /// The last lines of its output.
        lines: Vec<String>,
    },
}

/// Lines of output shown of a server that did not come up.
const LINES: usize = 10;

pub(super) fn start(command: Command) -> Result<Child, ServerError> {
    let program = command.get_program().to_string_lossy();
    let program = program.escape_debug().to_string();
    let log = tempfile::tempfile().map_err(ServerError::Log)?;
    Child::start(command, log).map_err(|source| ServerError::Start { program, source })
}

/// What was reached, if it can have been `server`.
pub(super) fn answered(
    server: &mut Child,
    wait: Duration,
    outcome: Result<Reached, ReachError>,
) -> Result<Reached, ServerError> {
    let ended = server.exited();
    let lines = server.last_lines(LINES);
    match (ended, outcome) {
        (Some(status), _) => Err(ServerError::Ended { status, lines }),
        (None, Err(reach)) => Err(ServerError::Silent { wait, reach, lines }),
        (None, Ok(reached)) => Ok(reached),
    }
}

fn list(endpoints: &[Endpoint]) -> String {
    let texts: Vec<String> = endpoints.iter().map(Endpoint::to_string).collect();
    texts.join(", ")
}

fn said(lines: &[String]) -> String {
    if lines.is_empty() {
        return "; it printed nothing".to_owned();
    }
    let lines = lines.iter().map(|line| format!("\n  {line}"));
    format!("; it printed:{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::tests::tcp;
    use super::*;

    #[test]
    fn whoever_answers_for_a_server_that_has_ended_is_not_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 0"]);
        let mut server = start(command).unwrap();
        while server.exited().is_none() {
            std::thread::yield_now();
        }
        let reached = Reached {
            endpoints: vec![tcp("127.0.0.1:80")],
            refused: Vec::new(),
        };
        let outcome = answered(&mut server, Duration::ZERO, Ok(reached));
        assert!(matches!(outcome, Err(ServerError::Ended { status, .. }) if status.success()));
    }
}
