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

#[cfg(test)]
mod tests {
    use mio::{Events, Poll};

    use super::*;
    use crate::clock;

    #[test]
    fn wake_ups_come_in_order_and_not_when_taken_back() {
        let poll = Poll::new().unwrap();
        let mut timers = Timers::new(poll.registry(), Token(0)).unwrap();
        for (at, whom) in [(30, 'c'), (10, 'a'), (20, 'b'), (40, 'd')] {
            timers.add(Nanos(at), whom);
        }
        timers.remove(Nanos(20), 'b');
        assert_eq!(timers.pop_due(Nanos(9)), None);
        assert_eq!(
            [timers.pop_due(Nanos(30)), timers.pop_due(Nanos(30))],
            [Some('a'), Some('c')]
        );
        assert_eq!(
            (timers.pop_due(Nanos(30)), timers.pop_due(Nanos(40))),
            (None, Some('d'))
        );
    }

    #[test]
    fn the_poll_wakes_for_the_first_and_again_for_the_next_at_the_same_time() {
        let mut poll = Poll::new().unwrap();
        let mut timers = Timers::new(poll.registry(), Token(0)).unwrap();
        let mut events = Events::with_capacity(1);
        let at = clock::now() + Duration::from_millis(2);
        for whom in ['a', 'b'] {
            timers.add(at, whom);
            timers.arm().unwrap();
            poll.poll(&mut events, Some(Duration::from_secs(20)))
                .unwrap();
            assert!(!events.is_empty() && clock::now() >= at);
            timers.fired();
            assert_eq!(timers.pop_due(clock::now()), Some(whom));
        }
    }
}
