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

/// What a body that was announced as lines turns out to be, from its beginning; absent while it can be either.
///
/// Event streams are often sent with the type of plain text: then a line is no event, and the two or three lines of
/// one event would look like a group. `data:`, `event:` or a comment says so; an `id:` or `retry:` only before a blank
/// line or one of those.
#[must_use]
pub fn begins_as(body: &[u8]) -> Option<Format> {
    /// Nothing that is to be read as events begins with so much of anything else.
    const ENOUGH: usize = 64 * 1024;
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let mut weak: Option<&[u8]> = None;
    let mut lines = body.split_inclusive(|byte| *byte == b'\n');
    while let Some(line) = lines.next().and_then(|line| line.strip_suffix(b"\n")) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let field = line.iter().position(|byte| *byte == b':');
        match (field.map(|colon| &line[..colon]), weak) {
            (None, None) if line.is_empty() => {}
            (Some(b"data" | b"event" | b""), _) => return Some(Format::Sse),
            (Some(field @ (b"id" | b"retry")), seen) if seen != Some(field) => weak = Some(field),
            (None, Some(_)) if line.is_empty() => return Some(Format::Sse),
            _ => return Some(Format::Lines),
        }
    }
    (body.len() > ENOUGH).then_some(Format::Lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_are_announced_as_lines_are_told_by_their_fields() {
        use Format::{Lines, Sse};
        let cases: [(&[u8], Option<Format>); 16] = [
            (b"", None),
            (b"dat", None),
            (b"data: 1", None),
            (b"data: 1\n", Some(Sse)),
            (b"event: a\r\n", Some(Sse)),
            (b": ping\n", Some(Sse)),
            (b"\n\n\xEF", None),
            (b"\xEF\xBB\xBFdata:1\n", Some(Sse)),
            (b"id: 1\n", None),
            (b"id: 1\ndata: 1\n", Some(Sse)),
            (b"retry: 5\r\n\r\n", Some(Sse)),
            (b"retry: 5\nid: 1\n", None),
            (b"id: 1\nid: 2\n", Some(Lines)),
            (b"id: 1\nname: joe\n", Some(Lines)),
            (b"{\"data\": 1}\n", Some(Lines)),
            (b"12:00:01 data: 1\n", Some(Lines)),
        ];
        for (body, told) in cases {
            let text = String::from_utf8_lossy(body);
            assert_eq!(begins_as(body), told, "{text:?}");
        }
        assert_eq!(begins_as(&[b'x'; 70_000]), Some(Lines));
    }

    #[test]
    fn event_streams_lines_and_raw_bytes_are_told_from_pages() {
        assert_eq!(format_of("text/event-stream"), Some(Format::Sse));
        assert_eq!(format_of("application/x-ndjson"), Some(Format::Lines));
        assert_eq!(format_of("audio/mpeg"), Some(Format::Bytes));
        assert_eq!(format_of("text/html"), None);
        assert_eq!(format_of("application/json"), None);
    }
}
