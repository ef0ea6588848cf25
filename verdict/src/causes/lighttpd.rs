//! lighttpd: its default collects the whole response of an upstream.

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, cure};
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[Entry {
    code: "lighttpd.stream-response-body",
    component: "lighttpd",
    versions: "1.4.69",
    by_default: ByDefault::Yes,
    shows: &[Sign::EndContentLength],
    what: "collects the whole response of the upstream and computes its length",
    betrays: "Server: lighttpd, a length on a stream of any size",
    cures: &[cure(
        "hand on the response as it comes",
        "server.stream-response-body = 1",
        "lighttpd.conf",
    )],
    sure: Sure::Measured,
    source: "lighttpd 1.4.69, measured with 24 KB and 800 KB",
    test: stream_response_body,
}];

fn stream_response_body(clues: &Clues) -> Option<Case> {
    clues.collected()?;
    clues
        .is_signed_by("lighttpd")
        .then(|| Case::strong("Content-Length on a stream").and_weak("Server: lighttpd"))
}
