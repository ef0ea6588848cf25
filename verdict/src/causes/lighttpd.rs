//! lighttpd: its default collects the whole response of an upstream.

use run_record::verdict::Confidence::Medium;

use super::clues::Clues;
use super::{Cure, Entry, Fit, Sure};

pub(super) const ENTRIES: &[Entry] = &[Entry {
    code: "lighttpd.stream-response-body",
    component: "lighttpd",
    versions: "1.4.69",
    what: "collects the whole response of the upstream and computes its length",
    cure: Cure {
        text: "hand on the response as it comes",
        config: "server.stream-response-body = 1",
        place: "lighttpd.conf",
    },
    sure: Sure::Measured,
    source: "lighttpd 1.4.69, measured with 24 KB and 800 KB",
    test: stream_response_body,
}];

fn stream_response_body(clues: &Clues) -> Option<Fit> {
    let is_collected = clues.whole().is_some_and(|whole| whole.has_length);
    (is_collected && clues.is_signed_by("lighttpd")).then(|| {
        Fit::new(
            Medium,
            [
                "Content-Length on a stream".into(),
                "Server: lighttpd".into(),
            ],
        )
    })
}
