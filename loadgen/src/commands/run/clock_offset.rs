//! How the server's clock stands to this machine's during a run, from the answer of preflight to the record.

use crate::offset::exchange::ClockError;
use crate::offset::follow::{Following, follow};
use crate::offset::track::Summary;
use crate::plan::{ClockSource, ServerClock};
use run_record::offset::{Basis, ClockRecord};
use std::io;

/// What is known, or being found out.
pub(in crate::commands) enum ClockOffset {
    /// All there is to know; nothing where nobody wants to.
    Known(Option<ClockRecord>),
    /// A server is asked again and again.
    Followed { url: String, following: Following },
}

impl ClockOffset {
    /// Asks for the first time where somebody is to be asked.
    ///
    /// Errors: a server that the user named does not tell its clock.
    pub(in crate::commands) fn begin(source: ClockSource) -> Result<ClockOffset, ClockError> {
        match source {
            ClockSource::Unneeded => Ok(ClockOffset::Known(None)),
            ClockSource::Same => {
                let record = ClockRecord::new(Basis::SameHost, "the server is on this machine");
                Ok(ClockOffset::Known(Some(record)))
            }
            ClockSource::Unknown => {
                let why = "clock offset unknown: the server is on another machine";
                let record = ClockRecord::new(Basis::Unknown, why);
                Ok(ClockOffset::Known(Some(record)))
            }
            ClockSource::Synced(bound) => Ok(ClockOffset::Known(Some(ClockRecord {
                bound_us: Some(bound),
                ..ClockRecord::new(Basis::Assumed, "as --assume-synced says")
            }))),
            ClockSource::Server(server) => {
                let url = server.url.clone();
                follow(*server).map(|following| ClockOffset::Followed { url, following })
            }
        }
    }

    /// What the times of the server are worth.
    pub(in crate::commands) fn server_clock(&self) -> ServerClock {
        match self {
            Self::Followed { following, .. } => following.clock(),
            Self::Known(Some(record)) if record.basis == Basis::Unknown => ServerClock::Unknown,
            Self::Known(Some(record)) => ServerClock::within(record.bound_us.unwrap_or_default()),
            Self::Known(None) => ServerClock::Same,
        }
    }

    /// Asks for the last time; what stands in the record.
    ///
    /// Errors: the thread that asked has failed.
    pub(in crate::commands) fn end(self) -> io::Result<Option<ClockRecord>> {
        match self {
            Self::Known(record) => Ok(record),
            Self::Followed { url, following } => Ok(Some(measured(&following.end()?, &url))),
        }
    }
}

fn measured(summary: &Summary, url: &str) -> ClockRecord {
    ClockRecord {
        bound_us: Some(summary.bound),
        offset_us: Some(summary.ahead / 1_000),
        drift_ppb: summary.drift.map(|drift| (drift.ppm * 1e3).round() as i64),
        drift_bound_ppb: summary
            .drift
            .map(|drift| (drift.bound_ppm * 1e3).ceil() as u64),
        exchanges: summary.probes,
        ..ClockRecord::new(Basis::Measured, format!("asked at {url}"))
    }
}
