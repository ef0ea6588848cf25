//! How the chunks of HTTP/1.1, or the DATA frames of HTTP/2, compare with the events: who wrote larger chunks
//! than events held them back above the transfer coding, the others below it.

use crate::stats;
use crate::timeline::Timeline;

/// How the chunks of the transfer coding compare with the events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Chunks {
    /// No chunked framing, or too few chunks.
    Unknown,
    /// One chunk per event: held below whoever wrote the chunks.
    PerEvent,
    /// Always this size, and not that of an event: held above whoever wrote the chunks.
    Constant {
        /// Bytes of a chunk.
        bytes: f64,
        /// Whether the first one was shorter: its block held the head of the upstream response too.
        first_shorter: bool,
    },
    /// Larger than an event, of about this size.
    Large {
        /// Median bytes of a chunk.
        bytes: f64,
    },
    /// Smaller than an event.
    Small,
}

impl Chunks {
    /// Compares chunks with events; the first chunk and the last, which is a rest, are left out.
    pub(crate) fn of(timeline: &Timeline) -> Self {
        const FEW: usize = 4;
        // What a chunk is to HTTP/1.1 a DATA frame is to HTTP/2: as much as was handed over at once.
        let probe = timeline.probe;
        let all: Vec<f64> = probe
            .chunks
            .iter()
            .chain(&probe.frames)
            .map(|chunk| chunk.bytes as f64)
            .collect();
        let (Some(event), true) = (timeline.event_bytes(), all.len() >= FEW) else {
            return Self::Unknown;
        };
        let inside = &all[1..all.len() - 1];
        let Some(bytes) = stats::median(inside.iter().copied()) else {
            return Self::Unknown;
        };
        let same = inside.iter().filter(|size| **size == bytes).count();
        let is_constant = stats::share(same, inside.len()) >= 0.8;
        if is_constant && bytes != event {
            Self::Constant {
                bytes,
                first_shorter: all[0] < bytes,
            }
        } else if (bytes - event).abs() <= 0.1 * event {
            Self::PerEvent
        } else if bytes < event {
            Self::Small
        } else {
            Self::Large { bytes }
        }
    }

    /// How the chunks say that the hold is below whoever wrote them, in words: none is larger than an event. An event
    /// may take several (the SSE helper of Rails writes four).
    pub(crate) fn held_below(self) -> Option<&'static str> {
        match self {
            Self::PerEvent => Some("one chunk per event"),
            Self::Small => Some("several chunks per event"),
            Self::Unknown | Self::Constant { .. } | Self::Large { .. } => None,
        }
    }

    /// The size that every chunk has, if it is not the size of an event.
    pub(crate) fn block(self) -> Option<f64> {
        if let Self::Constant { bytes, .. } = self {
            Some(bytes)
        } else {
            None
        }
    }
}
