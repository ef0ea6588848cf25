//! The facts that choose between causes: the shape of the hold, the chunks, the
//! marks of components in the head. Arrivals decide; headers only choose between
//! causes that fit the arrivals.

use crate::chunks::Chunks;
use crate::conclusion::Conclusion;
use crate::observations::Head;
use crate::signature::{Amount, Behind, Grouped, Rule, Signature, Whole};
use crate::timeline::Role;

/// What the tests of entries may look at.
pub(super) struct Clues<'c> {
    /// How events were held.
    pub shape: Shape<'c>,
    /// The response head.
    pub head: &'c Head,
    /// How the chunks compare with the events.
    pub chunks: Chunks,
    /// Duration of the response or of the watch, in seconds.
    pub seconds: f64,
    /// Whether the events carry send times.
    pub has_stamps: bool,
}

/// How events were held.
pub(super) enum Shape<'c> {
    /// To the end of the response.
    Whole(&'c Whole),
    /// Released by size.
    Size(&'c Grouped),
    /// Released by time.
    Time(&'c Grouped),
    /// Released by size or time, not separated or both.
    Either(&'c Grouped),
    /// Released, in no regular way.
    Irregular(&'c Grouped),
    /// One event behind.
    Behind(&'c Behind),
    /// Late with Accept-Encoding, live without.
    Compressor,
    /// Not a byte, although the server made events.
    Silence,
}

impl<'c> Clues<'c> {
    /// The clues behind a conclusion; absent where nothing was held or no head came.
    pub(super) fn of(conclusion: &'c Conclusion) -> Option<Self> {
        let timeline = &conclusion.shown().timeline;
        let shape = match &conclusion.delivery.signature {
            _ if conclusion.delivery.is_compressor => Shape::Compressor,
            Signature::Whole(whole) => Shape::Whole(whole),
            Signature::Behind(behind) => Shape::Behind(behind),
            Signature::Silence(_) => Shape::Silence,
            Signature::Grouped(grouped) => match grouped.rule {
                Rule::Size => Shape::Size(grouped),
                Rule::Time => Shape::Time(grouped),
                Rule::Either => Shape::Either(grouped),
                Rule::Irregular => Shape::Irregular(grouped),
            },
            _ => return None,
        };
        Some(Self {
            shape,
            head: timeline.probe.head.as_ref()?,
            chunks: Chunks::of(timeline),
            seconds: timeline.end / 1e3,
            has_stamps: timeline.role != Role::Foreign,
        })
    }

    /// The hold to the end, if that is what it is.
    pub(super) fn whole(&self) -> Option<&Whole> {
        if let Shape::Whole(whole) = self.shape {
            Some(whole)
        } else {
            None
        }
    }

    /// The bytes of a release, if they may be what triggers it.
    pub(super) fn size(&self) -> Option<&Amount> {
        match self.shape {
            Shape::Size(grouped) | Shape::Either(grouped) => Some(&grouped.bytes),
            _ => None,
        }
    }

    /// The time that may be what triggers a release.
    pub(super) fn time(&self) -> Option<&Grouped> {
        match self.shape {
            Shape::Time(grouped) | Shape::Either(grouped) => Some(grouped),
            _ => None,
        }
    }

    /// Whether a compressor was shown to hold.
    pub(super) fn is_compressor(&self) -> bool {
        matches!(self.shape, Shape::Compressor)
    }

    /// Whether a header is there and contains this text, whatever the case.
    pub(super) fn mentions(&self, header: &str, text: &str) -> bool {
        self.head
            .header(header)
            .is_some_and(|value| value.to_ascii_lowercase().contains(text))
    }

    /// Whether `Server` names this program.
    pub(super) fn is_signed_by(&self, program: &str) -> bool {
        self.mentions("server", program)
    }

    /// `X-Runtime` in seconds: how long the Rack stack had the request.
    pub(super) fn runtime(&self) -> Option<f64> {
        self.head.header("x-runtime")?.parse().ok()
    }

    /// Whether `X-Runtime` is as long as the response: the Rack stack itself held it.
    pub(super) fn runtime_is_whole_response(&self) -> bool {
        self.runtime()
            .is_some_and(|runtime| runtime > 0.8 * self.seconds)
    }

    /// Whether `X-Runtime` is short and the response long: held below the Rack stack.
    pub(super) fn runtime_is_short(&self) -> bool {
        self.runtime()
            .is_some_and(|runtime| runtime < 0.5 * self.seconds)
    }

    /// Headers that Rails or Rack set.
    pub(super) fn has_ruby_marks(&self) -> bool {
        self.runtime().is_some() || self.mentions("x-powered-by", "phusion")
    }

    /// A weak ETag: somebody hashed the whole body (Rack 2.2).
    pub(super) fn has_weak_etag(&self) -> bool {
        self.head
            .header("etag")
            .is_some_and(|value| value.starts_with("W/"))
    }

    /// Whether every header name is in lower case over HTTP/1.1, as HAProxy writes them.
    pub(super) fn has_lower_case_names(&self) -> bool {
        let mut names = self.head.headers.iter().map(|(name, _)| name).peekable();
        names.peek().is_some() && names.all(|name| !name.contains(|c: char| c.is_ascii_uppercase()))
    }

    /// Marks of a proxy other than these programs' own.
    pub(super) fn has_proxy_marks(&self) -> bool {
        ["via", "x-varnish", "x-cache", "cf-ray"]
            .iter()
            .any(|name| self.head.header(name).is_some())
            || ["nginx", "haproxy", "envoy", "caddy", "ats", "lighttpd"]
                .iter()
                .any(|p| self.is_signed_by(p))
    }
}
