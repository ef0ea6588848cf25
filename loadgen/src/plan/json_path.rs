//! A place in an event's JSON data, and how to read a number or a time there without allocating.
//! It must not know where the data comes from or what the value is used for.

use thiserror::Error;

/// A place in a JSON document.
///
/// Source: RFC 6901 (JSON Pointer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    tokens: Vec<String>,
}

/// How a time is written in an event's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// ISO 8601 text; without an offset it counts as UTC.
    Iso,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
    /// Microseconds since 1970.
    Micros,
    /// Nanoseconds since 1970.
    Nanos,
}

/// Why a text is not a JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JsonPathError {
    /// A pointer that is not empty begins with a slash.
    #[error("does not begin with `/`; write it as `/member` or `/list/0/member`")]
    NoLeadingSlash,
    /// `~` stands only in `~0` and `~1`.
    #[error("has a `~` that is not `~0` (for `~`) or `~1` (for `/`)")]
    BadEscape,
}

impl JsonPath {
    /// Reads a pointer such as `/choices/0/created`; the empty text names the whole document.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        if text.is_empty() {
            return Ok(Self { tokens: Vec::new() });
        }
        let rest = text
            .strip_prefix('/')
            .ok_or(JsonPathError::NoLeadingSlash)?;
        let tokens = rest.split('/').map(unescape).collect::<Result<_, _>>()?;
        Ok(Self { tokens })
    }
}

/// `~1` is `/` and `~0` is `~`; in this order, so that `~01` stays `~1`.
fn unescape(token: &str) -> Result<String, JsonPathError> {
    let mut pieces = token.split('~');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (escaped, rest) = match piece.as_bytes().first() {
            Some(b'0') => ('~', &piece[1..]),
            Some(b'1') => ('/', &piece[1..]),
            _ => return Err(JsonPathError::BadEscape),
        };
        text.push(escaped);
        text.push_str(rest);
    }
    Ok(text)
}
