//! The rival of every hold that rests on arrivals alone: the source itself.

use run_record::verdict::Confidence::Low;

use super::clues::{Clues, Shape};
use super::{Cure, Entry, Fit, Sure};

pub(super) const ENTRIES: &[Entry] = &[Entry {
    code: "source.batches",
    component: "the source of the events",
    versions: "any",
    what: "publishes in groups, or all at once",
    cure: Cure {
        text: "ask the publisher's log, or name the send time in the data with --sent-at",
        config: "",
        place: "",
    },
    sure: Sure::Measured,
    source: "a source that publishes in groups, measured",
    test: batches,
}];

pub(super) fn is_rival(entry: &Entry) -> bool {
    entry.code == "source.batches"
}

/// Only send times, a length or a control tell it from a buffer (causes 2.4.3).
fn batches(clues: &Clues) -> Option<Fit> {
    let is_proven = match &clues.shape {
        Shape::Compressor | Shape::Silence | Shape::Behind(_) => true,
        Shape::Whole(whole) => whole.has_length,
        Shape::Size(_) | Shape::Time(_) | Shape::Either(_) | Shape::Irregular(_) => false,
    };
    (!clues.has_stamps && !is_proven).then(|| {
        Fit::new(
            Low,
            ["no send times: a source that publishes in groups looks the same".into()],
        )
    })
}
