//! Responses that were cut or refused by a limit of time.

use super::clues::Clues;
use super::limits::Kind;
use super::{ByDefault, Case, Entry, Sure, advice};
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "timeout.idle",
        component: "a limit of silence",
        versions: "any",
        by_default: ByDefault::Yes,
        shows: &[Sign::CutIdle, Sign::CutTruncated],
        what: "cuts a response that was silent for too long",
        betrays: "the same silence before the end, whatever the age; the time is that of a program below",
        cures: &[advice(
            "send a comment line every 15 s, and raise the limit of the hop that cut",
        )],
        sure: Sure::Measured,
        source: "nginx, HAProxy, Apache, Varnish, h2o, nghttpx, Traffic Server, measured; the others documented",
        test: idle,
    },
    Entry {
        code: "timeout.total",
        component: "a limit of the whole response",
        versions: "any",
        by_default: ByDefault::Yes,
        shows: &[Sign::CutTotal, Sign::CutTruncated],
        what: "cuts a response at an age, whatever flows",
        betrays: "the same age at the end, whatever it carried",
        cures: &[advice(
            "no heartbeat defeats a total limit: raise it where the stream passes",
        )],
        sure: Sure::Measured,
        source: "Envoy 1.40 and gunicorn, measured; the others documented",
        test: total,
    },
    Entry {
        code: "timeout.first-byte",
        component: "a limit to the first byte",
        versions: "any",
        by_default: ByDefault::Yes,
        shows: &[Sign::CutFirstByte],
        what: "gives up a response that has not begun",
        betrays: "an error page or a close after the time of a program below",
        cures: &[advice(
            "write a comment line at once, before the first event",
        )],
        sure: Sure::Measured,
        source: "nginx, measured; Heroku, Bunny CDN, documented",
        test: first_byte,
    },
];

fn of_kind(clues: &Clues, kind: Kind) -> Option<Case> {
    let (found, case) = clues.limit.as_ref()?;
    (*found == kind).then(|| case.clone())
}

fn idle(clues: &Clues) -> Option<Case> {
    of_kind(clues, Kind::Idle)
}

fn total(clues: &Clues) -> Option<Case> {
    of_kind(clues, Kind::Total)
}

fn first_byte(clues: &Clues) -> Option<Case> {
    of_kind(clues, Kind::FirstByte)
}
