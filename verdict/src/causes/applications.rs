//! Compressors and proxies inside applications that leave no mark, and tower-http.

use run_record::verdict::Confidence::Low;

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, advice, cure, from_outside_nobody_can_tell};
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "app.compressor-no-flush",
        component: "a compressor of the application",
        versions: "any that does not flush after each event: amphp, hapi, workerd and others",
        by_default: ByDefault::Varies,
        shows: &[Sign::HoldCompressor],
        what: "keeps compressed output until its buffer is full",
        betrays: "late with Accept-Encoding only, Vary, no mark of a proxy",
        cures: &[
            cure(
                "tell compressors to leave the stream alone",
                "Cache-Control: no-transform",
                "response header of the application",
            ),
            advice("or flush the compressor after each event"),
        ],
        sure: Sure::Issue,
        source: "amphp/http-server#324, elastic/kibana#213151, true-async/server#170",
        test: compressor,
    },
    Entry {
        code: "app.proxy-hold",
        component: "a proxy inside an application",
        versions: "Teleport's application access, Marathon's leader proxy",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize, Sign::EndLateHead, Sign::EndEarlyHead],
        what: "gathers what it hands on",
        betrays: "live when asked without it",
        cures: &[advice("none known: go around it")],
        sure: Sure::Issue,
        source: "gravitational/teleport#69560, d2iq-archive/marathon#1926",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "tower-http.compression",
        component: "tower-http CompressionLayer",
        versions: "before 0.5",
        by_default: ByDefault::No,
        shows: &[Sign::DecodeLate],
        what: "sends compressed bytes for each event that cannot be decoded yet",
        betrays: "bytes come with each event, and nothing decodes",
        cures: &[cure(
            "upgrade: from 0.5 on event streams are left alone",
            "tower-http = \"0.5\"",
            "Cargo.toml",
        )],
        sure: Sure::Issue,
        source: "tower-rs/tower-http#419, #465",
        test: tower_http,
    },
];

/// What is left when nobody signs the compressor.
fn compressor(clues: &Clues) -> Option<Case> {
    let case = clues.compressor()?;
    let is_marked = clues.has_proxy_marks()
        || clues.has_ruby_marks()
        || clues.python_server().is_some()
        || clues.header("x-powered-by").is_some()
        || clues.is_signed_by("microsoft")
        || clues.is_signed_by("kestrel");
    // nginx and others that compress in front say nothing of what varies unless they are told to.
    (clues.varies() && !is_marked).then(|| {
        case.and_weak("Vary: Accept-Encoding and no mark of a proxy")
            .at_most(Low)
    })
}

fn tower_http(clues: &Clues) -> Option<Case> {
    let reads = clues.undecoded_reads?;
    let is_marked = clues.has_proxy_marks() || clues.header("server").is_some();
    (!is_marked).then(|| {
        Case::weak(format!(
            "{reads} reads of compressed bytes, and not one event of them"
        ))
        .at_most(Low)
    })
}
