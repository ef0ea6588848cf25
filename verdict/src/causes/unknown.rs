//! What to say when the hold is certain and its cause is not.

use run_record::verdict::Confidence::Low;

use super::clues::{Clues, Shape};
use super::{Cure, Entry, Fit, Sure};
use crate::text::{bytes, ms};

const COMPARE: Cure = Cure {
    text: "check the origin by its own URL: if it is live there, what stands before it holds",
    config: "",
    place: "",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry("unknown.size", "a buffer that hands on full blocks", size),
    entry("unknown.time", "a buffer that a timer empties", time),
    entry(
        "unknown.whole",
        "somebody collects the whole response",
        whole,
    ),
    entry(
        "unknown.compressor",
        "a compressor that is not flushed after each event",
        compressor,
    ),
    entry(
        "unknown.lag",
        "each event is completed by the next one",
        behind,
    ),
];

const fn entry(code: &'static str, what: &'static str, test: fn(&Clues) -> Option<Fit>) -> Entry {
    Entry {
        code,
        component: "not identified",
        versions: "any",
        what,
        cure: COMPARE,
        sure: Sure::Measured,
        source: "the arrivals alone",
        test,
    }
}

pub(super) fn is_fallback(entry: &Entry) -> bool {
    entry.code.starts_with("unknown.")
}

fn size(clues: &Clues) -> Option<Fit> {
    let (Shape::Size(grouped) | Shape::Either(grouped)) = clues.shape else {
        return None;
    };
    Some(Fit::new(
        Low,
        [format!("blocks of {}", bytes(grouped.bytes.value))],
    ))
}

fn time(clues: &Clues) -> Option<Fit> {
    let (Shape::Time(grouped) | Shape::Irregular(grouped)) = clues.shape else {
        return None;
    };
    Some(Fit::new(
        Low,
        [format!("held up to {}", ms(grouped.ms.high))],
    ))
}

fn whole(clues: &Clues) -> Option<Fit> {
    let held = match clues.shape {
        Shape::Whole(whole) => format!("nothing before {}", ms(whole.at)),
        Shape::Silence => "nothing, although the server made events".to_owned(),
        _ => return None,
    };
    Some(Fit::new(Low, [held]))
}

fn compressor(clues: &Clues) -> Option<Fit> {
    clues
        .is_compressor()
        .then(|| Fit::new(Low, ["late with Accept-Encoding only".into()]))
}

fn behind(clues: &Clues) -> Option<Fit> {
    let Shape::Behind(behind) = clues.shape else {
        return None;
    };
    Some(Fit::new(
        Low,
        [format!("each event {} late", ms(behind.wait))],
    ))
}
