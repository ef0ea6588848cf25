//! By which clock a server tells its times, and how that clock is to be related to this machine's.
//! It must not ask anybody or read a clock; `offset` does.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use run_record::time::{Nanos, Wall};

use super::{Route, Target};

/// How it is to be done, as asked for.
#[derive(Clone, Debug)]
pub enum ClockAsked {
    /// On this machine it is the same clock; elsewhere `/clock` of the target is asked.
    Auto,
    /// This server is asked, wherever it is (`--clock`). Its endpoints are empty: the route leads to them.
    Server(Box<ClockServer>, Route),
    /// Both clocks are kept together by other means, to this (`--assume-synced`).
    Synced(Nanos),
}

/// How it is to be done, once the target is known.
#[derive(Clone, Debug)]
pub enum ClockSource {
    /// It is this machine's clock.
    Same,
    /// A server can be asked. It is `required` if the user named it.
    Server {
        /// Which one.
        server: Box<ClockServer>,
        /// Without its answer there is no run; otherwise there is one without times.
        required: bool,
    },
    /// Both clocks are kept together by other means, to this.
    Synced(Nanos),
}

/// A server that answers `GET` with its clock, as target-server's `/clock` does.
#[derive(Clone, Debug)]
pub struct ClockServer {
    /// The address, free of secrets, to be shown.
    pub url: String,
    /// Where it is.
    pub target: Target,
    /// What is asked for.
    pub path: String,
}

/// What send times are worth during a run.
#[derive(Clone, Debug, Default)]
pub enum ServerClock {
    /// They are of this machine's clock.
    #[default]
    Same,
    /// They are of a clock that is ahead by so many nanoseconds, kept up to date; below zero it is behind.
    Ahead(Arc<AtomicI64>),
    /// Nothing: nobody knows how far the clock is from this machine's.
    Unknown,
}

impl ServerClock {
    /// As it is now.
    pub fn reading(&self) -> ServerReading {
        match self {
            Self::Same => ServerReading::Ahead(0),
            Self::Ahead(nanos) => ServerReading::Ahead(nanos.load(Ordering::Relaxed)),
            Self::Unknown => ServerReading::Unknown,
        }
    }
}

/// A [`ServerClock`] at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerReading {
    /// Ahead by so many nanoseconds.
    Ahead(i64),
    /// Nobody knows.
    Unknown,
}

impl ServerReading {
    /// What this machine's clock showed when the server's showed `theirs`.
    pub fn ours(self, theirs: Wall) -> Option<Wall> {
        match self {
            Self::Ahead(nanos) => {
                Some(Wall(theirs.0.saturating_add_signed(nanos.saturating_neg())))
            }
            Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_clock_that_is_ahead_is_earlier_on_ours() {
        let ahead = Arc::new(AtomicI64::new(30));
        let clock = ServerClock::Ahead(ahead.clone());
        assert_eq!(clock.reading().ours(Wall(100)), Some(Wall(70)));
        ahead.store(-30, Ordering::Relaxed);
        assert_eq!(clock.reading().ours(Wall(100)), Some(Wall(130)));
        assert_eq!(ServerClock::Same.reading().ours(Wall(100)), Some(Wall(100)));
        assert_eq!(ServerClock::Unknown.reading().ours(Wall(100)), None);
    }
}
