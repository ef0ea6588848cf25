//! One request of a check, and what came of it.
//!
//! Figures only: the arrivals of a probe stand in the traces, what they mean in the verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::redact;
use crate::time::Nanos;

/// One request of a check, and what came of it.
///
/// Shape: what was asked, what was answered, how long each step took, how much came, how it
/// ended. What did not happen is absent: a request that failed has a `failure` and no `status`.
/// The arrivals are the trace of `subscriber` = `number` - 1 and stream 0.
/// Unit: times are durations of this machine's clock; bytes are of the body, transfer coding
/// removed, content coding not.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[schemars(rename = "Probe")]
pub struct ProbeRecord {
    /// Its number, from 1, in the order in which the requests began.
    pub number: u16,
    /// What it was to find out, in a few words: `as a browser asks`.
    pub why: String,
    /// Probes of the same round ran at the same time; from 1.
    pub round: u16,
    /// Request method.
    pub method: String,
    /// The value of `Accept-Encoding`; absent where none was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_encoding: Option<String>,
    /// What was asked of a server that can be asked, as its query spells it:
    /// `interval=40ms&size=250`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Status code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Protocol of the response: `HTTP/1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Response headers in the order in which they came, those that [`kept_headers`] keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Why there was no response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// TCP connection established, counted from the call that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_us: Option<Nanos>,
    /// Response head complete, counted from the sent request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers_us: Option<Nanos>,
    /// First byte of the body, counted from the sent request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_us: Option<Nanos>,
    /// First complete event, counted from the sent request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_event_us: Option<Nanos>,
    /// End of the response, or of watching it, counted from the sent request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<Nanos>,
    /// Complete events.
    pub events: u64,
    /// Comment lines, which keep a connection alive and are no events.
    pub comments: u64,
    /// Bytes of body.
    pub body_bytes: u64,
    /// Reads that brought bytes of the body.
    pub reads: u64,
    /// Complete chunks of the transfer coding; absent where the body was not chunked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<u64>,
    /// How it ended, in words: `last chunk`, `still open when watching stopped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Whether its events carried send times.
    pub cooperating: bool,
}

/// Those of a response's headers that a record may hold, in their order.
///
/// Source: the allow-list of [`redact::keeps_response_header`].
pub fn kept_headers<'a>(
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<(String, String)> {
    headers
        .into_iter()
        .filter(|(name, _)| redact::keeps_response_header(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Add the probes of another shard: each once, by number.
///
/// Commutative, associative and idempotent for lists that it made itself.
pub(crate) fn merge(probes: &mut Vec<ProbeRecord>, others: &[ProbeRecord]) {
    probes.extend_from_slice(others);
    probes.sort_unstable();
    probes.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_not_kept_and_the_order_is() {
        let came = [
            ("Server", "nginx"),
            ("Set-Cookie", "sid=7"),
            ("Content-Type", "text/event-stream"),
        ];
        let names: Vec<_> = kept_headers(came)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["Server", "Content-Type"]);
    }

    #[test]
    fn what_did_not_happen_has_no_key() {
        let refused = ProbeRecord {
            number: 1,
            failure: Some("connection refused".to_owned()),
            ..ProbeRecord::default()
        };
        let json = serde_json::to_value(&refused).unwrap();
        let keys: Vec<_> = json.as_object().unwrap().keys().collect();
        for absent in [
            "status",
            "headers",
            "connect_us",
            "duration_us",
            "chunks",
            "end",
        ] {
            assert!(
                !keys.iter().any(|key| *key == absent),
                "{absent} in {keys:?}"
            );
        }
        assert_eq!(
            serde_json::from_value::<ProbeRecord>(json).unwrap(),
            refused
        );
    }
}
