//! The kernel's corked sockets, and what clients take for a fault of the server.

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, advice, cure, from_outside_nobody_can_tell};
use crate::signature::Grouped;
use crate::text::ms;
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "tcp.cork",
        component: "TCP_CORK or MSG_MORE",
        versions: "any server on Linux",
        by_default: ByDefault::Varies,
        shows: &[Sign::BatchedTime, Sign::BatchedTimeSegment],
        what: "the kernel holds data of a corked socket for 200 ms or until a segment is full",
        betrays: "releases 200 to 220 ms apart at any rate, the first byte at 0.200 to 0.215 s",
        cures: &[advice(
            "uncork the socket, or send without MSG_MORE, after each event",
        )],
        sure: Sure::Measured,
        source: "a plain server with TCP_CORK, measured p50 203 ms",
        test: cork,
    },
    Entry {
        code: "tcp.nagle",
        component: "TCP",
        versions: "where a request waits for a delayed acknowledgement",
        by_default: ByDefault::Varies,
        shows: &[Sign::BatchedTime],
        what: "write, write, read waits for a delayed acknowledgement; a one-way stream does not (measured)",
        betrays: "nothing that a stream shows: gaps of 40 ms are no evidence",
        cures: &[cure(
            "switch the delay off",
            "TCP_NODELAY",
            "the option of the server's socket",
        )],
        sure: Sure::Issue,
        source: "scylladb/seastar#968; its absence on streams measured",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "browser.sniff",
        component: "Chrome",
        versions: "text/plain without nosniff",
        by_default: ByDefault::Yes,
        shows: &[Sign::FirstLate],
        what: "looks at the first 1,024 bytes before it hands on any of them; never for text/event-stream",
        betrays: "only in the browser",
        cures: &[cure(
            "say that the type is meant",
            "X-Content-Type-Options: nosniff",
            "response header of the application",
        )],
        sure: Sure::Issue,
        source: "stackoverflow.com/q/13557900",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "client.library-buffer",
        component: "the client's library",
        versions: "any",
        by_default: ByDefault::Varies,
        shows: &[Sign::Live],
        what: "gathers what the socket has long given: on the wire the stream is live",
        betrays: "live for loadgen and late in the application",
        cures: &[advice(
            "read the response as a stream, and take times at the socket",
        )],
        sure: Sure::Source,
        source: "causes 3.7: the time is taken where bytes leave the kernel",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "client.stalled",
        component: "the client's machine",
        versions: "any",
        by_default: ByDefault::Varies,
        shows: &[Sign::Undecided],
        what: "did not run when events arrived: they come together, and nobody held them",
        betrays: "the finding own.stall",
        cures: &[advice("run the check on a machine with time to spare")],
        sure: Sure::Measured,
        source: "a stopped client of a live server, measured",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "rails.sse-helper-writes",
        component: "ActionController::Live::SSE",
        versions: "Rails 6.1",
        by_default: ByDefault::Yes,
        shows: &[Sign::Live],
        what: "writes each event in four pieces: no fault, an event is there with its blank line",
        betrays: "four chunks per event",
        cures: &[advice("nothing to change")],
        sure: Sure::Measured,
        source: "Rails 6.1.7.10, measured: up to 69 reads for 10 events",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "head.waits-first-write",
        component: "Rails, Node.js, gunicorn, h2o",
        versions: "any",
        by_default: ByDefault::Yes,
        shows: &[Sign::Live],
        what: "sends the head with the first event: events are on time, EventSource.onopen is late",
        betrays: "the finding head.late",
        cures: &[cure(
            "in Node.js",
            "res.flushHeaders()",
            "the handler, before the first write",
        )],
        sure: Sure::Measured,
        source: "Rails Live, node, gunicorn, h2o, measured",
        test: from_outside_nobody_can_tell,
    },
];

/// "held for 204 ms", or how far apart the releases were where no wait is known.
pub(super) fn held(grouped: &Grouped) -> String {
    if grouped.is_wait {
        format!("held for {}", ms(grouped.ms.value))
    } else {
        format!("released every {}", ms(grouped.interval))
    }
}

/// Whether a hold is the kernel's limit for corked data: 200 ms, one gap later
/// where only the distance of releases is known.
pub(super) fn is_cork(grouped: &Grouped) -> bool {
    let (low, high) = if grouped.is_wait {
        (grouped.ms.value, grouped.ms.value)
    } else {
        (grouped.interval - grouped.gap, grouped.interval)
    };
    low <= 225.0 && high >= 195.0 && high - low <= 210.0
}

/// Whether a hold lasts about so long: within 5 % or 10 ms (causes 5.4).
pub(super) fn lasts_about(grouped: &Grouped, time: f64) -> bool {
    let slack = (0.05 * time).max(10.0);
    // A timer that starts with the first held event is as long as the wait, one that runs by itself as the distance
    // of releases.
    let low = if grouped.is_wait {
        grouped.ms.value
    } else {
        grouped.interval - grouped.gap
    };
    let high = grouped.interval.max(low);
    low <= time + slack && high >= time - slack
}

fn cork(clues: &Clues) -> Option<Case> {
    // Without send times and without a mark, 200 ms are as likely the rhythm of the source.
    let grouped = clues
        .time()
        .filter(|grouped| grouped.is_wait && is_cork(grouped))?;
    let is_marked =
        clues.has_ruby_marks() || clues.has_proxy_marks() || clues.has_lower_case_names();
    (!is_marked && !clues.outlasts_segments).then(|| {
        let seen = format!("{}: the kernel's limit for a corked socket", held(grouped));
        Case::strong(seen).and_weak("no mark of Puma or HAProxy")
    })
}
