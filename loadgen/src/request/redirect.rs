//! What a redirect makes of a request.
//! It must not decide whether a redirect is followed; that depends on who asks.

use thiserror::Error;
use url::Url;

use super::Request;

/// Names of headers that say who asks; they never travel to another origin.
const CREDENTIALS: [&str; 3] = ["Authorization", "Cookie", "Proxy-Authorization"];

/// Names of headers that describe a body, and go with it.
const BODY_HEADERS: [&str; 4] = [
    "Content-Type",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
];

/// Where a redirect leads, and what is asked there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The new address, without user info and fragment.
    pub url: Url,
    /// The request for it.
    pub request: Request,
    /// Same scheme, host and port as before; only then credentials are kept.
    pub same_origin: bool,
}

/// Why a redirect cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RedirectError {
    /// The status is none of 301, 302, 303, 307 and 308.
    #[error("status {0} is no redirect")]
    NotARedirect(u16),
    /// `Location` is missing, empty or no URL.
    #[error("the redirect has no usable Location header")]
    BadLocation,
    /// `Location` names something other than `http` or `https`.
    #[error("the redirect leads to `{0}:`, which is not http or https")]
    Scheme(String),
}

/// Source: WHATWG Fetch, "HTTP-redirect fetch"; RFC 9110 section 15.4.
pub(super) fn follow(
    request: &Request,
    from: &Url,
    status: u16,
    location: &[u8],
) -> Result<Redirect, RedirectError> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Err(RedirectError::NotARedirect(status));
    }
    let url = destination(from, location)?;
    let mut next = request.clone();
    next.path = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
    if becomes_get(status, &request.method) {
        next.method = "GET".to_owned();
        next.body.clear();
        drop_headers(&mut next, &BODY_HEADERS);
    }
    let same_origin = url.origin() == from.origin();
    if !same_origin {
        drop_headers(&mut next, &CREDENTIALS);
    }
    Ok(Redirect {
        url,
        request: next,
        same_origin,
    })
}

fn destination(from: &Url, location: &[u8]) -> Result<Url, RedirectError> {
    let location = str::from_utf8(location)
        .map_err(|_| RedirectError::BadLocation)?
        .trim();
    if location.is_empty() {
        return Err(RedirectError::BadLocation);
    }
    let mut url = from
        .join(location)
        .map_err(|_| RedirectError::BadLocation)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(RedirectError::Scheme(url.scheme().to_owned()));
    }
    url.set_fragment(None);
    // Credentials that a server writes into a Location are not the user's to send.
    url.set_username("")
        .and_then(|()| url.set_password(None))
        .map_err(|()| RedirectError::BadLocation)?;
    Ok(url)
}

fn becomes_get(status: u16, method: &str) -> bool {
    match status {
        301 | 302 => method == "POST",
        303 => !matches!(method, "GET" | "HEAD"),
        _ => false,
    }
}

fn drop_headers(request: &mut Request, names: &[&str]) {
    request
        .headers
        .retain(|(name, _)| !names.iter().any(|drop| name.eq_ignore_ascii_case(drop)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::HttpVersion;

    fn post() -> Request {
        Request {
            method: "POST".into(),
            path: "/chat".into(),
            headers: [
                ("Accept", "text/event-stream"),
                ("authorization", "Bearer t"),
                ("Cookie", "a=b"),
                ("Content-Type", "application/json"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            body: b"{}".to_vec(),
            version: HttpVersion::Http11,
        }
    }

    fn redirect(status: u16, location: &str) -> Redirect {
        let from = Url::parse("https://example.com/chat?x=1").unwrap();
        post()
            .redirected(&from, status, location.as_bytes())
            .unwrap()
    }

    fn names(request: &Request) -> Vec<&str> {
        request
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect()
    }

    #[test]
    fn a_path_stays_on_the_origin_and_keeps_credentials() {
        let next = redirect(307, "/v2/chat?y=2#part");
        assert!(next.same_origin);
        assert_eq!(
            next.request,
            Request {
                path: "/v2/chat?y=2".into(),
                ..post()
            }
        );
        assert_eq!(next.url.as_str(), "https://example.com/v2/chat?y=2");
    }

    #[test]
    fn another_origin_gets_no_credentials() {
        for location in [
            "https://evil.example/",
            "http://example.com/",
            "//example.com:8443/",
            "https://u:p@sub.example.com",
        ] {
            let next = redirect(308, location);
            assert!(!next.same_origin, "{location}");
            assert_eq!(
                names(&next.request),
                ["Accept", "Content-Type"],
                "{location}"
            );
            assert_eq!(next.request.body, b"{}");
            assert_eq!(next.url.username(), "");
        }
    }

    #[test]
    fn a_post_becomes_a_get_where_browsers_make_it_one() {
        for status in [301, 302, 303] {
            let next = redirect(status, "/done").request;
            assert_eq!(
                (next.method.as_str(), next.body.len()),
                ("GET", 0),
                "{status}"
            );
            assert_eq!(
                names(&next),
                ["Accept", "authorization", "Cookie"],
                "{status}"
            );
        }
        assert_eq!(redirect(308, "/done").request.method, "POST");
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        let from = Url::parse("http://example.com/").unwrap();
        let follow =
            |status, location: &[u8]| post().redirected(&from, status, location).unwrap_err();
        assert_eq!(follow(304, b"/"), RedirectError::NotARedirect(304));
        assert_eq!(follow(302, b""), RedirectError::BadLocation);
        assert_eq!(follow(302, b"\xff"), RedirectError::BadLocation);
        assert_eq!(follow(302, b"http://"), RedirectError::BadLocation);
        assert_eq!(
            follow(302, b"javascript:alert(1)"),
            RedirectError::Scheme("javascript".into())
        );
    }
}
