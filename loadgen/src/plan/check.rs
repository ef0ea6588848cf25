//! What a check will do, in words of the field: valid by construction, free of command-line types.
//! It must not know clap or the list of probes; `cli` makes it, and the check chooses its probes by it.

use std::time::Duration;

use run_record::verdict::Word;

use super::{Endpoint, Format, Offer, Output, SequenceSource, StampSource, Target};
use crate::request::Request;

/// One check, ready to start: every name resolved, every file read, every number in range.
#[derive(Clone, Debug)]
pub struct CheckPlan {
    /// The address as asked for; `http` or `https`, without user info and without fragment.
    pub url: url::Url,
    /// Where connections go: every address of the name, in the resolver's order. None of them was asked for anything;
    /// only a check that waits (`--wait`, or a server of its own) has found that each takes connections.
    pub target: Target,
    /// What each probe asks, without `Accept-Encoding`: each probe has its own.
    pub request: Request,
    /// The `Accept-Encoding` the user gave, for the probes that ask as a browser does; empty asks for no coding.
    /// None leaves the choice to the probe.
    pub own_encoding: Option<String>,
    /// Which versions of HTTP are offered (`--http1.0`, `--http1.1`, `--http2`).
    pub http: Offer,
    /// How long a stream is watched (`--for`); above zero.
    pub watch: Duration,
    /// The user gave `--for`: then silence does not make the check go on for longer.
    pub watch_given: bool,
    /// A silence to be sat through (`--idle`), to find limits on idle streams; above zero.
    pub idle: Option<Duration>,
    /// Streams to be held at once (`--streams`), from 2 to 1,000. None is one at a time, and two of a
    /// target-server on this machine.
    pub streams: Option<u16>,
    /// Where the time an event was sent is found.
    pub stamps: StampSource,
    /// Where the number of an event in its sequence is found.
    pub sequence: SequenceSource,
    /// The spacing at which events are due (`--due-every`), where the payload does not say it; above zero.
    pub due_every: Option<Duration>,
    /// How a body is cut into events.
    pub format: Format,
    /// How often a request that is neither GET nor HEAD may be sent (`--repeat`), as it may have effects or cost
    /// money; at least 1. The others are sent as often as there are probes.
    pub repeat: u16,
    /// The verdict demanded.
    pub expect: Expect,
    /// What is shown and written.
    pub output: Output,
}

impl CheckPlan {
    /// How long a stream is watched unless `--for` says.
    pub const DEFAULT_WATCH: Duration = Duration::from_secs(10);

    /// Whether the server is on this machine, whichever of its addresses is used; false before they are known.
    pub fn is_loopback(&self) -> bool {
        let endpoints = &self.target.endpoints;
        !endpoints.is_empty() && endpoints.iter().all(Endpoint::is_loopback)
    }

    /// The same, and reached over TCP.
    pub fn is_loopback_tcp(&self) -> bool {
        let is_tcp = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Tcp(_));
        self.is_loopback() && self.target.endpoints.iter().all(is_tcp)
    }

    /// Whether asking again can do no harm.
    ///
    /// Source: RFC 9110 section 9.2.1: GET and HEAD are safe. Methods are case-sensitive.
    pub fn is_safe(&self) -> bool {
        matches!(&*self.request.method, "GET" | "HEAD")
    }
}

/// The verdict demanded (`--expect`), which the exit code goes by.
///
/// Exit 0: the verdict is the one demanded. Exit 1: it is another, with high confidence. Exit 4: it is another with
/// less, or there is none (INCONCLUSIVE). NO STREAM is exit 3 and INVALID exit 5 whatever was demanded: neither
/// says how a server streams, so neither can be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Each event is handed on as it is written.
    Live,
    /// Held and released in groups.
    Batched,
    /// Nothing until the end of the response.
    Buffered,
    /// Ended or truncated before its time.
    Cut,
    /// Any of these four: only whether it can be told counts.
    Any,
}

impl Expect {
    /// As the command line spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Batched => "batched",
            Self::Buffered => "buffered",
            Self::Cut => "cut",
            Self::Any => "any",
        }
    }

    /// Whether a verdict of this word is the one demanded.
    pub fn is_met_by(self, word: Word) -> bool {
        match self {
            Self::Live => word == Word::Live,
            Self::Batched => word == Word::Batched,
            Self::Buffered => word == Word::Buffered,
            Self::Cut => word == Word::Cut,
            Self::Any => matches!(
                word,
                Word::Live | Word::Batched | Word::Buffered | Word::Cut
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_about_a_stream_can_meet_a_demand() {
        let words = [Word::Live, Word::Batched, Word::Buffered, Word::Cut];
        let single = [Expect::Live, Expect::Batched, Expect::Buffered, Expect::Cut];
        for (i, expect) in single.into_iter().enumerate() {
            for (j, word) in words.into_iter().enumerate() {
                assert_eq!(expect.is_met_by(word), i == j, "{expect:?} {word:?}");
                assert!(Expect::Any.is_met_by(word));
            }
        }
        for word in [Word::Inconclusive, Word::NoStream, Word::Invalid] {
            for expect in single.into_iter().chain([Expect::Any]) {
                assert!(!expect.is_met_by(word), "{expect:?} {word:?}");
            }
        }
    }
}
