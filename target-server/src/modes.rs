//! Misbehaviour on request: each mode turns the frames of a source into actions on one response.
//! A mode reads no clock and touches no socket; time comes in, actions go out. What each of them does, and the verdict
//! that it must get, stands in README.md.

pub(crate) mod action;
mod comments_only;
mod content_length;
mod cork;
mod cut_after;
mod cut_idle;
mod delay;
mod duplicate;
mod empty;
mod gzip;
mod held;
mod hold_all;
mod hold_size;
mod hold_time;
mod lag_one;
mod late_first;
mod late_head;
mod lose;
mod reorder;
#[cfg(test)]
mod script;
mod stall;
mod status;
mod truncate;
mod wrong_type;

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::sync::Arc;

use crate::clock::Nanos;
use crate::connection::Client;
use crate::frame::Frame;
use crate::values::Reading;
use action::Actions;

/// How one response misbehaves.
pub(crate) trait Mode: Send + fmt::Debug {
    /// What the head says.
    fn response(&self) -> Response {
        Response::default()
    }

    /// Whether the kernel is to hold back what does not fill a segment.
    fn wants_cork(&self) -> bool {
        false
    }

    /// The request was read.
    fn open(&mut self, _now: Nanos, actions: &mut Actions) {
        actions.head();
    }

    /// The source has sent a frame.
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions);

    /// When to call `wake`, if ever; asked again after each other call.
    fn wake_at(&self) -> Option<Nanos> {
        None
    }

    /// The time asked for has come.
    fn wake(&mut self, _now: Nanos, _actions: &mut Actions) {}

    /// No frame will follow: the count is reached, the source has finished, or the server stops.
    fn end(&mut self, _now: Nanos, actions: &mut Actions) {
        actions.end();
    }
}

/// What a response's head says, apart from framing and names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// The status code.
    pub status: u16,
    /// The media type.
    pub content_type: &'static str,
    /// The content coding.
    pub content_encoding: Option<&'static str>,
}

impl Default for Response {
    /// An event stream as it should be.
    fn default() -> Self {
        Self {
            status: 200,
            content_type: "text/event-stream",
            content_encoding: None,
        }
    }
}

/// One mode that can be asked for.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its name, as in `mode=NAME` or `mode=NAME:VALUE`.
    pub name: &'static str,
    /// Its value in words; absent if it takes none.
    pub(crate) value: Option<&'static str>,
    /// What the rest of the request must be like.
    pub needs: Needs,
    /// Reads the value, and says how to make the mode for a subscriber.
    pub prepare: fn(&str) -> Reading<Factory>,
}

/// Makes a mode for one subscriber.
pub(crate) type Factory = Arc<dyn Fn() -> Box<dyn Mode> + Send + Sync>;

/// A factory for `Entry::prepare`.
pub(crate) fn factory<M: Mode + 'static>(make: impl Fn() -> M + Send + Sync + 'static) -> Factory {
    Arc::new(move || Box::new(make()))
}

/// What a mode needs of the request it comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    Nothing,
    /// An end that is known beforehand.
    Count,
    /// A TCP connection.
    Tcp,
    /// A client that takes gzip; for others there is no misbehaviour, as with a server that compresses.
    Gzip,
}

/// All modes, in the order of README.md.
pub(crate) const CATALOGUE: &[Entry] = &[
    hold_all::ENTRY,
    content_length::ENTRY,
    hold_size::ENTRY,
    hold_time::ENTRY,
    lag_one::ENTRY,
    late_head::ENTRY,
    late_first::ENTRY,
    delay::ENTRY,
    cork::ENTRY,
    gzip::FLUSHED,
    gzip::UNFLUSHED,
    stall::ENTRY,
    cut_after::ENTRY,
    cut_idle::ENTRY,
    truncate::ENTRY,
    wrong_type::ENTRY,
    status::ENTRY,
    empty::ENTRY,
    comments_only::ENTRY,
    lose::ENTRY,
    duplicate::ENTRY,
    reorder::ENTRY,
];

/// A mode with its value, ready to be made for any number of subscribers.
#[derive(Clone)]
pub(crate) struct ModeSpec {
    text: String,
    needs: Needs,
    factory: Factory,
}

/// The text names no mode, or gives it a value that it does not take.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnknownMode {
    /// There is no mode of this name.
    #[error("unknown mode {given}; known: {}", known())]
    Name {
        /// The name given.
        given: String,
    },
    /// The value is not what this mode takes.
    #[error("mode={given}: expected {expected}")]
    Value {
        /// Name and value as given.
        given: String,
        /// What it takes.
        expected: String,
    },
}

fn known() -> String {
    CATALOGUE
        .iter()
        .map(Entry::form)
        .collect::<Vec<_>>()
        .join(", ")
}

