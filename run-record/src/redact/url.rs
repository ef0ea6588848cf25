//! A URL without user info, without a fragment, and without the values of secret parameters.

use url::Url;

use super::{REDACTED, is_secret_name};

/// A URL that may be stored: no user info, no fragment, and `REDACTED` for the values of query
/// parameters whose name looks like that of a secret.
///
/// Of a text that is no URL only what cannot hold a secret is kept: nothing before an `@` and no
/// query.
pub fn url(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) => redact_parsed(url),
        Err(_) => redact_unparsed(text),
    }
}

fn redact_parsed(mut url: Url) -> String {
    url.set_fragment(None);
    // Fails where there is no host; `user:password@host` reads as a URL of the scheme `user`.
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return redact_unparsed(url.as_str());
    }
    let query = url.query().map(redact_query);
    url.set_query(query.as_deref());
    url.into()
}

/// The query as it was spelled, but for the secret values.
fn redact_query(query: &str) -> String {
    let pairs = query.split('&').map(|pair| {
        let Some((name, _)) = pair.split_once('=') else {
            return pair.to_owned();
        };
        // Decoded, because `to%6ben` is `token` to a server.
        let decoded = url::form_urlencoded::parse(name.as_bytes()).next();
        match decoded {
            Some((name_as_read, _)) if is_secret_name(&name_as_read) => {
                format!("{name}={REDACTED}")
            }
            _ => pair.to_owned(),
        }
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn redact_unparsed(text: &str) -> String {
    let (address, query) = match text.find(['?', '#']) {
        Some(end) => (&text[..end], "?REDACTED"),
        None => (text, ""),
    };
    let address = match address.rsplit_once('@') {
        Some((_, host)) => format!("{REDACTED}@{host}"),
        None => address.to_owned(),
    };
    address + query
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_but_the_secrets_is_kept_as_it_was_spelled() {
        assert_eq!(
            url(
                "https://joe:hunter2@example.com:8443/a%20b?interval=100ms&token=hunter2&x#hunter2"
            ),
            "https://example.com:8443/a%20b?interval=100ms&token=REDACTED&x"
        );
        assert_eq!(url("http://[::1]:8080/prices"), "http://[::1]:8080/prices");
        assert_eq!(
            url("http://h/?a=1&to%6ben=hunter2"),
            "http://h/?a=1&to%6ben=REDACTED"
        );
    }

    #[test]
    fn of_what_is_no_url_little_is_kept() {
        assert_eq!(
            url("joe:hunter2@example.com/prices"),
            "REDACTED@example.com/prices"
        );
        assert_eq!(
            url("example.com/prices?token=hunter2"),
            "example.com/prices?REDACTED"
        );
        assert_eq!(url("http://joe:hunter2@:99999/"), "REDACTED@:99999/");
    }

    proptest! {
        #[test]
        fn a_secret_never_survives(
            secret in "[A-Za-z0-9]{6,12}x7Zq",
            scheme in prop::sample::select(vec!["http", "https", "HTTP", "ftp", "x"]),
            slashes in prop::sample::select(vec!["://", ":", ":/", ":///"]),
            name in prop::sample::select(vec![
                "token", "Access_Token", "api-key", "sig", "X-Amz-Security-Token", "%74oken",
            ]),
            host in prop::sample::select(vec!["example.com", "127.0.0.1:80", "[::1]", "b ad", ""]),
        ) {
            let text = format!("{scheme}{slashes}joe:{secret}@{host}/p?a=b&{name}={secret}&c=d#{secret}");
            prop_assert!(!url(&text).contains(&secret), "{} kept a secret of {text}", url(&text));
        }

        #[test]
        fn no_text_makes_it_panic_and_twice_is_as_good_as_once(text in ".*") {
            let once = url(&text);
            prop_assert_eq!(url(&once), once);
        }
    }
}
