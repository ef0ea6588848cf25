//! Silence: the stream is open and nothing has come, or only comments.
//!
//! It accuses nobody: a source that has nothing to say looks the same as a
//! buffer that is not full.

use crate::timeline::Timeline;

/// A stream without an event and without any byte of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silence {
    /// When the head came, in milliseconds after the request; absent if it did not.
    pub head: Option<f64>,
    /// How long it was watched, in milliseconds.
    pub watched: f64,
    /// Comments that came: somebody keeps the connection alive.
    pub comments: usize,
    /// Bytes that the server's own log says it made for this stream, if it can be read.
    pub emitted_bytes: Option<u64>,
    /// Events that the server's own log says it made for this stream.
    pub emitted_events: Option<u64>,
}

/// The longest: CR LF.
const BLANK_LINE: u64 = 2;

pub(super) fn find(timeline: &Timeline) -> Option<Silence> {
    let comments = &timeline.probe.comments;
    let comment_bytes: u64 = comments.iter().map(|comment| comment.bytes).sum();
    // A comment ends with its line; the blank line behind the last one belongs to nothing.
    let comment_bytes = comment_bytes + if comments.is_empty() { 0 } else { BLANK_LINE };
    let is_silent = timeline.events.is_empty()
        && timeline.body_bytes() <= comment_bytes.max(preamble(timeline));
    if !is_silent || timeline.has_ended() {
        return None;
    }
    let truth = timeline.probe.truth;
    Some(Silence {
        head: timeline.head,
        watched: timeline.end,
        comments: comments.len(),
        emitted_bytes: truth.and_then(|truth| truth.emitted_bytes),
        emitted_events: truth.map(|truth| truth.emitted_events),
    })
}

/// Bytes that a compressor sends ahead of all data: the header of gzip is the longest.
fn preamble(timeline: &Timeline) -> u64 {
    const GZIP_HEADER: u64 = 10;
    let is_coded = timeline
        .probe
        .head
        .as_ref()
        .is_some_and(|head| head.content_coding().is_some());
    if is_coded { GZIP_HEADER } else { 0 }
}
