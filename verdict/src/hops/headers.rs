//! What a hop made of the response head of the hop before it.
//!
//! Only headers that a record may hold are listed. A header whose value differs from request to request is not called
//! changed.

use run_record::hops::{Change, HeaderChange};
use run_record::probe::kept_headers;

use super::{is_stream, spokesman};
use crate::chunks::Chunks;
use crate::observations::{Head, Observations, Probe};
use crate::timeline::Timeline;

/// Their values tell one request from another, not one hop from another.
const OF_THE_REQUEST: [&str; 12] = [
    "age",
    "cf-ray",
    "etag",
    "expires",
    "fly-request-id",
    "last-modified",
    "server-timing",
    "traceparent",
    "x-amz-cf-id",
    "x-amzn-requestid",
    "x-request-id",
    "x-runtime",
];

/// Whether the value of a header is of the request and not of the server.
pub(super) fn is_of_the_request(name: &str) -> bool {
    OF_THE_REQUEST
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

/// The headers that differ, in the order of this hop's head; those that it took away come last.
pub(super) fn changes(before: &Observations, here: &Observations) -> Vec<HeaderChange> {
    let (Some(one), Some(other)) = (spokesman(before), spokesman(here)) else {
        return Vec::new();
    };
    let (Some(one_head), Some(other_head)) = (&one.head, &other.head) else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    for (name, value) in kept(other_head) {
        let earlier = one_head.header(&name);
        let change = match earlier {
            None => Change::Added,
            Some(earlier) if earlier != value.trim() && !is_of_the_request(&name) => {
                Change::Changed
            }
            Some(_) if is_re_chunked(&name, (one, before), (other, here)) => Change::ReChunked,
            Some(_) => continue,
        };
        changes.push(HeaderChange {
            before: earlier.map(str::to_owned),
            after: Some(value.trim().to_owned()),
            name,
            change,
        });
    }
    for (name, value) in kept(one_head) {
        if other_head.header(&name).is_none() {
            changes.push(HeaderChange {
                name,
                change: Change::Removed,
                before: Some(value.trim().to_owned()),
                after: None,
            });
        }
    }
    changes
}

/// `Date` is left out: most servers send it, and nobody minds whether a hop does.
fn kept(head: &Head) -> Vec<(String, String)> {
    let is_told = |(name, _): &&(String, String)| !name.eq_ignore_ascii_case("date");
    let headers = head.headers.iter().filter(is_told);
    kept_headers(headers.map(|(name, value)| (&**name, &**value)))
}

/// Whether both are chunked, and the chunks of one are those of no event at the other.
fn is_re_chunked(name: &str, one: (&Probe, &Observations), other: (&Probe, &Observations)) -> bool {
    let layout = |(probe, observations): (&Probe, &Observations)| {
        is_stream(probe).then(|| Chunks::of(&Timeline::of(probe, &observations.own)))
    };
    let (Some(one), Some(other)) = (layout(one), layout(other)) else {
        return false;
    };
    let is_told = |chunks: Chunks| chunks != Chunks::Unknown;
    let is_framing = name.eq_ignore_ascii_case("transfer-encoding");
    is_framing
        && is_told(one)
        && is_told(other)
        && std::mem::discriminant(&one) != std::mem::discriminant(&other)
}
