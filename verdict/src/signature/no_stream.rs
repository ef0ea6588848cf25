//! NO STREAM: no connection, another status than 200, another type than a stream.
//!
//! Silence is not judged here: a response that has not begun may still do so.

use crate::media;
use crate::observations::{EndKind, FormatFrom};
use crate::timeline::Timeline;

/// Why a response is no stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoStream {
    /// Nobody answered; the text says what happened.
    Failed(String),
    /// The connection closed before a response head.
    NoAnswer,
    /// A status that is no success, or one without a body.
    Status(u16),
    /// A content type that is no stream; absent where none was given.
    ContentType(Option<String>),
}

pub(super) fn find(timeline: &Timeline) -> Option<NoStream> {
    let probe = timeline.probe;
    if let Some(failure) = &probe.failure {
        return Some(NoStream::Failed(failure.clone()));
    }
    let Some(head) = &probe.head else {
        return (probe.end.kind != EndKind::StillOpen).then_some(NoStream::NoAnswer);
    };
    // EventSource demands 200 exactly; 204 tells it to stop for good (WHATWG HTML 9.2.3).
    if head.status != 200 {
        return Some(NoStream::Status(head.status));
    }
    if probe.request.format_from == FormatFrom::ContentType {
        let media_type = head.media_type();
        if media_type.as_deref().and_then(media::format_of).is_none() {
            return Some(NoStream::ContentType(media_type));
        }
    }
    None
}
