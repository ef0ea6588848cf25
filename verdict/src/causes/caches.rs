//! Caches that record a stream, and play it to those who come later.

use super::clues::Clues;
use super::{ByDefault, Case, Cure, Entry, Sure, cure};
use crate::text::{ms, plural};
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
            cure("in Varnish", "return (pass);", "vcl_recv"),
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
    let replay = clues.replay.as_ref()?;
    let events = plural(replay.events as u64, "event");
    let seen = match replay.oldest {
        Some(oldest) => format!(
            "{events}, up to {} older than the request, then the end",
            ms(oldest)
        ),
        None => format!("{events} at once, then the end"),
    };
    let case = Case::strong(seen);
    Some(match replay.mark.clone() {
        Some(mark) => case.and_strong(mark),
        None => case,
    })
}

fn lock(clues: &Clues) -> Option<Case> {
    let queue = clues.queue.filter(|queue| queue.served == 1)?;
    (clues.replay.is_some() && queue.waited > 0)
        .then(|| Case::strong("one stream ran, and the others got a recording of it"))
}
