//! Apache httpd: FastCGI in blocks, a rate limit, HTTP/2.

use run_record::verdict::Confidence::Low;

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, advice, cure, transport};
use crate::chunks::Chunks;
use crate::observations::Version;
use crate::signature::Grouped;
use crate::text::{bytes, ms};
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "apache.proxy-fcgi",
        component: "Apache mod_proxy_fcgi",
        versions: "2.4.68, 2.4.71 with PHP-FPM; flushpackets works for FastCGI from 2.4.31 on",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize],
        what: "gathers about 4 KB of a FastCGI response before it sends",
        betrays: "one chunk per event, released in bursts of about 4 KB; Server: Apache",
        cures: &[cure(
            "flush each packet",
            "flushpackets=on",
            "the ProxyPass line, or ProxySet in its Proxy section",
        )],
        sure: Sure::Measured,
        source: "mod_proxy_fcgi manual; nextcloud/all-in-one 1acdfe0",
        test: proxy_fcgi,
    },
    Entry {
        code: "apache.fcgid",
        component: "Apache mod_fcgid",
        versions: "any",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize],
        what: "gathers the output of a FastCGI program, reported as 64 KiB",
        betrays: "blocks of 65,536 bytes, Server: Apache",
        cures: &[cure(
            "do not gather",
            "FcgidOutputBufferSize 0",
            "Apache configuration",
        )],
        sure: Sure::Issue,
        source: "icing/mod_h2#147; drupal.org BigPipe",
        test: fcgid,
    },
    Entry {
        code: "apache.ratelimit",
        component: "Apache mod_ratelimit",
        versions: "2.4",
        by_default: ByDefault::No,
        shows: &[Sign::BatchedTime, Sign::BatchedTimeSegment],
        what: "hands on what it may every 200 ms",
        betrays: "releases every 200 ms, the first event of each held for nearly 400 ms, Server: Apache",
        cures: &[advice(
            "remove SetOutputFilter RATE_LIMIT from the stream's location",
        )],
        sure: Sure::Measured,
        source: "Apache 2.4.68 and 2.4.71, measured p50 300 ms",
        test: ratelimit,
    },
    Entry {
        code: "apache.h2-blocks",
        component: "Apache mod_http2",
        versions: "with handlers that do not flush",
        by_default: ByDefault::Varies,
        shows: &[Sign::BatchedSize],
        what: "sends blocks over HTTP/2 unless the handler flushes",
        betrays: "held over HTTP/2 only, Server: Apache",
        cures: &[advice("flush after each event in the handler")],
        sure: Sure::Issue,
        source: "icing/mod_h2#147, #259",
        test: h2_blocks,
    },
];

fn is_apache(clues: &Clues) -> bool {
    clues.is_signed_by("apache") && !clues.is_signed_by("traffic")
}

fn proxy_fcgi(clues: &Clues) -> Option<Case> {
    let size = clues.size().filter(|_| is_apache(clues))?;
    // About 4 KB: a little less where a record's head counts, up to an event more.
    let is_4_kb =
        size.low <= 4_200.0 && size.high >= 3_800.0 && size.low > 2_048.0 - clues.event_bytes;
    (is_4_kb && clues.chunks == Chunks::PerEvent).then(|| {
        Case::strong(format!(
            "one chunk per event, released in blocks of {}",
            bytes(size.high)
        ))
        .and_weak("Server: Apache")
    })
}

fn fcgid(clues: &Clues) -> Option<Case> {
    let size = clues.size().filter(|_| is_apache(clues))?;
    (size.low <= 65_536.0 && size.high >= 65_400.0 && size.low > 60_000.0).then(|| {
        Case::weak(format!("blocks of {}", bytes(size.high)))
            .and_weak("Server: Apache")
            .at_most(Low)
    })
}

fn ratelimit(clues: &Clues) -> Option<Case> {
    let grouped = clues
        .time()
        .filter(|_| is_apache(clues) && !clues.has_lower_case_names())?;
    let seen = if is_two_periods(grouped) {
        format!(
            "released every {}, and held for up to two of those periods: read in one, handed on in the next",
            ms(grouped.interval)
        )
    } else if transport::is_cork(grouped) || transport::lasts_about(grouped, PERIOD) {
        transport::held(grouped)
    } else {
        return None;
    };
    Some(Case::strong(seen).and_weak("Server: Apache"))
}

/// What came during one period of 200 ms waits for the end of the next one, and the first of it nearly as long again.
fn is_two_periods(grouped: &Grouped) -> bool {
    let is_period = (grouped.interval - PERIOD).abs() <= 0.05 * PERIOD;
    let waits = (1.5 * PERIOD)..=(2.1 * PERIOD);
    grouped.is_wait && is_period && waits.contains(&(grouped.ms.value))
}

/// `RATE_INTERVAL_MS` of mod_ratelimit.
const PERIOD: f64 = 200.0;

fn h2_blocks(clues: &Clues) -> Option<Case> {
    let is_over_h2 = clues.version() == Version::Http2 && is_apache(clues);
    let size = clues.size().filter(|_| is_over_h2)?;
    Some(
        Case::weak(format!("blocks of {} over HTTP/2", bytes(size.high)))
            .and_weak("Server: Apache")
            .at_most(Low),
    )
}
