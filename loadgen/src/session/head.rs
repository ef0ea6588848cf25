//! The response head: from bytes to what the session must know (RFC 9112 sections 2 to 4, 6.3).
//!
//! Sans-IO; knows no event format and takes no decision about reconnecting.

use super::framing::Framing;

/// A head longer than this is no answer: it is refused, so that an endless head ends the attempt.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 128;

/// A complete response head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Status code.
    pub status: u16,
    /// Minor version of HTTP/1.
    pub minor_version: u8,
    /// Header fields in order, names as sent.
    pub fields: Vec<(String, Vec<u8>)>,
}

/// Why the bytes of a head are no head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The bytes are not HTTP/1.
    #[error("malformed response head: {0}")]
    Malformed(String),
    /// More than [`MAX_HEAD_BYTES`] or 128 fields without an end.
    #[error("response head longer than {MAX_HEAD_BYTES} bytes or {MAX_HEADERS} fields")]
    TooLarge,
    /// `Content-Length` is no number, or there are two that differ (RFC 9112 section 6.3).
    #[error("contradictory or malformed Content-Length: {0}")]
    ContentLength(String),
    /// A transfer coding other than `chunked`.
    #[error("transfer coding {0:?} is not supported; expected chunked")]
    TransferCoding(String),
}

/// The parser's answer for the bytes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// The head is not complete.
    Partial,
    /// A head, and how many bytes it took.
    Complete(Head, usize),
}

/// Parses the head at the front of `bytes`; interim (1xx) responses are skipped.
///
/// Errors: [`HeadError`], when no further byte can make it a head.
pub fn parse(bytes: &[u8]) -> Result<Parsed, HeadError> {
    let mut skipped = 0;
    loop {
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut fields);
        let rest = &bytes[skipped..];
        match response.parse(rest) {
            Ok(httparse::Status::Complete(used)) => {
                let status = response.code.unwrap_or_default();
                if (100..200).contains(&status) && status != 101 {
                    skipped += used;
                    continue;
                }
                return Ok(Parsed::Complete(Head::from(&response), skipped + used));
            }
            Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD_BYTES => {
                return Ok(Parsed::Partial);
            }
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                return Err(HeadError::TooLarge);
            }
            Err(error) => {
                let start = rest[..rest.len().min(32)].escape_ascii();
                return Err(HeadError::Malformed(format!(
                    "{error}; it begins with \"{start}\""
                )));
            }
        }
    }
}

impl From<&httparse::Response<'_, '_>> for Head {
    fn from(response: &httparse::Response<'_, '_>) -> Head {
        Head {
            status: response.code.unwrap_or_default(),
            minor_version: response.version.unwrap_or_default(),
            fields: response
                .headers
                .iter()
                .map(|h| (h.name.to_owned(), h.value.to_vec()))
                .collect(),
        }
    }
}

impl Head {
    /// The first field of this name, as text; names compare without case.
    pub fn field(&self, name: &str) -> Option<&str> {
        let value = self.values(name).next()?;
        std::str::from_utf8(value).ok().map(str::trim)
    }

    fn values<'h>(&'h self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.fields
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_slice())
    }

    /// The first field of this name as a text of few characters, whatever bytes it has; empty where there is none.
    pub fn short_text(&self, name: &str) -> String {
        const MOST_CHARS: usize = 128;
        let value = self.values(name).next().unwrap_or_default();
        let text = String::from_utf8_lossy(value);
        text.trim().chars().take(MOST_CHARS).collect()
    }

    /// The media type without its parameters, in lower case; empty when there is none.
    pub fn media_type(&self) -> String {
        let full = self.field("content-type").unwrap_or_default();
        full.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    }

    /// How the body is framed (RFC 9112 section 6.3).
    pub fn framing(&self) -> Result<Framing, HeadError> {
        if matches!(self.status, 204 | 205 | 304) {
            return Ok(Framing::length(0));
        }
        if let Some(codings) = self.field("transfer-encoding") {
            let last = codings.rsplit(',').next().unwrap_or_default().trim();
            if last.eq_ignore_ascii_case("chunked") && !codings.contains(',') {
                return Ok(Framing::chunked());
            }
            if !codings.eq_ignore_ascii_case("identity") {
                return Err(HeadError::TransferCoding(codings.to_owned()));
            }
        }
        let mut length = None;
        for value in self
            .values("content-length")
            .flat_map(|v| v.split(|b| *b == b','))
        {
            let text = String::from_utf8_lossy(value).trim().to_owned();
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let parsed = if digits {
                text.parse::<u64>().ok()
            } else {
                None
            };
            match (parsed, length) {
                (Some(new), None) => length = Some(new),
                (Some(new), Some(old)) if new == old => {}
                _ => return Err(HeadError::ContentLength(text)),
            }
        }
        Ok(length.map_or_else(Framing::until_close, Framing::length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        match parse(text.as_bytes()) {
            Ok(Parsed::Complete(head, used)) => {
                assert_eq!(used, text.len());
                head
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_media_type_is_matched_without_its_parameters() {
        let head = head("HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream;charset=UTF-8\r\n\r\n");
        assert_eq!(
            (head.status, head.media_type().as_str()),
            (200, "text/event-stream")
        );
        assert!(head.framing().unwrap().ends_with_connection());
    }

    #[test]
    fn interim_responses_are_skipped() {
        let head =
            head("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
        assert_eq!(head.status, 204);
        assert_eq!(head.framing().unwrap(), Framing::length(0));
    }

    #[test]
    fn framing_follows_rfc_9112() {
        let framing = |fields: &str| head(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).framing();
        assert_eq!(
            framing("transfer-encoding: Chunked\r\ncontent-length: 3\r\n").unwrap(),
            Framing::chunked()
        );
        assert_eq!(
            framing("Content-Length: 12\r\nContent-Length: 12\r\n").unwrap(),
            Framing::length(12)
        );
        assert!(matches!(
            framing("Content-Length: 1, 2\r\n"),
            Err(HeadError::ContentLength(_))
        ));
        assert!(matches!(
            framing("Content-Length: +5\r\n"),
            Err(HeadError::ContentLength(_))
        ));
        assert!(matches!(
            framing("Transfer-Encoding: gzip, chunked\r\n"),
            Err(HeadError::TransferCoding(_))
        ));
    }

    #[test]
    fn a_head_that_can_never_end_is_refused() {
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(MAX_HEAD_BYTES));
        assert_eq!(parse(endless.as_bytes()), Err(HeadError::TooLarge));
        let many = format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(200));
        assert_eq!(parse(many.as_bytes()), Err(HeadError::TooLarge));
        assert!(matches!(
            parse(b"SSH-2.0-OpenSSH_9.2\r\n"),
            Err(HeadError::Malformed(_))
        ));
        assert_eq!(parse(b"HTTP/1.1 20"), Ok(Parsed::Partial));
    }
}
