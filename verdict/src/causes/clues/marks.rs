//! The marks that programs leave in a response head. None decides; they choose between causes that fit the arrivals.
//!
//! Source: causes 2.1 and 2.2.

use super::Clues;
use crate::observations::{Head, Version};

impl Clues<'_> {
    /// The value of a header.
    pub(in crate::causes) fn header(&self, name: &str) -> Option<&str> {
        self.head.and_then(|head| head.header(name))
    }

    /// Whether a header is there and contains this text, whatever the case.
    pub(in crate::causes) fn mentions(&self, header: &str, text: &str) -> bool {
        self.header(header)
            .is_some_and(|value| value.to_ascii_lowercase().contains(text))
    }

    /// Whether `Server` names this program.
    pub(in crate::causes) fn is_signed_by(&self, program: &str) -> bool {
        self.mentions("server", program)
    }

    /// The version that `Server` gives of a program: `[1, 22, 1]` of `nginx/1.22.1`.
    pub(in crate::causes) fn version_of(&self, program: &str) -> Option<[u32; 3]> {
        let value = self.header("server")?.to_ascii_lowercase();
        let (_, rest) = value.split_once(program)?;
        let digits = rest.strip_prefix('/')?;
        let mut parts = digits
            .split(|c: char| !c.is_ascii_digit())
            .map(|part| part.parse().ok());
        Some([
            parts.next()??,
            parts.next()??,
            parts.next().flatten().unwrap_or(0),
        ])
    }

    /// Whether the body came in chunks.
    pub(in crate::causes) fn is_chunked(&self) -> bool {
        self.head.is_some_and(Head::is_chunked)
    }

    /// Whether a content coding is on the body.
    pub(in crate::causes) fn is_coded(&self) -> bool {
        self.head
            .is_some_and(|head| head.content_coding().is_some())
    }

    /// Which version of HTTP answered.
    pub(in crate::causes) fn version(&self) -> Version {
        self.head.map(|head| head.version).unwrap_or_default()
    }

    /// `X-Runtime` in seconds: how long the Rack stack had the request.
    pub(in crate::causes) fn runtime(&self) -> Option<f64> {
        self.header("x-runtime")?.parse().ok()
    }

    /// Whether `X-Runtime` is as long as the response: the Rack stack itself held it.
    pub(in crate::causes) fn runtime_is_whole_response(&self) -> bool {
        self.runtime()
            .is_some_and(|runtime| runtime > 0.8 * self.seconds)
    }

    /// Whether `X-Runtime` is short and the response long: held below the Rack stack.
    pub(in crate::causes) fn runtime_is_short(&self) -> bool {
        self.runtime()
            .is_some_and(|runtime| runtime < 0.5 * self.seconds)
    }

    /// Headers that Rails or Rack set.
    pub(in crate::causes) fn has_ruby_marks(&self) -> bool {
        self.runtime().is_some()
            || self.mentions("x-powered-by", "phusion")
            || self.header("x-permitted-cross-domain-policies").is_some()
    }

    /// Headers that Django's SecurityMiddleware sets by default.
    pub(in crate::causes) fn has_django_marks(&self) -> bool {
        self.mentions("cross-origin-opener-policy", "same-origin")
            && self.mentions("referrer-policy", "same-origin")
    }

    /// The Python server that signs, if one does.
    pub(in crate::causes) fn python_server(&self) -> Option<&'static str> {
        [
            "uvicorn",
            "daphne",
            "hypercorn",
            "gunicorn",
            "waitress",
            "wsgiserver",
            "werkzeug",
        ]
        .into_iter()
        .find(|name| self.is_signed_by(name))
    }

    /// What Debian's PHP leaves, which says nothing else of itself: a charset behind `text/event-stream`, or
    /// its name where `expose_php` is on. Tomcat and Flask leave the charset too (causes 2.2).
    pub(in crate::causes) fn php_mark(&self) -> Option<&'static str> {
        if self.mentions("x-powered-by", "php") {
            Some("X-Powered-By: PHP")
        } else if self.has_charset() {
            Some("a charset behind the content type, as PHP adds it")
        } else {
            None
        }
    }

    /// Whether a charset stands behind the content type without a space: PHP and Tomcat write it so.
    pub(in crate::causes) fn has_charset(&self) -> bool {
        self.mentions("content-type", ";charset=utf-8")
    }

    /// A weak ETag that is not nginx's or Express's: somebody hashed the whole body (Rack 2.2).
    pub(in crate::causes) fn has_weak_etag(&self) -> bool {
        let is_weak = self
            .header("etag")
            .is_some_and(|value| value.starts_with("W/"));
        // nginx weakens the ETag of what it compresses, Express computes weak ones.
        is_weak && !self.is_coded() && !self.mentions("x-powered-by", "express")
    }

    /// Whether every header name is in lower case over HTTP/1.1, as HAProxy writes them.
    pub(in crate::causes) fn has_lower_case_names(&self) -> bool {
        let Some(head) = self.head.filter(|head| head.version != Version::Http2) else {
            return false;
        };
        let mut names = head.headers.iter().map(|(name, _)| name).peekable();
        names.peek().is_some() && names.all(|name| !name.contains(|c: char| c.is_ascii_uppercase()))
    }

    /// Whether a compressor said that its response varies.
    pub(in crate::causes) fn varies(&self) -> bool {
        self.mentions("vary", "accept-encoding")
    }

    /// Marks of a proxy or a network of proxies.
    pub(in crate::causes) fn has_proxy_marks(&self) -> bool {
        [
            "via",
            "x-varnish",
            "x-cache",
            "cf-ray",
            "x-amz-cf-id",
            "x-served-by",
        ]
        .iter()
        .any(|name| self.header(name).is_some())
            || [
                "nginx",
                "openresty",
                "haproxy",
                "envoy",
                "caddy",
                "ats",
                "lighttpd",
                "apache",
                "traefik",
                "cloudflare",
                "h2o",
                "kong",
                "apisix",
                "nghttpx",
            ]
            .iter()
            .any(|program| self.is_signed_by(program))
    }

    /// Whether nobody signs: no `Server`, no `Via`, no `X-` header at all.
    pub(in crate::causes) fn is_anonymous(&self) -> bool {
        let is_mark = |name: &str| {
            let name = name.to_ascii_lowercase();
            name == "server" || name == "via" || name.starts_with("x-")
        };
        self.head
            .is_none_or(|head| !head.headers.iter().any(|(name, _)| is_mark(name)))
    }
}
