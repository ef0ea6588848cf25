//! What stands in braces: `{name}` for a value, `{{name}}` for the text `{name}`; every other brace is itself.
//!
//! JSON and GraphQL are full of braces, so a name must be that of a column, or look like one: letters, digits, `_` and
//! `-`. It must not know where the values come from.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// As it stands.
    Text(&'a [u8]),
    /// A name in braces that is a column, or looks like one.
    Name(&'a str),
}

/// Cuts a text; `is_column` says which other names are columns.
pub(super) fn pieces<'a>(text: &'a [u8], is_column: &dyn Fn(&str) -> bool) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(b'{', &text[at..]) {
        let open = at + found;
        let (piece, length) = match braced(&text[open..], is_column) {
            Some(found) => found,
            None => {
                at = open + 1;
                continue;
            }
        };
        pieces.push(Piece::Text(&text[from..open]));
        pieces.push(piece);
        at = open + length;
        from = at;
    }
    pieces.push(Piece::Text(&text[from..]));
    pieces
}

/// What a text that begins with a brace begins with, and how long that is; nothing where the brace is itself.
fn braced<'a>(text: &'a [u8], is_column: &dyn Fn(&str) -> bool) -> Option<(Piece<'a>, usize)> {
    let twice = text.starts_with(b"{{");
    let inner = if twice { &text[2..] } else { &text[1..] };
    let length = inner.iter().position(|byte| matches!(byte, b'{' | b'}'))?;
    let name = str::from_utf8(&inner[..length]).ok()?;
    if !(is_column(name) || looks_like_one(name)) {
        return None;
    }
    let behind = &inner[length..];
    match twice {
        true if behind.starts_with(b"}}") => Some((Piece::Text(&text[1..length + 3]), length + 4)),
        false if behind.starts_with(b"}") => Some((Piece::Name(name), length + 2)),
        _ => None,
    }
}

/// Whether a name is one that people give to columns.
pub(super) fn looks_like_one(name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    name.chars().all(word)
        && name
            .chars()
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text with its names in brackets.
    fn cut(text: &str) -> String {
        let pieces = pieces(text.as_bytes(), &|name| name == "first name");
        let shown = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Piece::Name(name) => format!("[{name}]"),
        });
        shown.collect()
    }

    #[test]
    fn names_stand_for_values_and_other_braces_for_themselves() {
        for (text, cut_into) in [
            ("", ""),
            ("Bearer {token}", "Bearer [token]"),
            ("{a}{b-c}{_1}", "[a][b-c][_1]"),
            ("{first name} {last name}", "[first name] {last name}"),
            ("{{token}}", "{token}"),
            ("{{first name}}", "{first name}"),
            (r#"{"a":{"b":1}}"#, r#"{"a":{"b":1}}"#),
            (r#"{"user":"{id}"}"#, r#"{"user":"[id]"}"#),
            (r#"{"user":{id}}"#, r#"{"user":[id]}"#),
            ("query{user{{{id}}}}", "query{user{{id}}}"),
            ("{}{1}{ a }{a", "{}{1}{ a }{a"),
            ("{{a}", "{[a]"),
        ] {
            assert_eq!(cut(text), cut_into, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_names_is_itself(text in "[ \"{}:,0-9]{0,30}") {
            prop_assert_eq!(cut(&text), text);
        }
    }
}
