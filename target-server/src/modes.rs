//! Misbehaviour on request: each mode turns the frames of a source into actions on one response.
//! A mode reads no clock and touches no socket; time comes in, actions go out. What each of them does, and the verdict
//! that it must get, stands in README.md.

pub(crate) mod action;

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::sync::Arc;

use crate::clock::Nanos;
use crate::frame::Frame;
use crate::request::Client;
use crate::request::params::Reading;
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
    pub value: Option<&'static str>,
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
pub(crate) const CATALOGUE: &[Entry] = &[];

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
    let forms = CATALOGUE.iter().map(|entry| match entry.value {
        Some(value) => format!("{}:{value}", entry.name),
        None => entry.name.to_owned(),
    });
    forms.collect::<Vec<_>>().join(", ")
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
            (None, Some(form)) => return Err(wrong(&format!("{name}:{form}"))),
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
