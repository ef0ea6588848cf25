//! One read from a socket: when its bytes can have arrived, and how exactly that is known (measuring 1.1, 2.5, 2.6).

use crate::plan::ServerReading;
use crate::session::recorder::{Class, Event};
use run_record::time::{Interval, Nanos, Wall};

/// Arrivals whose interval is wider than this are intervals, not instants (measuring, criterion 4); the same
/// tolerance tells a stamp that is too early from clock noise.
pub const RESOLUTION: Nanos = Nanos(100_000);

/// One read, and what it has yielded so far.
#[derive(Debug)]
pub struct Reading {
    /// A clock value from before the most recent call that found the socket empty.
    earliest: Wall,
    stamp: Option<Wall>,
    read: Wall,
    drained: bool,
    /// The bytes had waited behind a lost segment: the stamp is that of another.
    repaired: bool,
    /// What the times that the server tells are worth.
    pub(super) server_clock: ServerReading,
    /// Events completed by the read so far.
    pub(super) events: u32,
    /// The last of them: booked when it is known whether another one follows in the same read.
    pub(super) pending: Option<Event>,
    /// Something that is no event came behind the last of them: a comment, the end of the body. It may have had a
    /// segment of its own, and the stamp is that segment's.
    pub(super) outlived: bool,
}

impl Reading {
    /// A read that returned at `read` and whose last segment the kernel received at `stamp`.
    ///
    /// `earliest` is a clock value from before the most recent call that found the socket empty; `drained` says
    /// that this read left it empty, and that the peer had not closed it: a FIN has a stamp too.
    pub fn new(earliest: Wall, stamp: Option<Wall>, read: Wall, drained: bool) -> Reading {
        Reading {
            earliest,
            stamp,
            read,
            drained,
            repaired: false,
            server_clock: ServerReading::SAME,
            events: 0,
            pending: None,
            outlived: false,
        }
    }

    /// The same, whose bytes have waited behind a segment that came late if `repaired`: then the stamp means nothing.
    #[must_use]
    pub fn repaired(self, repaired: bool) -> Reading {
        Reading { repaired, ..self }
    }

    /// The same, with the server's clock as it is known at present.
    #[must_use]
    pub fn with_server_clock(self, server_clock: ServerReading) -> Reading {
        Reading {
            server_clock,
            ..self
        }
    }

    /// Events that the read has completed so far.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// The latest instant at which the bytes can have arrived.
    pub fn latest(&self) -> Wall {
        match self.stamp {
            Some(stamp) if !self.is_reordered(stamp) => stamp,
            _ => self.read,
        }
    }

    /// How long before [`Reading::latest`] its first bytes can have arrived.
    pub fn width(&self) -> Nanos {
        self.latest() - self.earliest
    }

    /// When the read returned.
    pub fn read(&self) -> Wall {
        self.read
    }

    /// The kernel's stamp.
    pub fn stamp(&self) -> Option<Wall> {
        self.stamp
    }

    /// How exactly the arrival of an event is known; only the last of a read can be exact, because the stamp is
    /// that of the last segment.
    pub fn class(&self, last_bytes_of_read: bool) -> Class {
        match self.stamp {
            None => Class::Unstamped,
            Some(stamp) if self.is_reordered(stamp) => Class::Reordered,
            Some(_) if last_bytes_of_read && self.drained && !self.outlived => Class::Exact,
            Some(_) => Class::Bounded,
        }
    }

    /// When an event of this class arrived.
    pub fn interval(&self, class: Class) -> Interval {
        let latest = match class {
            Class::Exact => return Interval::exact(self.latest()),
            Class::Bounded => self.latest(),
            Class::Reordered | Class::Unstamped => self.read,
        };
        Interval::new(self.earliest.min(latest), latest)
    }

    /// After a loss, repaired bytes carry the stamp of newer ones: it may lie before the socket was empty.
    fn is_reordered(&self, stamp: Wall) -> bool {
        self.repaired || stamp + RESOLUTION < self.earliest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn reading(earliest: u64, stamp: Option<u64>, drained: bool) -> Reading {
        Reading::new(
            Wall(earliest * MS),
            stamp.map(|ms| Wall(ms * MS)),
            Wall(30 * MS),
            drained,
        )
    }

    #[test]
    fn only_the_last_event_of_a_read_that_drained_is_exact() {
        let read = reading(10, Some(20), true);
        assert_eq!(
            read.interval(read.class(true)),
            Interval::exact(Wall(20 * MS))
        );
        assert_eq!(
            read.interval(read.class(false)),
            Interval::new(Wall(10 * MS), Wall(20 * MS))
        );
        assert_eq!(reading(10, Some(20), false).class(true), Class::Bounded);
    }

    #[test]
    fn the_stamp_of_what_came_behind_an_event_is_only_a_bound() {
        let mut read = reading(10, Some(20), true);
        read.outlived = true;
        assert_eq!(read.class(true), Class::Bounded);
    }

    #[test]
    fn a_stamp_from_before_the_socket_was_empty_is_not_believed() {
        let read = reading(25, Some(20), true);
        assert_eq!(read.class(true), Class::Reordered);
        assert_eq!(
            read.interval(Class::Reordered),
            Interval::new(Wall(25 * MS), Wall(30 * MS))
        );
    }

    #[test]
    fn the_stamp_of_repaired_bytes_is_not_believed() {
        let read = reading(10, Some(20), true).repaired(true);
        assert_eq!(read.class(true), Class::Reordered);
        assert_eq!(
            read.interval(Class::Reordered),
            Interval::new(Wall(10 * MS), Wall(30 * MS))
        );
        assert_eq!(read.latest(), Wall(30 * MS));
    }

    #[test]
    fn without_a_stamp_the_read_is_the_bound() {
        let read = reading(10, None, true);
        assert_eq!(read.class(true), Class::Unstamped);
        assert_eq!(
            read.interval(Class::Unstamped),
            Interval::new(Wall(10 * MS), Wall(30 * MS))
        );
    }
}
