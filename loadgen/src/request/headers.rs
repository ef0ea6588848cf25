//! Header lines as a person writes them: `Name: value`, with `${VAR}` read from the environment.
//! It must not know which headers a request has by itself.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What one header line asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeaderLine {
    /// `Name: value`; also `Name;`, whose value is empty.
    Set(String, String),
    /// `Name:` takes away a header that would be sent by itself.
    Remove(String),
}

/// Why a text is no header line. Values are not repeated: they may be secrets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// There is neither a colon nor a closing semicolon.
    #[error(
        "`{0}` is no header: write 'Name: value', 'Name:' to leave one out, or 'Name;' for an empty value"
    )]
    NoColon(String),
    /// The name is not a token (RFC 9110 section 5.6.2).
    #[error("`{0}` is no header name: only letters, digits and !#$%&'*+-.^_`|~ may stand in one")]
    BadName(String),
    /// CR, LF, NUL or another control character would break the request apart.
    #[error(
        "the value of header `{0}` has a line break or another control character in it; take it out"
    )]
    ControlCharacter(String),
    /// `${VAR}` names a variable that is not set.
    #[error(
        "header `{name}` needs the environment variable {variable}, which is not set; export it first"
    )]
    UnsetVariable {
        /// The header.
        name: String,
        /// The variable.
        variable: String,
    },
    /// A header that frames the request and is made by loadgen itself.
    #[error("header `{0}` cannot be given: it is worked out from the body")]
    Framing(String),
}

/// Looks a variable up in the environment.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl HeaderLine {
    /// Reads a line as curl's `-H` takes it.
    pub fn parse(line: &str, environment: &Environment<'_>) -> Result<Self, HeaderError> {
        let Some((name, value)) = line.split_once(':') else {
            let name = line.trim_end().strip_suffix(';');
            let name = name.ok_or_else(|| HeaderError::NoColon(shortened(line)))?;
            return Ok(Self::Set(checked_name(name)?, String::new()));
        };
        let name = checked_name(name)?;
        let value = value.trim_matches([' ', '\t']);
        if value.is_empty() {
            return Ok(Self::Remove(name));
        }
        let value = header_value(&name, value, environment)?;
        Ok(Self::Set(name, value))
    }
}

/// A value for the header `name`, with its variables filled in and free of control characters.
pub fn header_value(
    name: &str,
    value: &str,
    environment: &Environment<'_>,
) -> Result<String, HeaderError> {
    let value = expand(value, environment).map_err(|variable| HeaderError::UnsetVariable {
        name: name.to_owned(),
        variable,
    })?;
    if value.chars().any(|c| c.is_ascii_control() && c != '\t') {
        return Err(HeaderError::ControlCharacter(name.to_owned()));
    }
    Ok(value)
}

fn checked_name(name: &str) -> Result<String, HeaderError> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(HeaderError::BadName(shortened(name)));
    }
    if ["Content-Length", "Transfer-Encoding"]
        .iter()
        .any(|made| made.eq_ignore_ascii_case(name))
    {
        return Err(HeaderError::Framing(name.to_owned()));
    }
    Ok(name.to_owned())
}

/// Fills in every `${NAME}`; any other dollar stands for itself. `Err` is the name of an unset variable.
fn expand(text: &str, environment: &Environment<'_>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let after = &rest[start + 2..];
        let length = after
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(after.len());
        let (name, tail) = after.split_at(length);
        expanded.push_str(&rest[..start]);
        match tail.strip_prefix('}') {
            Some(tail) if !name.is_empty() => {
                expanded.push_str(&environment(name).ok_or_else(|| name.to_owned())?);
                rest = tail;
            }
            _ => {
                expanded.push_str("${");
                rest = after;
            }
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Enough of a text to recognise it by, and nothing that moves a cursor.
fn shortened(text: &str) -> String {
    text.chars().take(30).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "TOKEN" => Some("s3cret".into()),
            "BROKEN" => Some("a\r\nX-Evil: 1".into()),
            _ => None,
        }
    }

    fn parse(line: &str) -> Result<HeaderLine, HeaderError> {
        HeaderLine::parse(line, &environment)
    }

    fn set(name: &str, value: &str) -> Result<HeaderLine, HeaderError> {
        Ok(HeaderLine::Set(name.into(), value.into()))
    }

    #[test]
    fn lines_are_read_as_curl_reads_them() {
        assert_eq!(parse("X-Api: a: b "), set("X-Api", "a: b"));
        assert_eq!(parse("X-Api:a"), set("X-Api", "a"));
        assert_eq!(parse("X-Api;"), set("X-Api", ""));
        assert_eq!(parse("Accept:"), Ok(HeaderLine::Remove("Accept".into())));
        assert_eq!(parse("X-Word: größer\tals"), set("X-Word", "größer\tals"));
    }

    #[test]
    fn variables_come_from_the_environment() {
        assert_eq!(
            parse("Authorization: Bearer ${TOKEN}!"),
            set("Authorization", "Bearer s3cret!")
        );
        assert_eq!(parse("X: ${TOKEN}${TOKEN}"), set("X", "s3crets3cret"));
        assert_eq!(
            parse("X: $TOKEN ${} ${a-b} ${TOKEN"),
            set("X", "$TOKEN ${} ${a-b} ${TOKEN")
        );
        let unset = HeaderError::UnsetVariable {
            name: "X".into(),
            variable: "NOT_THERE".into(),
        };
        assert_eq!(parse("X: ${NOT_THERE}"), Err(unset));
    }

    #[test]
    fn nothing_can_end_the_line_early() {
        for line in [
            "X: a\rb",
            "X: a\nb",
            "X: a\0b",
            "X: \u{1b}[2J",
            "X: ${BROKEN}",
        ] {
            assert_eq!(
                parse(line),
                Err(HeaderError::ControlCharacter("X".into())),
                "{line:?}"
            );
        }
        assert_eq!(parse("X y: a"), Err(HeaderError::BadName("X y".into())));
        assert_eq!(
            parse("X\r\nY: a"),
            Err(HeaderError::BadName("X\\r\\nY".into()))
        );
        assert_eq!(parse(": a"), Err(HeaderError::BadName(String::new())));
        assert_eq!(
            parse("no header"),
            Err(HeaderError::NoColon("no header".into()))
        );
        assert_eq!(
            parse("content-length: 5"),
            Err(HeaderError::Framing("content-length".into()))
        );
    }

    #[test]
    fn messages_do_not_repeat_secrets() {
        for line in [
            "Authorization: Bearer s3cret\n",
            "X: ${BROKEN} s3cret",
            "X: ${NO} s3cret",
        ] {
            assert!(
                !parse(line).unwrap_err().to_string().contains("s3cret"),
                "{line}"
            );
        }
    }
}
