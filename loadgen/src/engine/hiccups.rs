//! When this process did not run although it should have: stopped by a signal, or without a processor.
//!
//! Two views of the same: a thread that does nothing but sleep knows best how long it was, and each worker knows which of
//! its own readings of the clock lie too far apart. What that means for a stream it must not know.

use crate::clock;
use run_record::hiccups::Hiccup;
use run_record::time::{Interval, Nanos, Wall};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Not running for longer than this is a hiccup: above the lateness that timers have on a busy machine now and then
/// (p99.9 4 to 8 ms, measuring 2.11), and what `wide_intervals` calls wide.
pub(crate) const HICCUP: Nanos = Nanos::from_millis(20);

/// The sleep of the watch. A hiccup began somewhere within one, so what is told of it is right within half of that, and
/// one that is shorter than a sleep and [`HICCUP`] together may be missed. A wake-up costs 25 us where the processor is
/// a guest and its timers are the host's (measured): a hundred a second were a seventh of what 10,000 streams cost that
/// speak once a second together.
const PERIOD: Duration = Duration::from_millis(20);

/// Hiccups that wait for the collector: more than fit between two of its looks.
const WAITING: usize = 64;

/// The thread that sleeps, and what it has found.
#[derive(Debug)]
pub(super) struct Watch {
    over: Arc<AtomicBool>,
    found: Receiver<Hiccup>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Errors: the machine refuses a thread.
    pub(super) fn begin() -> io::Result<Watch> {
        let over = Arc::new(AtomicBool::new(false));
        let (into, found) = sync_channel(WAITING);
        let until = over.clone();
        let thread = std::thread::Builder::new()
            .name("hiccups".to_owned())
            .spawn(move || sleep_until(&until, &into))?;
        Ok(Watch {
            over,
            found,
            thread,
        })
    }

    /// What was found since the last look.
    pub(super) fn found(&self) -> impl Iterator<Item = Hiccup> + '_ {
        self.found.try_iter()
    }

    /// Ends the watch, and gives what was found since the last look.
    pub(super) fn end(self) -> impl Iterator<Item = Hiccup> {
        self.over.store(true, Ordering::Relaxed);
        // A watch that has panicked has found what it has found.
        let _ = self.thread.join();
        self.found.into_iter()
    }
}

fn sleep_until(over: &AtomicBool, into: &SyncSender<Hiccup>) {
    while !over.load(Ordering::Relaxed) {
        let asleep = clock::mono();
        std::thread::sleep(PERIOD);
        let awake = clock::now();
        let late = (awake.mono - asleep) - Nanos::from(PERIOD);
        if late > HICCUP {
            let lasted = late + Nanos::from(PERIOD / 2);
            // A full channel means that the collector does not run either: it has enough to tell.
            let _ = into.try_send(Hiccup::of(Interval::new(awake.wall - lasted, awake.wall)));
        }
    }
}

/// The latest reading of the wall clock by a worker, which is a lower edge for whatever comes next.
#[derive(Debug)]
pub(super) struct Pulse(Wall);

impl Pulse {
    /// Begins with a reading.
    pub(super) fn at(now: Wall) -> Pulse {
        Pulse(now)
    }

    /// The latest reading.
    pub(super) fn last(&self) -> Wall {
        self.0
    }

    /// Takes a reading. `asleep` is how long the worker meant to sleep since the one before; the window between the two
    /// is returned if the worker was away for longer, and did not run.
    #[inline]
    pub(super) fn beat(&mut self, now: Wall, asleep: Nanos) -> Option<Interval> {
        let before = std::mem::replace(&mut self.0, now);
        (now - before > asleep + HICCUP).then(|| Interval::new(before, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_worker_that_overslept_did_not_run() {
        let mut pulse = Pulse::at(Wall(1_000 * MS));
        let asleep = Nanos::from_millis(100);
        assert_eq!(pulse.beat(Wall(1_119 * MS), asleep), None);
        let window = Interval::new(Wall(1_119 * MS), Wall(1_240 * MS));
        assert_eq!(pulse.beat(Wall(1_240 * MS), asleep), Some(window));
        assert_eq!(pulse.beat(Wall(1_250 * MS), Nanos::ZERO), None);
        assert!(pulse.beat(Wall(1_271 * MS), Nanos::ZERO).is_some());
        assert_eq!(pulse.last(), Wall(1_271 * MS));
    }

    #[test]
    fn a_clock_that_goes_back_is_no_hiccup() {
        let mut pulse = Pulse::at(Wall(1_000 * MS));
        assert_eq!(pulse.beat(Wall(900 * MS), Nanos::ZERO), None);
    }
}
