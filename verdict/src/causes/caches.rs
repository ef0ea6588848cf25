//! Caches that record a stream, and play it to those who come later.

use run_record::verdict::Confidence::Medium;

use super::clues::Clues;
use super::{ByDefault, Case, Cure, Entry, Sure, cure};
use crate::text::plural;
use crate::vocabulary::Sign;

const NO_STORE: Cure = cure(
    "keep caches away from the stream",
    "Cache-Control: no-store",
    "response header of the application",
);
const NGINX: Cure = cure(
    "take the stream out of the cache",
    "proxy_cache off;",
    "nginx location block",
);

const VARNISH: Cure = cure(
    "let each client have its own stream",
    "return (pass);",
    "vcl_recv",
);

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "cache.replay",
        component: "a cache",
        versions: "Varnish 7.1 where the application says nothing of caching; nginx proxy_cache; Bunny CDN",
        by_default: ByDefault::Varies,
        shows: &[Sign::Replay],
        what: "recorded the stream, and plays the recording",
        betrays: "events older than the request, all at once, then the end; Age, X-Cache: HIT, two ids in X-Varnish",
        cures: &[
            NO_STORE,
            cure(
                "or let each client have its own stream",
                "Cache-Control: no-cache",
                "response header of the application",
            ),
            NGINX,
            VARNISH,
        ],
        sure: Sure::Measured,
        source: "Varnish 7.1, nginx 1.22.1, measured; bunny.net/docs/cdn/server-sent-events",
        test: replay,
    },
    Entry {
        code: "cache.lock",
        component: "nginx",
        versions: "proxy_cache_lock on",
        by_default: ByDefault::No,
        shows: &[Sign::Queue],
        what: "lets the second client wait for the first one's stream to end, and then plays it",
        betrays: "one stream runs; the next one gets the recording of it",
        cures: &[NGINX],
        sure: Sure::Measured,
        source: "nginx 1.22.1, measured",
        test: lock,
    },
];

fn replay(clues: &Clues) -> Option<Case> {
    // Who waited for it has met a lock.
    let replay = clues.replay.as_ref().filter(|_| clues.locked.is_none())?;
    let case = Case::strong(replay.in_words());
    // Without the mark of a cache the application itself may play to the second client what it had made for the first.
    let case = match replay.mark.clone() {
        Some(mark) => case.and_strong(mark),
        None => case.at_most(Medium),
    };
    Some(if clues.header("x-varnish").is_some() {
        case.cured_by(&VARNISH)
    } else if clues.is_signed_by("nginx") {
        case.cured_by(&NGINX)
    } else {
        case
    })
}

fn lock(clues: &Clues) -> Option<Case> {
    let queue = clues.locked.filter(|queue| queue.served == 1)?;
    let waited = plural(queue.waited as u64, "stream");
    let seen = format!("{waited} waited for another one to end, and got the recording of it");
    let case = Case::strong(seen);
    Some(if clues.is_signed_by("nginx") {
        case.and_strong("Server: nginx")
    } else {
        case
    })
}
