//! What to say when the hold is certain and its cause is not.

use run_record::verdict::Confidence::Low;

use super::clues::{Clues, Shape};
use super::{ByDefault, Case, Cure, Entry, Sure, advice};
use crate::text::{bytes, ms};
use crate::vocabulary::Sign;

const COMPARE: Cure =
    advice("check the origin by its own URL: if it is live there, what stands before it holds");

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "unknown.size",
        &[Sign::BatchedSize],
        "a buffer that hands on full blocks",
        size,
    ),
    entry(
        "unknown.time",
        &[Sign::BatchedTime, Sign::BatchedTimeSegment],
        "a buffer that a timer empties",
        time,
    ),
    entry(
        "unknown.whole",
        &[
            Sign::EndContentLength,
            Sign::EndLateHead,
            Sign::EndEarlyHead,
        ],
        "somebody collects the whole response",
        whole,
    ),
    entry(
        "unknown.compressor",
        &[Sign::HoldCompressor],
        "a compressor that is not flushed after each event",
        compressor,
    ),
    entry(
        "unknown.lag",
        &[Sign::LagOne],
        "each event is completed by the next one",
        behind,
    ),
];

const fn entry(
    code: &'static str,
    shows: &'static [Sign],
    what: &'static str,
    test: fn(&Clues) -> Option<Case>,
) -> Entry {
    Entry {
        code,
        component: "not identified",
        versions: "any",
        by_default: ByDefault::Varies,
        shows,
        what,
        betrays: "the arrivals, and no fact that names a program",
        cures: &[COMPARE],
        sure: Sure::Measured,
        source: "the arrivals alone",
        test,
    }
}

pub(super) fn is_fallback(entry: &Entry) -> bool {
    entry.code.starts_with("unknown.")
}

fn size(clues: &Clues) -> Option<Case> {
    let (Shape::Size(grouped) | Shape::Either(grouped)) = clues.shape else {
        return None;
    };
    Some(low(format!("blocks of {}", bytes(grouped.bytes.value))))
}

fn time(clues: &Clues) -> Option<Case> {
    let (Shape::Time(grouped) | Shape::Irregular(grouped)) = clues.shape else {
        return None;
    };
    Some(low(format!("held up to {}", ms(grouped.ms.high))))
}

fn whole(clues: &Clues) -> Option<Case> {
    match clues.shape {
        Shape::Whole(whole) => Some(low(format!("nothing before {}", ms(whole.at)))),
        Shape::Silence => Some(low("nothing, although the server made events".into())),
        _ => None,
    }
}

fn compressor(clues: &Clues) -> Option<Case> {
    let is_shape = matches!(clues.shape, Shape::Compressor) || clues.uncompressed.is_some();
    is_shape.then(|| low(clues.late_when_compressed()))
}

fn behind(clues: &Clues) -> Option<Case> {
    let Shape::Behind(behind) = clues.shape else {
        return None;
    };
    Some(low(format!("each event {} late", ms(behind.wait))))
}

fn low(fact: String) -> Case {
    Case::weak(fact).at_most(Low)
}
