//! Follows another host's clock through a run: a round of exchanges before it, one a second, and one after it.
//! A thread of its own does that; the engine sees one number that is kept up to date.

use super::exchange::{ClockError, Exchange};
use super::track::{Summary, Track};
use crate::clock;
use crate::plan::{Ahead, ClockServer, ServerClock};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// Exchanges of the round before the run: the first of a connection are slower than the others.
const FIRST_ROUND: usize = 32;
/// Exchanges of all others.
const ROUND: usize = 8;
/// Between two rounds: a clock that runs away by 50 ppm moves by 50 us meanwhile.
const PAUSE: Duration = Duration::from_secs(1);

/// A clock that is being followed.
#[derive(Debug)]
pub struct Following {
    ahead: Arc<Ahead>,
    stop: Sender<()>,
    thread: JoinHandle<Track>,
}

/// Begins to follow the clock of a server; when it returns, the offset is known.
///
/// Errors: the server does not answer, or with something else than its clock.
pub fn follow(server: ClockServer) -> Result<Following, ClockError> {
    let first = Exchange::new(&server).round(FIRST_ROUND)?;
    let track = Track::begin(&first).ok_or_else(|| ClockError::NoClock {
        url: server.url.clone(),
        found: "times that contradict each other".to_owned(),
    })?;
    let ahead = Arc::new(Ahead::default());
    publish(&track, &ahead);
    let (stop, stopped) = mpsc::channel();
    let kept = ahead.clone();
    let url = server.url.clone();
    let thread = std::thread::Builder::new()
        .name("clock".to_owned())
        .spawn(move || {
            let mut track = track;
            let mut exchange = Exchange::new(&server);
            loop {
                let goes_on = stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout);
                // A round that fails leaves the offset less certain, and the summary says so.
                if let Ok(round) = exchange.round(ROUND) {
                    track.add(&round);
                    publish(&track, &kept);
                }
                if !goes_on {
                    return track;
                }
            }
        })
        .map_err(|source| ClockError::Io { url, source })?;
    Ok(Following {
        ahead,
        stop,
        thread,
    })
}

impl Following {
    /// The clock, kept up to date.
    pub fn clock(&self) -> ServerClock {
        ServerClock::Ahead(self.ahead.clone())
    }

    /// A last round, and what is known then.
    ///
    /// Errors: the thread that followed has failed.
    pub fn end(self) -> io::Result<Summary> {
        // A thread that is gone shows below.
        self.stop.send(()).unwrap_or_default();
        let track = self.thread.join();
        let track = track.map_err(|_| io::Error::other("following the server's clock failed"))?;
        Ok(track.end(clock::wall()))
    }
}

/// What is taken for the offset until the next round, which may come a little late.
fn publish(track: &Track, ahead: &Ahead) {
    let next = clock::wall() + (PAUSE * 2).into();
    ahead.set(track.ahead(), track.bound_until(next));
}
