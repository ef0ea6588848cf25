//! Traefik. It leaves no mark: most of this can only be looked up.

use run_record::verdict::Confidence::Low;

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, advice, cure, from_outside_nobody_can_tell, transport};
use crate::observations::Format;
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "traefik.compress",
        component: "Traefik",
        versions: "early v3 with the compress middleware, before #11583 (March 2025)",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor],
        what: "compresses without flushing after each event",
        betrays: "live without Accept-Encoding",
        cures: &[
            cure(
                "leave event streams alone",
                "excludedContentTypes: [\"text/event-stream\"]",
                "the compress middleware",
            ),
            advice("or upgrade to a release that compresses on flush"),
        ],
        sure: Sure::Issue,
        source: "traefik/traefik#7882, #11509, #11583, #12673",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "traefik.buffering",
        component: "Traefik",
        versions: "with the buffering middleware",
        by_default: ByDefault::No,
        shows: &[Sign::EndContentLength, Sign::EndLateHead],
        what: "collects the whole response before it sends any of it",
        betrays: "chunks vanish",
        cures: &[
            advice("do not attach the buffering middleware to the stream's router"),
            cure(
                "or, where the release has it",
                "disableResponseBuffer: true",
                "the buffering middleware",
            ),
        ],
        sure: Sure::Issue,
        source: "traefik/traefik#12869, #13029, #13376",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "traefik.flush-interval",
        component: "Traefik",
        versions: "responses of known length or of another type than event streams",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedTime],
        what: "flushes what it hands on every 100 ms",
        betrays: "releases 100 ms apart, of a type that is no event stream",
        cures: &[cure(
            "flush after each write",
            "responseForwarding.flushInterval: -1",
            "the loadBalancer of the service",
        )],
        sure: Sure::Source,
        source: "traefik http_config.go",
        test: flush_interval,
    },
];

/// Never of an event stream.
fn flush_interval(clues: &Clues) -> Option<Case> {
    let grouped = clues
        .time()
        .filter(|_| clues.format != Format::Sse && clues.header("server").is_none())?;
    transport::lasts_about(grouped, 100.0)
        .then(|| Case::weak(transport::held(grouped)).at_most(Low))
}
