//! Before the first measured connection: what cannot work is refused at once, with the number that would.
//! It must not measure; it turns a draft into a plan, or says why there is none.

mod check;
mod clock;
mod descriptors;
mod memory;
mod output;
mod politeness;
mod ports;
mod reach;
mod server;

use std::fmt;
use std::net::IpAddr;

use run_record::time::Mono;
use thiserror::Error;

pub use check::{AdmittedCheck, admit_check, foresee_check};
pub use descriptors::{DescriptorsError, most_descriptors};
pub use memory::MemoryError;
pub use output::OutputError;
pub use politeness::Impolite;
pub use ports::PortsError;
pub use reach::{ReachError, Refusal};
pub use server::ServerError;

use crate::exit::Exit;
use crate::plan::{ClockSource, Draft, Endpoint, Plan};

/// A plan that can work, as far as can be told beforehand.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// With endpoints that answered.
    pub plan: Plan,
    /// How the times that the server tells are to be put on this machine's clock.
    pub clock: ClockSource,
    /// What a person should know before it starts; may be empty.
    pub notes: Vec<Note>,
}

/// Something noticed that does not stand in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An address of the name that is not used, because it did not answer.
    Dropped(Refusal),
    /// HTTP/3 was asked for.
    NoHttp3,
    /// Addresses of the name that are not used, because none of the source addresses can reach them.
    OtherFamily(Vec<Endpoint>),
    /// Fewer users than connections.
    SharedUsers {
        /// Rows of the table.
        users: usize,
        /// Connections of the run.
        connections: u32,
    },
    /// Source addresses of this machine chosen because one has too few ports.
    Sources(usize),
    /// Decoding windows may grow beyond the memory there is.
    Windows {
        /// Bytes of all windows at their largest.
        most: u64,
        /// Bytes available.
        available: u64,
    },
}

/// Why a run or a check cannot work. Nothing was measured.
#[derive(Debug, Error)]
pub enum PreflightError {
    /// The record could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Too few file descriptors.
    #[error(transparent)]
    Descriptors(#[from] DescriptorsError),
    /// Too little memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Nothing answers, or nobody has agreed to this load.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// Too few source ports, or source addresses that are none.
    #[error(transparent)]
    Ports(#[from] PortsError),
    /// The server started for a check is not there.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// More shards than connections.
    #[error("-c {0} leaves nothing to this shard: use fewer shards than connections")]
    EmptyShare(u32),
    /// One file of all events, and several processes that see them.
    #[error(
        "--raw is written by one process, and this run takes {0}: --processes 1, or fewer connections"
    )]
    RawOfSeveral(u32),
    /// Ctrl-C while the target was waited for.
    #[error("interrupted while the server was waited for; nothing was sent")]
    Interrupted,
}

/// Checks the machine, looks up the target, tries it once and settles where connections start from.
///
/// `now` is the monotonic clock; it bounds the wait for a target that does not answer yet. The machine is looked
/// at first: waiting for a target is of no use to a run that cannot work. As a side effect the limit on file
/// descriptors is raised as far as it can be.
pub fn admit(draft: Draft, now: &mut dyn FnMut() -> Mono) -> Result<Admitted, PreflightError> {
    let asked = draft.asked();
    if let Some(path) = &asked.output.record {
        output::check("--out", path)?;
    }
    if let Some(path) = &asked.output.raw {
        output::check("--raw", path)?;
    }
    let own = asked.load.own();
    if own == 0 {
        return Err(PreflightError::EmptyShare(asked.load.connections));
    }
    let processes = descriptors::split(
        draft.option(),
        own.into(),
        asked.load.workers,
        draft.processes(),
    )?;
    let draft = draft.held_by(processes);
    let asked = draft.asked();
    if processes > 1 && asked.output.raw.is_some() {
        return Err(PreflightError::RawOfSeveral(processes));
    }
    let windows = memory::check(asked)?;
    let permit = |endpoints: &[Endpoint]| politeness::check(asked, endpoints, draft.allowed_host());
    let reached = reach::reach(draft.route(), &permit, draft.wait(), &mut || false, now)?;
    let chosen = ports::choose(&asked.load, reached.endpoints, ports::local_range())?;
    let clock_asked = draft.clock().clone();
    let plan = draft.complete(chosen.endpoints, chosen.sources);
    let clock = clock::source(&clock_asked, &plan)?;
    let notes = reached
        .refused
        .into_iter()
        .map(Note::Dropped)
        .chain(shared_users(&plan))
        .chain(chosen.notes)
        .chain(windows)
        .collect();
    Ok(Admitted { clock, plan, notes })
}

/// Completes the plan of one process of a run whose whole was admitted before, by the process that started this one.
///
/// Errors: the server named by `--clock` cannot be looked up.
pub fn admit_part(
    draft: Draft,
    endpoints: Vec<Endpoint>,
    sources: Vec<IpAddr>,
) -> Result<Admitted, PreflightError> {
    most_descriptors();
    let clock_asked = draft.clock().clone();
    let plan = draft.complete(endpoints, sources);
    let clock = clock::source(&clock_asked, &plan)?;
    let notes = Vec::new();
    Ok(Admitted { clock, plan, notes })
}

/// Told, because some servers allow each user one stream.
fn shared_users(plan: &Plan) -> Option<Note> {
    let users = plan.users.as_ref()?.count();
    let connections = plan.load.connections;
    (users < connections as usize).then_some(Note::SharedUsers { users, connections })
}

impl PreflightError {
    /// The outcome to report.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Output(_)
            | Self::Reach(ReachError::Impolite(_))
            | Self::EmptyShare(_)
            | Self::RawOfSeveral(_) => Exit::Usage,
            Self::Ports(
                PortsError::Source { .. } | PortsError::Families | PortsError::NoEndpoint(_),
            ) => Exit::Usage,
            Self::Descriptors(_) | Self::Memory(_) | Self::Ports(PortsError::TooFew { .. }) => {
                Exit::Machine
            }
            Self::Server(ServerError::Start { .. } | ServerError::Taken(_)) => Exit::Usage,
            Self::Server(ServerError::Log(_)) => Exit::Internal,
            Self::Reach(_)
            | Self::Server(ServerError::Ended { .. } | ServerError::Silent { .. }) => {
                Exit::NoStream
            }
            Self::Interrupted => Exit::Interrupted,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(refusal) => write!(f, "{refusal}: this address is not used"),
            Self::NoHttp3 => {
                write!(f, "HTTP/3 is not spoken: measured over HTTP/2 or 1.1")
            }
            Self::OtherFamily(endpoints) => {
                let endpoints: Vec<String> = endpoints.iter().map(Endpoint::to_string).collect();
                write!(
                    f,
                    "not used, as the source addresses cannot reach it: {}",
                    endpoints.join(", ")
                )
            }
            Self::SharedUsers { users, connections } => {
                let most = u64::from(*connections).div_ceil(*users as u64);
                write!(
                    f,
                    "{users} users for {connections} connections: they are dealt out in turn, up to {most} connections each"
                )
            }
            Self::Sources(count) => {
                write!(
                    f,
                    "connections start from {count} loopback addresses, as one has too few ports"
                )
            }
            Self::Windows { most, available } => write!(
                f,
                "decoding may need up to {} MiB and {} MiB are available; \
                 offer gzip alone (-H 'Accept-Encoding: gzip') if memory runs out",
                most >> 20,
                available >> 20
            ),
        }
    }
}

#[cfg(test)]
mod tests;
