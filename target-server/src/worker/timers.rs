//! Wake-ups at nanosecond times inside a worker's poll: a set of them and one kernel timer for the first.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::clock::Nanos;

/// Pending wake-ups, each with whom to wake.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    pending: BTreeSet<(Nanos, T)>,
    kernel: TimerFd,
    armed: Option<Nanos>,
}

impl<T: Ord + Copy> Timers<T> {
    /// No wake-ups yet; the poll sees `token` when one is due.
    ///
    /// Poll itself counts in milliseconds, and rounds up; the kernel's timer does neither.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let kernel = TimerFd::new(ClockId::CLOCK_REALTIME, flags)?;
        registry.register(
            &mut SourceFd(&kernel.as_fd().as_raw_fd()),
            token,
            Interest::READABLE,
        )?;
        Ok(Self {
            pending: BTreeSet::new(),
            kernel,
            armed: None,
        })
    }

    /// Asks to be woken for `whom` at a time.
    pub(crate) fn add(&mut self, at: Nanos, whom: T) {
        self.pending.insert((at, whom));
    }

    /// Takes a wake-up back.
    pub(crate) fn remove(&mut self, at: Nanos, whom: T) {
        self.pending.remove(&(at, whom));
    }

    /// To be called when the poll has seen the timer's token: the kernel's timer is used up.
    pub(crate) fn fired(&mut self) {
        // Reading re-arms the readiness; there is nothing to read if another wake-up was faster.
        self.kernel.wait().unwrap_or_default();
        self.armed = None;
    }

    /// Takes out one whose time has come.
    pub(crate) fn pop_due(&mut self, now: Nanos) -> Option<T> {
        let (at, whom) = *self.pending.first()?;
        if at > now {
            return None;
        }
        self.pending.pop_first();
        Some(whom)
    }

    /// Sets the kernel's timer to the first wake-up; to be called before each poll.
    ///
    /// Errors: the kernel refuses the timer, which it does only when it is out of resources.
    pub(crate) fn arm(&mut self) -> io::Result<()> {
        let first = self.pending.first().map(|(at, _)| *at);
        if first == self.armed {
            return Ok(());
        }
        match first {
            Some(at) => {
                // Zero would disarm it; a time in the past fires at once.
                let at = TimeSpec::from_duration(Duration::from_nanos(at.0.max(1)));
                self.kernel.set(
                    Expiration::OneShot(at),
                    TimerSetTimeFlags::TFD_TIMER_ABSTIME,
                )?;
            }
            None => self.kernel.unset()?,
        }
        self.armed = first;
        Ok(())
    }
}
