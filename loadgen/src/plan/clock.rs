//! By which clock a server tells its times, and how that clock is to be related to this machine's.
//! It must not ask anybody or read a clock; `offset` does.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use run_record::time::{Nanos, Wall};

use super::{Route, Target};

/// How it is to be done, as asked for.
#[derive(Clone, Debug)]
pub enum ClockAsked {
    /// On this machine it is the same clock; elsewhere nobody is asked, and there are no times.
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
    /// Nobody wants the times that the server tells.
    Unneeded,
    /// There is nobody to ask.
    Unknown,
    /// This server is asked, because the user named it. Without its answer there is no run.
    Server(Box<ClockServer>),
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
    /// They are of another clock, and somebody keeps up to date how far that is ahead.
    Ahead(Arc<Ahead>),
    /// Nothing: nobody knows how far the clock is from this machine's.
    Unknown,
}

/// How far another clock is ahead of this machine's.
#[derive(Debug, Default)]
pub struct Ahead {
    nanos: AtomicI64,
    bound: AtomicU64,
}

impl Ahead {
    /// So far at present, or behind where it is below zero; the truth is no farther from that than the bound.
    pub fn set(&self, nanos: i64, bound: Nanos) {
        self.nanos.store(nanos, Ordering::Relaxed);
        self.bound.store(bound.0, Ordering::Relaxed);
    }
}

impl ServerClock {
    /// This machine's clock, or one that is kept to it within `bound`.
    pub fn within(bound: Nanos) -> ServerClock {
        if bound == Nanos::ZERO {
            return Self::Same;
        }
        let ahead = Ahead::default();
        ahead.set(0, bound);
        Self::Ahead(Arc::new(ahead))
    }

    /// As it is now.
    pub fn reading(&self) -> ServerReading {
        match self {
            Self::Same => ServerReading::SAME,
            Self::Ahead(ahead) => ServerReading::Ahead {
                nanos: ahead.nanos.load(Ordering::Relaxed),
                bound: Nanos(ahead.bound.load(Ordering::Relaxed)),
            },
            Self::Unknown => ServerReading::Unknown,
        }
    }
}

/// A [`ServerClock`] at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerReading {
    /// Ahead by so many nanoseconds, to within the bound.
    Ahead {
        /// Below zero it is behind.
        nanos: i64,
        /// How far the truth can be from that.
        bound: Nanos,
    },
    /// Nobody knows.
    Unknown,
}

impl ServerReading {
    /// Of this machine's clock.
    pub const SAME: Self = Self::Ahead {
        nanos: 0,
        bound: Nanos::ZERO,
    };

    /// What this machine's clock showed when the server's showed `theirs`.
    pub fn ours(self, theirs: Wall) -> Option<Wall> {
        match self {
            Self::Ahead { nanos, .. } => {
                Some(Wall(theirs.0.saturating_add_signed(nanos.saturating_neg())))
            }
            Self::Unknown => None,
        }
    }

    /// How far a time on ours can be from the truth.
    pub fn bound(self) -> Nanos {
        match self {
            Self::Ahead { bound, .. } => bound,
            Self::Unknown => Nanos::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_clock_that_is_ahead_is_earlier_on_ours() {
        let ahead = Arc::new(Ahead::default());
        ahead.set(30, Nanos(5));
        let clock = ServerClock::Ahead(ahead.clone());
        assert_eq!(clock.reading().ours(Wall(100)), Some(Wall(70)));
        assert_eq!(clock.reading().bound(), Nanos(5));
        ahead.set(-30, Nanos(5));
        assert_eq!(clock.reading().ours(Wall(100)), Some(Wall(130)));
        assert_eq!(ServerClock::Same.reading().ours(Wall(100)), Some(Wall(100)));
        assert_eq!(ServerClock::Unknown.reading().ours(Wall(100)), None);
    }
}
