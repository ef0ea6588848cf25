//! Silence: the stream is open and not a byte of body has come.
//!
//! It accuses nobody: a source that has nothing to say looks the same as a
//! buffer that is not full.

use crate::timeline::Timeline;

/// A stream without a byte of body so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silence {
    /// When the head came, in milliseconds after the request; absent if it did not.
    pub head: Option<f64>,
    /// How long it was watched, in milliseconds.
    pub watched: f64,
    /// Bytes that the server's own log says it made for this stream, if it can be read.
    pub emitted_bytes: Option<u64>,
    /// Events that the server's own log says it made for this stream.
    pub emitted_events: Option<u64>,
}

pub(super) fn find(timeline: &Timeline) -> Option<Silence> {
    if timeline.body_bytes() > 0 || timeline.has_ended() {
        return None;
    }
    let truth = timeline.probe.truth;
    Some(Silence {
        head: timeline.head,
        watched: timeline.end,
        emitted_bytes: truth.map(|truth| truth.emitted_bytes),
        emitted_events: truth.map(|truth| truth.emitted_events),
    })
}
