//! From what was asked for to the request that is sent: default headers, credentials, body.
//! It must not know the options that asked for it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{HeaderLine, HttpVersion, Request};

/// What a person asked to be sent; everything not said takes its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The method, if it is not to follow from the body.
    pub method: Option<String>,
    /// Header lines, in order; they win over every default.
    pub headers: Vec<HeaderLine>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
    /// The `Cookie` header.
    pub cookie: Option<String>,
    /// User name and password for Basic authentication.
    pub credentials: Option<(String, String)>,
    /// The `User-Agent`; empty for none.
    pub user_agent: Option<String>,
    /// Offer every content coding that can be decoded.
    pub compressed: bool,
    /// The version of HTTP/1.
    pub version: HttpVersion,
}

/// The codings offered by `--compressed`: those that [`crate::coding`] decodes.
const ACCEPTED_CODINGS: &str = "gzip, deflate, br, zstd";

/// As politeness demands, the sender of the load can be told.
const USER_AGENT: &str = concat!("streamgauge/", env!("CARGO_PKG_VERSION"));

impl Default for Asked {
    fn default() -> Self {
        Self {
            method: None,
            headers: Vec::new(),
            body: None,
            cookie: None,
            credentials: None,
            user_agent: None,
            compressed: false,
            version: HttpVersion::Http11,
        }
    }
}

impl Asked {
    /// The request for `url`, and the value of its `Host` header.
    ///
    /// The defaults are those of a browser's `EventSource`; `Accept-Encoding` is offered only when asked for.
    pub fn into_request(self, url: &Url) -> (Request, String) {
        let path = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        self.with_credentials_of(url)
            .into_request_to(host_header(url), path)
    }

    /// The same, with the user info of a URL where no other credentials were given.
    #[must_use]
    pub(super) fn with_credentials_of(self, url: &Url) -> Self {
        Self {
            credentials: self.credentials.or_else(|| credentials_of(url)),
            ..self
        }
    }

    /// The request for a path, with its query, at `host`, unless a header names another one.
    pub(super) fn into_request_to(self, mut host: String, path: String) -> (Request, String) {
        let mut headers = self.defaults();
        let mut own = Vec::new();
        for line in self.headers {
            match line {
                HeaderLine::Set(name, value) if name.eq_ignore_ascii_case("Host") => host = value,
                HeaderLine::Set(name, value) => {
                    remove(&mut headers, &name);
                    own.push((name, value));
                }
                HeaderLine::Remove(name) => remove(&mut headers, &name),
            }
        }
        headers.append(&mut own);
        let by_body = if self.body.is_some() { "POST" } else { "GET" };
        let request = Request {
            method: self.method.unwrap_or_else(|| by_body.to_owned()),
            path,
            headers,
            body: self.body.unwrap_or_default(),
            version: self.version,
        };
        (request, host)
    }

