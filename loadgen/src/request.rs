//! The request each connection sends, and what becomes of it after a redirect.
//! It must not know sockets, the command line or how often it is sent.

mod asked;
mod braces;
mod headers;
mod redirect;
mod table;
mod users;

pub use asked::Asked;
pub use headers::{Environment, HeaderError, HeaderLine, header_value};
pub use redirect::{Redirect, RedirectError};
pub use table::{Table, TableError};
pub use users::{Users, UsersError};

use serde::{Deserialize, Serialize};
use url::Url;

/// An HTTP/1 request without its `Host`, as asked for on the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// A token such as `GET`, in the case it was given.
    pub method: String,
    /// Path and query as they stand in the request line; begins with `/`.
    pub path: String,
    /// In the order sent, defaults first; without `Host` and `Content-Length`, free of CR, LF and NUL.
    pub headers: Vec<(String, String)>,
    /// Sent as it stands, with its `Content-Length`; empty for none.
    pub body: Vec<u8>,
    /// The version of the request line.
    pub version: HttpVersion,
}

/// The version of HTTP/1 spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpVersion {
    /// `HTTP/1.0`
    Http10,
    /// `HTTP/1.1`
    Http11,
}

impl Request {
    /// The bytes of the whole request: head and body.
    ///
    /// `last_event_id` is what a reconnecting subscriber saw last; it replaces a `Last-Event-ID` given by
    /// the user, and an empty one removes it. Bytes that would end a header line are left out of it.
    ///
    /// Source: RFC 9112 section 3; WHATWG HTML, "reestablish the connection".
    pub fn to_bytes(&self, host: &str, last_event_id: Option<&[u8]>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256 + self.path.len() + self.body.len());
        for part in [
            &self.method,
            " ",
            &self.path,
            " ",
            self.version.as_str(),
            "\r\n",
        ] {
            bytes.extend_from_slice(part.as_bytes());
        }
        push_header(&mut bytes, "Host", host.as_bytes());
        for (name, value) in &self.headers {
            if last_event_id.is_some() && name.eq_ignore_ascii_case("Last-Event-ID") {
                continue;
            }
            push_header(&mut bytes, name, value.as_bytes());
        }
        if let Some(id) = last_event_id.filter(|id| !id.is_empty()) {
            push_header(&mut bytes, "Last-Event-ID", id);
        }
        // A method that is defined to carry a body says so even when there is none (RFC 9110 section 8.6).
        if !self.body.is_empty() || matches!(&*self.method, "POST" | "PUT" | "PATCH") {
            push_header(
                &mut bytes,
                "Content-Length",
                self.body.len().to_string().as_bytes(),
            );
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The address it is sent to, of the same origin as `url`.
    pub fn url_at(&self, url: &Url) -> Url {
        let mut own = url.clone();
        let (path, query) = match self.path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&*self.path, None),
        };
        own.set_path(path);
        own.set_query(query);
        own
    }

    /// The request that follows a redirect with this status and `Location`, answered to `url`.
    ///
    /// Whether another origin is followed at all is the caller's decision; if it is, credentials stay behind.
    pub fn redirected(
        &self,
        url: &Url,
        status: u16,
        location: &[u8],
    ) -> Result<Redirect, RedirectError> {
        redirect::follow(self, url, status, location)
    }
}

impl HttpVersion {
    /// As it stands in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        }
    }
}

/// `value` may come from a server (an event id), so what would end the line is dropped here and not trusted.
fn push_header(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend(
        value
            .iter()
            .copied()
            .filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)),
    );
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(headers: &[(&str, &str)]) -> Request {
        Request {
            method: "GET".into(),
            path: "/prices?interval=100ms".into(),
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect(),
            body: Vec::new(),
            version: HttpVersion::Http11,
        }
    }

    fn text(request: &Request, last_event_id: Option<&[u8]>) -> String {
        String::from_utf8(request.to_bytes("example.com:8080", last_event_id)).unwrap()
    }

    #[test]
    fn a_request_without_a_body_is_its_head() {
        assert_eq!(
            text(&get(&[("Accept", "text/event-stream")]), None),
            "GET /prices?interval=100ms HTTP/1.1\r\nHost: example.com:8080\r\n\
             Accept: text/event-stream\r\n\r\n"
        );
    }

    #[test]
    fn a_body_comes_with_its_length() {
        let mut request = get(&[]);
        request.method = "POST".into();
        request.body = b"{\"stream\":true}".to_vec();
        assert!(text(&request, None).ends_with("Content-Length: 15\r\n\r\n{\"stream\":true}"));
        request.body.clear();
        assert!(text(&request, None).ends_with("Content-Length: 0\r\n\r\n"));
    }

    #[test]
    fn what_was_seen_last_replaces_what_the_user_began_with() {
        let request = get(&[("last-event-id", "from the user")]);
        assert!(text(&request, None).contains("last-event-id: from the user\r\n"));
        let again = text(&request, Some("größer 7".as_bytes()));
        assert!(again.contains("Last-Event-ID: größer 7\r\n"));
        assert!(!again.contains("from the user"));
        assert!(
            !text(&request, Some(b""))
                .to_lowercase()
                .contains("last-event-id")
        );
    }

    #[test]
    fn an_event_id_cannot_add_a_header() {
        let again = text(&get(&[]), Some(b"7\r\nX-Evil: 1\0"));
        assert!(again.contains("Last-Event-ID: 7X-Evil: 1\r\n"));
    }
}
