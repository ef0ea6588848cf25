//! What may not stand in a record is taken out here, before anything is stored.
//!
//! Where it is not certain that a text is harmless, it is taken out. This file must not know
//! where the texts come from or go to.

mod command_line;
mod url;

pub use self::command_line::command_line;
pub use self::url::url;

/// What stands in the place of a secret.
pub const REDACTED: &str = "REDACTED";

/// Response headers that a record may hold: they tell about delivery, not about people.
const RESPONSE_HEADERS: [&str; 38] = [
    "accept-ranges",
    "access-control-allow-origin",
    "age",
    "alt-svc",
    "cache-control",
    "cdn-cache-control",
    "cf-cache-status",
    "cf-ray",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "fly-request-id",
    "keep-alive",
    "last-modified",
    "pragma",
    "retry-after",
    "server",
    "server-timing",
    "surrogate-control",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "x-accel-buffering",
    "x-amz-cf-id",
    "x-amzn-requestid",
    "x-cache",
    "x-powered-by",
    "x-request-id",
    "x-runtime",
    "x-served-by",
    "x-varnish",
];

/// Response headers by which a server's own log can be searched for a request.
const REQUEST_IDS: [&str; 9] = [
    "cf-ray",
    "fly-request-id",
    "traceparent",
    "via",
    "x-amz-cf-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-correlation-id",
    "x-request-id",
];

/// Words in the name of a query parameter, an option or a variable that make its value a secret.
const SECRET_WORDS: [&str; 15] = [
    "token",
    "secret",
    "passw",
    "passphrase",
    "pwd",
    "auth",
    "apikey",
    "accesskey",
    "privatekey",
    "signature",
    "credential",
    "session",
    "jwt",
    "cookie",
    "bearer",
];

/// Whole names that make their value a secret, too short to be searched for within others.
const SECRET_NAMES: [&str; 9] = [
    "key", "sig", "sid", "pass", "pin", "otp", "code", "hmac", "k",
];

/// Whether the value of something so named must not be stored.
pub fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    SECRET_WORDS.iter().any(|word| plain.contains(word))
        || SECRET_NAMES.contains(&plain.as_str())
        || plain.ends_with("key")
}

/// Whether a record may hold a response header, by its name in any case.
pub fn keeps_response_header(name: &str) -> bool {
    contains(&RESPONSE_HEADERS, name)
}

/// Whether a response header names the request, by its name in any case.
pub fn is_request_id(name: &str) -> bool {
    contains(&REQUEST_IDS, name)
}

fn contains(sorted: &[&str], name: &str) -> bool {
    sorted
        .binary_search(&name.to_ascii_lowercase().as_str())
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_searched_in_any_case() {
        assert!(RESPONSE_HEADERS.is_sorted() && REQUEST_IDS.is_sorted());
        assert!(keeps_response_header("Content-Type") && is_request_id("X-Request-ID"));
        assert!(!keeps_response_header("Set-Cookie") && !keeps_response_header("X-Api-Key"));
    }

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        for name in [
            "access_token",
            "API-Key",
            "apiKey",
            "X-Amz-Signature",
            "sig",
            "JSESSIONID",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["interval", "count", "symbol", "mode", "size", "monkeys"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
