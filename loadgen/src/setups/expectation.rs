//! The file `expect` of a setup: what to ask it for, and what must come out.
//! Pure; it must not know where the file lies. Its keys are documented in `scripts/setups/README.md`.

use std::ops::RangeInclusive;
use std::str::FromStr;

use thiserror::Error;

use super::demand::{Demand, DemandError};
use crate::plan::Format;

/// What a setup says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// One line for people.
    pub about: String,
    /// Commands without which it cannot start, and files, with a `/`, seen from its directory; may be empty.
    pub needs: Vec<String>,
    /// The setup in front of which it stands.
    pub origin: Option<String>,
    /// Where it listens.
    pub listen: Listen,
    /// Path and query of the stream; begins with `/`.
    pub path: String,
    /// How its body is cut into events.
    pub format: Format,
    /// Streams to be held at once, from 2 to 1,000; absent leaves that to the check.
    pub streams: Option<u16>,
    /// The verdict that must come out.
    pub demand: Demand,
    /// Codes of the findings that must come with it; may be empty.
    pub findings: Vec<String>,
}

/// Where a setup listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// On a port of 127.0.0.1 that it is told.
    Tcp,
    /// On the socket `http.sock` in its private directory.
    Unix,
}

/// Why a file says nothing that can be used. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExpectationError {
    /// A key that does not exist.
    #[error("line {line}: unknown key `{key}`; expected one of {}", KEYS.join(", "))]
    UnknownKey {
        /// The line.
        line: usize,
        /// The key.
        key: String,
    },
    /// A key for the second time.
    #[error("line {line}: `{key}` stands there already; write it once")]
    Twice {
        /// The line of the second.
        line: usize,
        /// The key.
        key: String,
    },
    /// A key alone.
    #[error("line {line}: `{key}` has no value; write it after the key")]
    NoValue {
        /// The line.
        line: usize,
        /// The key.
        key: String,
    },
    /// A value that means nothing there.
    #[error("line {line}: `{key} {value}`: {expected}")]
    Value {
        /// The line.
        line: usize,
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// What is expected.
        expected: String,
    },
    /// A key without which nothing can be asked.
    #[error("no line `{key}`; add it")]
    Missing {
        /// The key.
        key: &'static str,
    },
}

const KEYS: [&str; 9] = [
    "about", "needs", "origin", "listen", "path", "format", "streams", "expect", "finding",
];

const STREAMS: RangeInclusive<u16> = 2..=1000;

impl FromStr for Expectation {
    type Err = ExpectationError;

    fn from_str(text: &str) -> Result<Self, ExpectationError> {
        let lines = Lines::read(text)?;
        let parsed = Self {
            about: lines.required("about", |value| Ok(value.to_owned()))?,
            needs: lines.optional("needs", words)?.unwrap_or_default(),
            origin: lines.optional("origin", |value| Ok(value.to_owned()))?,
            listen: lines.optional("listen", listen)?.unwrap_or(Listen::Tcp),
            path: lines.required("path", path)?,
            format: lines.optional("format", format)?.unwrap_or(Format::Auto),
            streams: lines.optional("streams", streams)?,
            demand: lines.required("expect", |value| {
                value
                    .parse()
                    .map_err(|error: DemandError| error.to_string())
            })?,
            findings: lines.optional("finding", words)?.unwrap_or_default(),
        };
        Ok(parsed)
    }
}

/// Keys and values with their lines; each key is known and there once, no value is empty.
struct Lines<'a>(Vec<(usize, &'a str, &'a str)>);

