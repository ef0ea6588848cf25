//! A place in an event's JSON data, and how to read a number or a time there without allocating.
//! It must not know where the data comes from or what the value is used for.

mod decimal;
mod walk;

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::value::RawValue;
use std::fmt;

use thiserror::Error;

use decimal::Decimal;
use walk::find;

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

impl fmt::Display for JsonPath {
    /// As RFC 6901 writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens
            .iter()
            .try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

impl fmt::Display for TimeUnit {
    /// As `--sent-at` spells it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iso => "iso",
            Self::Seconds => "s",
            Self::Millis => "ms",
            Self::Micros => "us",
            Self::Nanos => "ns",
        })
    }
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

    /// The whole number at this place, as a JSON number or in a string.
    ///
    /// Exact up to `u64::MAX`. `None` where `data` is no JSON document, has nothing at this place, or has
    /// something there that is no whole number from zero upwards. Where a member stands twice the last one counts.
    pub fn extract_number(&self, data: &[u8]) -> Option<u64> {
        with_text(find(&self.tokens, data)?, |text, _| {
            Decimal::parse(text)?.exactly()
        })
    }

    /// The time at this place, in nanoseconds since 1970 (wall clock of whoever wrote it).
    ///
    /// Exact: fractions are read from their digits and never pass through a floating-point number; what is
    /// finer than a nanosecond is cut off. `None` as for [`JsonPath::extract_number`], and for times before 1970
    /// or after the year 2554.
    pub fn extract_time(&self, data: &[u8], unit: TimeUnit) -> Option<u64> {
        with_text(find(&self.tokens, data)?, |text, quoted| {
            match unit.decimal_places() {
                Some(places) => Decimal::parse(text)?.scaled(places),
                None if quoted => iso_unix_ns(text),
                None => None,
            }
        })
    }
}

impl TimeUnit {
    /// How many decimal places one unit has when counted in nanoseconds; none for text.
    fn decimal_places(self) -> Option<i32> {
        match self {
            Self::Iso => None,
            Self::Seconds => Some(9),
            Self::Millis => Some(6),
            Self::Micros => Some(3),
            Self::Nanos => Some(0),
        }
    }
}

/// Hands on the text of a number, or of a string without its quotes (then `true`).
fn with_text(value: &RawValue, read: impl FnOnce(&str, bool) -> Option<u64>) -> Option<u64> {
    let text = value.get();
    let Some(quoted) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return read(text, false);
    };
    if quoted.contains('\\') {
        // Rare in a number or a time, so this one case may allocate.
        return read(&serde_json::from_str::<String>(text).ok()?, true);
    }
    read(quoted, true)
}

fn iso_unix_ns(text: &str) -> Option<u64> {
    let timestamp = text.parse::<Timestamp>().or_else(|_| {
        let civil: civil::DateTime = text.parse()?;
        civil.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp())
    });
    u64::try_from(timestamp.ok()?.as_nanosecond()).ok()
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

#[cfg(test)]
mod tests;