impl Entry {
    /// Its name with its value in words, as it is asked for.
    fn form(&self) -> String {
        match self.value {
            Some(value) => format!("{}:{value}", self.name),
            None => self.name.to_owned(),
        }
    }
}

impl FromStr for ModeSpec {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        let (name, value) = text
            .split_once(':')
            .map_or((text, None), |(name, value)| (name, Some(value)));
        let entry = CATALOGUE
            .iter()
            .find(|entry| entry.name == name)
            .ok_or_else(|| UnknownMode::Name {
                given: name.to_owned(),
            })?;
        let wrong = |expected: &str| UnknownMode::Value {
            given: text.to_owned(),
            expected: expected.to_owned(),
        };
        let factory = match (value, entry.value) {
            (None, Some(_)) => return Err(wrong(&entry.form())),
            (Some(_), None) => return Err(wrong(&format!("{name} without a value"))),
            (value, _) => {
                (entry.prepare)(value.unwrap_or_default()).map_err(|expected| wrong(&expected))?
            }
        };
        Ok(Self {
            text: text.to_owned(),
            needs: entry.needs,
            factory,
        })
    }
}

impl ModeSpec {
    /// What keeps this mode from being used in a request, if anything.
    pub(crate) fn problem_with(
        &self,
        count: Option<NonZeroU64>,
        client: &Client,
    ) -> Option<&'static str> {
        match self.needs {
            Needs::Count if count.is_none() => {
                Some("needs count=N: without an end there is no length to tell")
            }
            Needs::Tcp if client.unix => Some("needs TCP: a Unix socket has no cork"),
            _ => None,
        }
    }

    /// The mode for one subscriber; nothing if it makes no difference to this one.
    pub(crate) fn build(&self, client: &Client) -> Option<Box<dyn Mode>> {
        if self.needs == Needs::Gzip && !client.gzip {
            None
        } else {
            Some((self.factory)())
        }
    }
}

impl fmt::Display for ModeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ModeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModeSpec({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The rows of the table of modes: name with value, and the other cells.
    fn documented() -> Vec<(String, Vec<String>)> {
        let (_, table) = include_str!("../README.md")
            .split_once("\n## Modes\n")
            .unwrap();
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| {
            let mut cells = row
                .trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().to_owned());
            let form = cells.next().unwrap().trim_matches('`').to_owned();
            (form, cells.collect())
        })
        .collect()
    }

    #[test]
    fn every_mode_has_its_row_and_every_row_its_mode() {
        let forms: BTreeSet<String> = documented().into_iter().map(|(form, _)| form).collect();
        assert_eq!(forms, CATALOGUE.iter().map(Entry::form).collect());
        assert_eq!(forms.len(), CATALOGUE.len());
    }

    #[test]
    fn every_row_names_a_verdict_for_both_observers() {
        const VERDICTS: [&str; 7] = [
            "LIVE",
            "BATCHED",
            "BUFFERED",
            "CUT",
            "NO STREAM",
            "INCONCLUSIVE",
            "none demanded",
        ];
        for (form, cells) in documented() {
            assert_eq!(cells.len(), 4, "{form}");
            for verdict in &cells[2..] {
                let is_known = VERDICTS.iter().any(|word| verdict.starts_with(word))
                    || verdict.starts_with("the same");
                assert!(is_known, "{form}: {verdict}");
            }
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = "hold".parse::<ModeSpec>().unwrap_err().to_string();
        assert!(
            message.starts_with(
                "unknown mode hold; known: hold-all, content-length, hold-size:BYTES, "
            ),
            "{message}"
        );
    }

    #[test]
    fn a_wrong_value_says_what_is_right() {
        let message = |text: &str| text.parse::<ModeSpec>().unwrap_err().to_string();
        assert_eq!(
            message("hold-size"),
            "mode=hold-size: expected hold-size:BYTES"
        );
        assert_eq!(
            message("hold-size:0"),
            "mode=hold-size:0: expected a whole number from 1 to 16777216"
        );
        assert_eq!(
            message("hold-all:3"),
            "mode=hold-all:3: expected hold-all without a value"
        );
        assert!(message("stall:2s").contains("TIME@EVENT"));
    }

    #[test]
    fn what_a_mode_needs_is_checked_against_the_request() {
        let mode = |text: &str| text.parse::<ModeSpec>().unwrap();
        let tcp = Client::default();
        let unix = Client { unix: true, ..tcp };
        assert!(mode("content-length").problem_with(None, &tcp).is_some());
        assert!(
            mode("content-length")
                .problem_with(NonZeroU64::new(3), &tcp)
                .is_none()
        );
        assert!(mode("cork").problem_with(None, &unix).is_some());
        assert!(mode("cork").problem_with(None, &tcp).is_none());
        assert!(mode("gzip").build(&tcp).is_none());
        assert!(mode("gzip").build(&Client { gzip: true, ..tcp }).is_some());
    }
}
