//! The rival of every hold that rests on arrivals alone: the source itself.

use run_record::verdict::Confidence::Low;

use super::clues::{Clues, Shape};
use super::{ByDefault, Case, Entry, Sure, advice, from_outside_nobody_can_tell};
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "source.batches",
        component: "the source of the events",
        versions: "any",
        by_default: ByDefault::Varies,
        shows: &[
            Sign::BatchedSize,
            Sign::BatchedTime,
            Sign::BatchedTimeSegment,
            Sign::EndLateHead,
            Sign::EndEarlyHead,
        ],
        what: "publishes in groups, or all at once",
        betrays: "nothing: without send times it looks as a buffer does",
        cures: &[advice(
            "ask the publisher's log, or name the send time in the data with --sent-at",
        )],
        sure: Sure::Measured,
        source: "a source that publishes in groups, measured",
        test: batches,
    },
    Entry {
        code: "source.silent",
        component: "the source of the events",
        versions: "any",
        by_default: ByDefault::Varies,
        shows: &[Sign::Undecided],
        what: "publishes nothing",
        betrays: "nothing: a buffer that is not full looks the same",
        cures: &[advice(
            "ask the publisher's log, or publish something and look again",
        )],
        sure: Sure::Measured,
        source: "a silent source, measured",
        test: from_outside_nobody_can_tell,
    },
];

pub(super) fn is_rival(entry: &Entry) -> bool {
    entry.code == "source.batches"
}

/// Only send times, a length or a control tell it from a buffer (causes 2.4.3).
fn batches(clues: &Clues) -> Option<Case> {
    let is_open = match &clues.shape {
        Shape::Whole(whole) => !whole.has_length,
        // Whoever publishes in groups publishes whole events.
        Shape::Size(grouped) => !grouped.cuts_events,
        Shape::Time(_) | Shape::Either(_) | Shape::Irregular(_) => true,
        _ => false,
    };
    (!clues.has_stamps && is_open && !clues.is_compressor()).then(|| {
        Case::weak("no send times: a source that publishes in groups looks the same").at_most(Low)
    })
}