    fn defaults(&self) -> Vec<(String, String)> {
        let agent = self.user_agent.as_deref().unwrap_or(USER_AGENT);
        let authorization = self.credentials.as_ref().map(|(user, password)| {
            format!(
                "Basic {}",
                BASE64_STANDARD.encode(format!("{user}:{password}"))
            )
        });
        let form = self
            .body
            .is_some()
            .then(|| "application/x-www-form-urlencoded".to_owned());
        [
            ("Accept", Some("text/event-stream".to_owned())),
            ("Cache-Control", Some("no-cache".to_owned())),
            (
                "User-Agent",
                Some(agent.to_owned()).filter(|agent| !agent.is_empty()),
            ),
            (
                "Accept-Encoding",
                self.compressed.then(|| ACCEPTED_CODINGS.to_owned()),
            ),
            ("Authorization", authorization),
            ("Cookie", self.cookie.clone()),
            ("Content-Type", form),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

fn remove(headers: &mut Vec<(String, String)>, name: &str) {
    headers.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
}

/// Source: RFC 9112 section 3.2: the port only where it is not the scheme's own.
fn host_header(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// User info is written percent-encoded in a URL and sent as it was meant.
fn credentials_of(url: &Url) -> Option<(String, String)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let present = !url.username().is_empty() || url.password().is_some();
    present.then(|| {
        (
            decoded(url.username()),
            url.password().map(decoded).unwrap_or_default(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, asked: Asked) -> (Request, String) {
        asked.into_request(&Url::parse(url).unwrap())
    }

    fn headers(asked: Asked) -> Vec<String> {
        let (request, _) = request("http://example.com/", asked);
        request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    }

    fn set(name: &str, value: &str) -> HeaderLine {
        HeaderLine::Set(name.into(), value.into())
    }

    fn agent() -> String {
        format!("User-Agent: streamgauge/{}", env!("CARGO_PKG_VERSION"))
    }

    #[test]
    fn the_defaults_are_those_of_an_event_source() {
        let (request, host) = request("http://example.com:80/a%20b?c=d&e#part", Asked::default());
        assert_eq!(request.method, "GET");
        assert_eq!(request.path, "/a%20b?c=d&e");
        assert_eq!(host, "example.com");
        assert_eq!(
            headers(Asked::default()),
            [
                "Accept: text/event-stream",
                "Cache-Control: no-cache",
                &agent()
            ]
        );
    }

    #[test]
    fn the_host_names_a_port_that_is_not_the_schemes() {
        for (url, host) in [
            ("http://example.com:8080/", "example.com:8080"),
            ("https://example.com:443/", "example.com"),
            ("https://example.com:80/", "example.com:80"),
            ("http://[::1]:9000/", "[::1]:9000"),
        ] {
            assert_eq!(request(url, Asked::default()).1, host);
        }
        let asked = Asked {
            headers: vec![set("host", "other")],
            ..Asked::default()
        };
        let (request, host) = request("http://example.com/", asked);
        assert_eq!(host, "other");
        assert!(
            !request
                .headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        );
    }

    #[test]
    fn what_was_given_replaces_or_removes_a_default() {
        let asked = Asked {
            headers: vec![
                set("accept", "application/json"),
                HeaderLine::Remove("cache-control".into()),
                set("X-Twice", "1"),
                set("X-Twice", "2"),
            ],
            user_agent: Some(String::new()),
            ..Asked::default()
        };
        assert_eq!(
            headers(asked),
            ["accept: application/json", "X-Twice: 1", "X-Twice: 2"]
        );
    }

    #[test]
    fn options_become_their_headers() {
        let asked = Asked {
            body: Some(b"a=b".to_vec()),
            cookie: Some("c=d".into()),
            credentials: Some(("user".into(), "pa:ss".into())),
            user_agent: Some("me/1".into()),
            compressed: true,
            ..Asked::default()
        };
        assert_eq!(
            request("http://u:p@example.com/", asked.clone()).0.method,
            "POST"
        );
        assert_eq!(
            headers(asked)[2..],
            [
                "User-Agent: me/1",
                "Accept-Encoding: gzip, deflate, br, zstd",
                "Authorization: Basic dXNlcjpwYTpzcw==",
                "Cookie: c=d",
                "Content-Type: application/x-www-form-urlencoded",
            ]
        );
    }

    #[test]
    fn user_info_of_the_url_is_decoded_and_sent() {
        let authorization = |url| {
            let (request, _) = request(url, Asked::default());
            request
                .headers
                .into_iter()
                .find(|(name, _)| name == "Authorization")
                .map(|(_, value)| value)
        };
        let basic = |text: &str| Some(format!("Basic {}", BASE64_STANDARD.encode(text)));
        assert_eq!(
            authorization("http://us%40er:p%3Ass@example.com/"),
            basic("us@er:p:ss")
        );
        assert_eq!(authorization("http://user@example.com/"), basic("user:"));
        assert_eq!(authorization("http://example.com/"), None);
    }

    #[test]
    fn every_coding_offered_can_be_decoded() {
        for token in ACCEPTED_CODINGS.split(", ") {
            assert!(
                crate::coding::Coding::from_token(token).is_some(),
                "{token}"
            );
        }
    }
}
