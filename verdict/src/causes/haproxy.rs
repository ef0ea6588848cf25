//! HAProxy: windows of 200 ms, a compressor that lags, a rule that waits for the body.
//!
//! It leaves no mark but header names in lower case: what it does to the bytes is all there is.

use run_record::verdict::Confidence::Low;

use super::clues::{Clues, Shape};
use super::{ByDefault, Case, Entry, Sure, advice, cure, transport};
use crate::signature::NoStream;
use crate::text::ms;
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "haproxy.msg-more",
        component: "HAProxy",
        versions: "2.6.12, 3.0.11, plain HTTP/1.1 with a chunked origin; live over TLS and HTTP/2",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedTime, Sign::BatchedTimeSegment],
        what: "tells the kernel that more will follow: it releases after 200 ms or one full segment",
        betrays: "one chunk per event, the first byte at 202 to 207 ms, header names in lower case, no mark of its own",
        cures: &[cure(
            "send each chunk at once, on the frontend or backend of the stream only",
            "option http-no-delay",
            "haproxy frontend or backend section",
        )],
        sure: Sure::Measured,
        source: "HAProxy configuration.txt, http-no-delay; haproxy/haproxy#825, #3447",
        test: msg_more,
    },
    Entry {
        code: "haproxy.gzip-lag",
        component: "HAProxy",
        versions: "with compression algo gzip, with or without a compression type",
        by_default: ByDefault::No,
        shows: &[Sign::LagOne, Sign::DecodeLate],
        what: "completes each compressed event with the next one",
        betrays: "gzip; with http-no-delay each event waits for the next one, the last one for the close",
        cures: &[
            cure(
                "tell compressors to leave the stream alone",
                "Cache-Control: no-transform",
                "response header of the application",
            ),
            advice("remove the compression line from that frontend"),
        ],
        sure: Sure::Measured,
        source: "HAProxy configuration.txt, compression",
        test: gzip_lag,
    },
    Entry {
        code: "haproxy.wait-for-body",
        component: "HAProxy",
        versions: "with an http-response wait-for-body rule",
        by_default: ByDefault::No,
        shows: &[Sign::CutFirstByte],
        what: "waits for so many bytes of the body, and answers an error page when they do not come in time",
        betrays: "an HTML page of 92 bytes after the time of the rule; fast streams begin after its number of bytes",
        cures: &[advice(
            "remove the http-response wait-for-body rule from the stream's route",
        )],
        sure: Sure::Measured,
        source: "HAProxy 2.6.12 with wait-for-body time 1s at-least 4k, measured",
        test: wait_for_body,
    },
];

fn msg_more(clues: &Clues) -> Option<Case> {
    let grouped = clues.time().filter(|grouped| transport::is_cork(grouped))?;
    let chunks = clues.chunks.held_below()?;
    let held = transport::held(grouped);
    let seen = format!("{held}, {chunks}: the kernel's limit for a corked socket");
    if clues.has_lower_case_names() {
        Some(Case::strong(seen).and_weak("all header names in lower case"))
    } else if grouped.is_wait && !clues.outlasts_segments {
        // HAProxy leaves no mark: it stands behind every other one.
        Some(Case::weak(seen).and_weak("HAProxy would leave no mark"))
    } else {
        None
    }
}

fn gzip_lag(clues: &Clues) -> Option<Case> {
    let Shape::Behind(behind) = clues.shape else {
        return None;
    };
    let seen = format!(
        "each event {} late: one behind, and compressed",
        ms(behind.wait)
    );
    let is_other = clues.is_signed_by("microsoft-iis") || clues.mentions("x-powered-by", "express");
    let case = Case::strong(seen);
    clues
        .is_coded()
        .then(|| match clues.has_lower_case_names() {
            true => case.and_weak("all header names in lower case"),
            false if is_other => case.at_most(Low),
            false => case.and_weak("HAProxy would leave no mark"),
        })
}

/// HAProxy's own error pages have names in lower case and no `Server`; those of others are signed.
fn wait_for_body(clues: &Clues) -> Option<Case> {
    let Shape::NoStream(NoStream::Status(status @ (408 | 503 | 504))) = clues.shape else {
        return None;
    };
    let is_own_page = clues.has_lower_case_names()
        && clues.header("server").is_none()
        && clues.mentions("content-type", "text/html");
    is_own_page.then(|| {
        let after = ms(clues.head_after.unwrap_or_default() * 1e3);
        Case::weak(format!(
            "an unsigned page with status {status} after {after}, header names in lower case"
        ))
    })
}
