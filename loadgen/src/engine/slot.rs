//! One subscriber's place in a worker: its session, its connection if it has one, and how far that has come.

use crate::connection::holes::Holes;
use crate::connection::transport::Transport;
use crate::request::Request;
use crate::session::Session;
use run_record::time::Wall;
use url::Url;

/// How far a connection has come; ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Not dialled, or waiting to be dialled again.
    Waiting,
    /// TCP is being established.
    Connecting,
    /// The TLS handshake goes on.
    Securing,
    /// The request is being sent.
    Sending,
    /// The request is out.
    Open,
    /// The subscriber is closed for good.
    Over,
}

impl Phase {
    /// Whether a connection is under way whose request is not out yet.
    pub(super) fn is_opening(self) -> bool {
        (Phase::Connecting..=Phase::Sending).contains(&self)
    }
}

/// One subscriber's place.
#[derive(Debug)]
pub(super) struct Slot {
    /// What the subscriber knows.
    pub(super) session: Session,
    /// Its connection.
    pub(super) transport: Option<Transport>,
    /// How far that has come.
    pub(super) phase: Phase,
    /// Counts attempts, so that timers of an old one mean nothing.
    pub(super) attempt: u32,
    /// Bytes of the request that are out.
    pub(super) sent: u32,
    /// Which of the plan's endpoints this attempt goes to.
    pub(super) endpoint: u16,
    /// The request of this attempt where it is not the plan's: a last event id, a redirect.
    pub(super) own_request: Option<Box<[u8]>>,
    /// Where a redirect has led, until the stream ends.
    pub(super) redirect: Option<Box<(Url, Request)>>,
    /// A clock value from before the latest call that found the socket empty.
    pub(super) empty_since: Wall,
    /// What the connection has received out of order.
    pub(super) holes: Holes,
}

impl Slot {
    /// A place for a subscriber that has not been started.
    pub(super) fn new(session: Session) -> Slot {
        Slot {
            session,
            transport: None,
            phase: Phase::Waiting,
            attempt: 0,
            sent: 0,
            endpoint: 0,
            own_request: None,
            redirect: None,
            empty_since: Wall::default(),
            holes: Holes::default(),
        }
    }

    /// Closes the connection; the descriptor leaves the poll with it.
    pub(super) fn drop_connection(&mut self) {
        if let Some(mut transport) = self.transport.take() {
            transport.say_goodbye();
        }
        self.sent = 0;
        self.empty_since = Wall::default();
        self.holes = Holes::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_small_because_there_are_many() {
        let bytes = size_of::<Slot>();
        assert!(bytes <= 480, "{bytes} bytes");
    }
}
