//! Whether a response is a stream of events, and of which kind (WHATWG HTML, server-sent events 9.2.3).

use super::end::End;
use super::head::Head;
use super::units::Kind;
use crate::plan::Format;
use verdict::{media, observations};

/// The kind of stream that a response is read as; the error says why it is none.
pub(super) fn accept(head: &Head, format: Format) -> Result<Kind, End> {
    match head.status {
        200 => {}
        204 => return Err(End::NoContent),
        301 | 302 | 303 | 307 | 308 => {
            let location = head.field("location").unwrap_or_default().to_owned();
            return Err(End::Redirect {
                status: head.status,
                location,
            });
        }
        status => return Err(End::Status(status)),
    }
    let media_type = head.media_type();
    match format {
        Format::Sse => Ok(Kind::Sse),
        Format::Lines => Ok(Kind::Lines),
        Format::Bytes => Ok(Kind::Bytes),
        Format::Auto => match media::format_of(&media_type) {
            Some(observations::Format::Sse) => Ok(Kind::Sse),
            Some(observations::Format::Lines) => Ok(Kind::Unsure),
            Some(observations::Format::Bytes) => Ok(Kind::Bytes),
            None => Err(End::WrongType(media_type)),
        },
    }
}
