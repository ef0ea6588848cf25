//! What an event costs, seen from outside: the CPU clock of a client or a server beside the events that the server says it wrote.
//! It must not trust what a client says about itself.

use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::process::Process;
use crate::target::Target;

const QUIET_TRIES: u32 = 2_000;

/// How the events of a load are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticker {
    /// All subscribers get their event at once. No event within `quiet` means that none is under way.
    Shared {
        /// Shorter than the interval, and longer than a burst takes.
        quiet: Duration,
    },
    /// Each subscriber has its own: as many events are due in any moment as in any other.
    Private,
}

/// Whose CPU time is measured.
pub enum Side<'a> {
    /// That of the client, which reads.
    Client(&'a mut Process),
    /// That of the server, which writes.
    Server,
}

/// What one side had used, and how many events had been written.
#[derive(Clone, Copy, Debug)]
struct Moment {
    cpu: Duration,
    events: u64,
}

impl Ticker {
    /// `shared` or `private`.
    pub fn name(self) -> &'static str {
        match self {
            Ticker::Shared { .. } => "shared",
            Ticker::Private => "private",
        }
    }

    /// The path and query of such a stream.
    pub fn path(self, interval: &str) -> String {
        let private = if self == Ticker::Private {
            "&private=1"
        } else {
            ""
        };
        format!("/prices?interval={interval}{private}")
    }
}

/// CPU time, user and system, that one side needs for each event of `window`, in microseconds.
///
/// Errors: the server or the client ends; no event comes; a shared ticker never pauses.
pub fn cpu_us_per_event(
    target: &mut Target,
    mut side: Side<'_>,
    ticker: Ticker,
    window: Duration,
) -> Result<f64> {
    let before = moment(target, &side, ticker)?;
    thread::sleep(window);
    let after = moment(target, &side, ticker)?;
    if let Side::Client(client) = &mut side {
        client.check_running()?;
    }
    let events = after.events - before.events;
    if events == 0 {
        bail!("no event in {window:?}: nothing to measure");
    }
    Ok((after.cpu - before.cpu).as_secs_f64() * 1e6 / events as f64)
}

/// Of a shared ticker, a moment in which no event is under way; of private ones any, since they never pause.
fn moment(target: &mut Target, side: &Side<'_>, ticker: Ticker) -> Result<Moment> {
    let used = |target: &Target| match side {
        Side::Client(client) => client.cpu_time(),
        Side::Server => target.cpu_time(),
    };
    let Ticker::Shared { quiet } = ticker else {
        return Ok(Moment {
            events: target.counters()?.events,
            cpu: used(target)?,
        });
    };
    let mut before = target.counters()?.events;
    for _ in 0..QUIET_TRIES {
        thread::sleep(quiet);
        let cpu = used(target)?;
        let events = target.counters()?.events;
        if events == before {
            return Ok(Moment { cpu, events });
        }
        before = events;
    }
    bail!("the server never paused for {quiet:?}: this machine is too slow for this load");
}
