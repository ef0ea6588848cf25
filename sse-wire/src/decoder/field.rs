//! One whole line to one field. Knows no buffer and no block.

use memchr::memchr;

/// What a non-empty line says. Values are raw, without one leading space.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Data(&'a [u8]),
    Event(&'a [u8]),
    Id(&'a [u8]),
    Retry(u64),
    Comment(&'a [u8]),
    /// An unknown field, an id with NUL, or a retry that is no number: to be ignored.
    Ignored,
}

impl<'a> Field<'a> {
    /// Reads a line without its line end.
    ///
    /// The name is compared, not searched for: only five beginnings mean anything.
    /// Source: WHATWG HTML 9.2.6, "process the field".
    #[inline]
    pub(super) fn parse(line: &'a [u8]) -> Self {
        if let Some(value) = value_of(line, b"data") {
            Self::Data(value)
        } else if let Some(value) = value_of(line, b"event") {
            Self::Event(value)
        } else if let Some(value) = value_of(line, b"id") {
            if memchr(0, value).is_some() {
                Self::Ignored
            } else {
                Self::Id(value)
            }
        } else if let Some(text) = value_of(line, b"") {
            Self::Comment(text)
        } else if let Some(value) = value_of(line, b"retry") {
            milliseconds(value).map_or(Self::Ignored, Self::Retry)
        } else {
            Self::Ignored
        }
    }
}

/// The value if the line's field name is exactly `name`; no colon means an empty value.
#[inline]
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        [] => Some(&[]),
        _ => None,
    }
}

/// ASCII digits as a number that saturates; `None` for anything else.
///
/// Not `str::parse`, which takes "+5" and refuses what is too large. An empty
/// value is no number either, as in OkHttp and eventsource-parser (Chromium
/// returns to its default instead; the rules leave it open).
fn milliseconds(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0u64, |ms, byte| {
        byte.is_ascii_digit()
            .then(|| ms.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exact_name_is_known() {
        assert_eq!(Field::parse(b"data: x"), Field::Data(b"x"));
        assert_eq!(Field::parse(b"data:  x"), Field::Data(b" x"));
        assert_eq!(Field::parse(b"data"), Field::Data(b""));
        assert_eq!(Field::parse(b"data : x"), Field::Ignored);
        assert_eq!(Field::parse(b"dataset: x"), Field::Ignored);
        assert_eq!(Field::parse(b" data: x"), Field::Ignored);
        assert_eq!(Field::parse(b"Event: x"), Field::Ignored);
    }

    #[test]
    fn retry_takes_digits_and_saturates() {
        assert_eq!(Field::parse(b"retry: 007"), Field::Retry(7));
        assert_eq!(
            Field::parse(b"retry:18446744073709551615"),
            Field::Retry(u64::MAX)
        );
        assert_eq!(
            Field::parse(b"retry:18446744073709551616"),
            Field::Retry(u64::MAX)
        );
        for bad in [
            &b"retry:+5"[..],
            b"retry:-5",
            b"retry:5 ",
            b"retry:",
            b"retry",
            b"retry:1e3",
        ] {
            assert_eq!(Field::parse(bad), Field::Ignored, "{bad:?}");
        }
    }

    #[test]
    fn an_id_with_nul_is_ignored() {
        assert_eq!(Field::parse(b"id: a\0b"), Field::Ignored);
        assert_eq!(Field::parse(b"id"), Field::Id(b""));
    }
}
