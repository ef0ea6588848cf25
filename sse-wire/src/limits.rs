//! How much a stream may make the decoder hold, and the error when it asks for more.

use core::fmt;

/// Bounds on what one stream may make a decoder hold.
///
/// The default is 128 MiB for both: above the largest event of the conformance
/// suites (64 MiB and one byte). A caller with many connections should set them
/// lower. What a usual stream makes a decoder hold is its largest line or event that
/// one read did not bring whole; what a hostile one can is 4 times the line limit
/// and 12 times the event limit, because buffers double and U+FFFD is three bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest line accepted, in bytes, without its line end.
    pub max_line_bytes: usize,
    /// Longest block accepted, in bytes: the data with the LFs that join its lines,
    /// the event name and the ID.
    pub max_event_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const DEFAULT_BYTES: usize = 128 * 1024 * 1024;
        Self {
            max_line_bytes: DEFAULT_BYTES,
            max_event_bytes: DEFAULT_BYTES,
        }
    }
}

/// The stream asked the decoder to hold more than [`Limits`] allow.
///
/// `bytes` is the size known when the stream was refused; the line or event may
/// be longer, and how much was known depends on how the input was split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// A line is longer than [`Limits::max_line_bytes`].
    LineTooLong {
        /// The limit, in bytes.
        limit: usize,
        /// Bytes of the line seen so far; always above `limit`.
        bytes: usize,
    },
    /// One block holds more than [`Limits::max_event_bytes`].
    EventTooLong {
        /// The limit, in bytes.
        limit: usize,
        /// Bytes of the block seen so far; always above `limit`.
        bytes: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, limit, bytes) = match self {
            Self::LineTooLong { limit, bytes } => ("a line", limit, bytes),
            Self::EventTooLong { limit, bytes } => ("an event", limit, bytes),
        };
        write!(
            f,
            "event stream: {what} has at least {bytes} bytes, the limit is {limit}; \
             raise the limit if the server means it"
        )
    }
}

impl core::error::Error for DecodeError {}