impl<'a> Lines<'a> {
    fn read(text: &'a str) -> Result<Self, ExpectationError> {
        let mut lines: Vec<(usize, &str, &str)> = Vec::new();
        for (index, text) in text.lines().enumerate() {
            let (line, text) = (index + 1, text.trim());
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (key, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            let (name, value) = (key.to_owned(), value.trim());
            if !KEYS.contains(&key) {
                return Err(ExpectationError::UnknownKey { line, key: name });
            }
            if lines.iter().any(|(_, seen, _)| *seen == key) {
                return Err(ExpectationError::Twice { line, key: name });
            }
            if value.is_empty() {
                return Err(ExpectationError::NoValue { line, key: name });
            }
            lines.push((line, key, value));
        }
        Ok(Self(lines))
    }

    fn required<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ExpectationError> {
        let value = self.optional(key, parse)?;
        value.ok_or(ExpectationError::Missing { key })
    }

    /// `parse` fails with what it expects.
    fn optional<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ExpectationError> {
        let found = self.0.iter().find(|(_, found, _)| *found == key);
        let Some((line, _, value)) = found else {
            return Ok(None);
        };
        let error = |expected| ExpectationError::Value {
            line: *line,
            key,
            value: (*value).to_owned(),
            expected,
        };
        parse(value).map(Some).map_err(error)
    }
}

fn words(value: &str) -> Result<Vec<String>, String> {
    Ok(value.split_whitespace().map(str::to_owned).collect())
}

fn listen(value: &str) -> Result<Listen, String> {
    match value {
        "tcp" => Ok(Listen::Tcp),
        "unix" => Ok(Listen::Unix),
        _ => Err("tcp or unix is expected".to_owned()),
    }
}

fn path(value: &str) -> Result<String, String> {
    let is_path = value.starts_with('/') && !value.contains(char::is_whitespace);
    let expected = || "a path that begins with / is expected".to_owned();
    is_path.then(|| value.to_owned()).ok_or_else(expected)
}

fn format(value: &str) -> Result<Format, String> {
    match value {
        "sse" => Ok(Format::Sse),
        "lines" => Ok(Format::Lines),
        "bytes" => Ok(Format::Bytes),
        _ => Err("sse, lines or bytes is expected".to_owned()),
    }
}

fn streams(value: &str) -> Result<u16, String> {
    let number = value.parse().ok().filter(|number| STREAMS.contains(number));
    number.ok_or_else(|| {
        format!(
            "a number from {} to {} is expected",
            STREAMS.start(),
            STREAMS.end()
        )
    })
}

#[cfg(test)]
mod tests {
    use run_record::verdict::Word;

    use super::*;

    fn error(text: &str) -> String {
        text.parse::<Expectation>().unwrap_err().to_string()
    }

    #[test]
    fn every_key_is_read() {
        let text = "# a comment\n\nabout Plain lines, one by one\nneeds nginx  openssl\norigin node-http\n\
                    listen unix\npath /lines?a=1#2\nformat lines\nstreams 10\n  expect\tlive\nfinding streams.limit\n";
        let read: Expectation = text.parse().unwrap();
        assert_eq!(read.about, "Plain lines, one by one");
        assert_eq!(read.needs, ["nginx", "openssl"]);
        assert_eq!(read.origin.as_deref(), Some("node-http"));
        assert_eq!((read.listen, read.format), (Listen::Unix, Format::Lines));
        assert_eq!((&*read.path, read.streams), ("/lines?a=1#2", Some(10)));
        assert_eq!(read.demand.word, Word::Live);
        assert_eq!(read.findings, ["streams.limit"]);
    }

    #[test]
    fn what_is_not_said_takes_its_default() {
        let read: Expectation = "about x\npath /\nexpect cut\n".parse().unwrap();
        assert_eq!((read.listen, read.format), (Listen::Tcp, Format::Auto));
        assert_eq!((read.origin, read.streams), (None, None));
        assert!(read.needs.is_empty() && read.findings.is_empty());
    }

    #[test]
    fn a_fault_is_named_with_its_line_and_what_to_do() {
        insta::assert_snapshot!(
            [
                "about x\n\ncolour red",
                "path /\nabout x\npath /b",
                "about x\nlisten udp",
                "about",
                "about x\npath prices",
                "about x\npath /\nformat xml",
                "about x\npath /\nstreams 1",
                "about x\npath /\nexpect batched time 2",
                "about x\nexpect live",
            ]
            .map(error)
            .join("\n")
        );
    }
}
