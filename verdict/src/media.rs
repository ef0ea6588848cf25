//! Which content types are streams, and how their bodies are cut into events.
//!
//! Shared by whoever reads a body and by the rule that says NO STREAM, so that
//! the two never disagree.

use crate::observations::Format;

/// How to read a body of this media type (in lower case, without parameters);
/// absent where it is no stream, as for a page, a script, an image or a document.
///
/// `text/html` is absent on purpose: behind a wrong path or a login it is what
/// answers with status 200.
#[must_use]
pub fn format_of(media_type: &str) -> Option<Format> {
    match media_type {
        "text/event-stream" => Some(Format::Sse),
        "text/plain"
        | "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/json-seq"
        | "application/stream+json" => Some(Format::Lines),
        "application/octet-stream" | "multipart/x-mixed-replace" => Some(Format::Bytes),
        other if other.starts_with("audio/") || other.starts_with("video/") => Some(Format::Bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_streams_lines_and_raw_bytes_are_told_from_pages() {
        assert_eq!(format_of("text/event-stream"), Some(Format::Sse));
        assert_eq!(format_of("application/x-ndjson"), Some(Format::Lines));
        assert_eq!(format_of("audio/mpeg"), Some(Format::Bytes));
        assert_eq!(format_of("text/html"), None);
        assert_eq!(format_of("application/json"), None);
    }
}
