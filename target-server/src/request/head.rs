//! The head of a request: bytes in, what matters of it out. Who reads the bytes, and how long it may take, is not its
//! concern.

/// The most bytes of a request head.
pub(crate) const MAX_HEAD: usize = 16 * 1024;

/// What matters of a request's head.
#[derive(Clone, Debug)]
pub(crate) struct RequestHead {
    /// The method, as sent.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Whether the version is 1.0.
    pub http10: bool,
    /// Bytes up to and including the blank line.
    pub length: usize,
    headers: Vec<(String, String)>,
}

/// The bytes are no request head; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("this is no HTTP/1.1 request: {0}")]
pub(crate) struct BadHead(#[from] httparse::Error);

impl RequestHead {
    /// Reads a head from the beginning of `bytes`; nothing if more bytes are needed.
    ///
    /// Errors: whatever follows, this will be no request (RFC 9112, sections 2 to 5), or it has over 100 fields.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, BadHead> {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut request = httparse::Request::new(&mut fields);
        let httparse::Status::Complete(length) = request.parse(bytes)? else {
            return Ok(None);
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Ok(Some(Self {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            http10: request.version == Some(0),
            length,
            headers: request
                .headers
                .iter()
                .map(|field| (field.name.to_ascii_lowercase(), text(field.value)))
                .collect(),
        }))
    }

    /// The path, as sent. An absolute target, as proxies may send it, counts from its path on.
    pub(crate) fn path(&self) -> &str {
        self.split_target().0
    }

    /// The query, as sent, without its question mark.
    pub(crate) fn query(&self) -> &str {
        self.split_target().1
    }

    /// The first field of a name; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the client takes this content coding (RFC 9110, section 12.5.3).
    pub(crate) fn accepts_coding(&self, coding: &str) -> bool {
        let offers = self
            .headers
            .iter()
            .filter(|(name, _)| name == "accept-encoding");
        offers.flat_map(|(_, value)| value.split(',')).any(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            let is_named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(coding));
            is_named
                && !parts.any(|part| {
                    part.strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0_f32)
                })
        })
    }

    fn split_target(&self) -> (&str, &str) {
        let authority = self
            .target
            .strip_prefix("http://")
            .or_else(|| self.target.strip_prefix("https://"));
        let target = match authority {
            Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
            None => &self.target,
        };
        target.split_once('?').unwrap_or((target, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> RequestHead {
        RequestHead::parse(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn a_head_is_complete_with_its_blank_line() {
        let text = b"GET /prices?size=500 HTTP/1.0\r\nHost: x\r\nLast-Event-ID: 7\r\n\r\nrest";
        let end = text.len() - 4;
        for cut in 0..end {
            assert!(RequestHead::parse(&text[..cut]).unwrap().is_none(), "{cut}");
        }
        let head = RequestHead::parse(text).unwrap().unwrap();
        assert_eq!((head.length, head.http10), (end, true));
        assert_eq!((head.path(), head.query()), ("/prices", "size=500"));
        assert_eq!(head.header("last-event-id"), Some("7"));
        assert!(RequestHead::parse(b"\x16\x03\x01\x02").is_err());
    }

    #[test]
    fn absolute_targets_count_from_their_path() {
        let head = parse("GET http://h:80/prices?a=1 HTTP/1.1\r\n\r\n");
        assert_eq!((head.path(), head.query()), ("/prices", "a=1"));
        assert_eq!(parse("GET http://h HTTP/1.1\r\n\r\n").path(), "/");
    }

    #[test]
    fn codings_may_be_refused_by_weight() {
        let accepts = |value: &str| {
            parse(&format!(
                "GET / HTTP/1.1\r\nAccept-Encoding: {value}\r\n\r\n"
            ))
            .accepts_coding("gzip")
        };
        assert!(accepts("gzip") && accepts("br, GZIP") && accepts("gzip;q=0.5"));
        assert!(
            !accepts("br") && !accepts("gzip;q=0") && !accepts("br, gzip; q=0.0") && !accepts("")
        );
    }
}
