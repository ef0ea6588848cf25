//! The word, by precedence, and everything it rests on: what sentences, causes and findings speak about.
//!
//! It must not know how any of them is put.

use run_record::verdict::{Reason, Word};

use crate::cut::Cut;
use crate::signature::{Live, Signature, Silence};
use crate::weigh::{Delivery, Reading, Readings};

/// The word and everything it rests on.
pub(crate) struct Conclusion<'r, 'o> {
    /// All probes.
    pub readings: &'r Readings<'o>,
    /// What they amount to.
    pub delivery: Delivery,
    /// How the headline response was cut, if it was.
    pub cut: Option<Cut>,
    /// The word.
    pub word: Word,
    /// Why there is no better one.
    pub reason: Option<Reason>,
}

impl<'r, 'o> Conclusion<'r, 'o> {
    pub(crate) fn of(readings: &'r Readings<'o>, delivery: Delivery, cut: Option<Cut>) -> Self {
        let (word, reason) = word(&delivery, cut.is_some());
        Self {
            readings,
            delivery,
            cut,
            word,
            reason,
        }
    }

    /// The reading that shows the delivery best.
    pub(crate) fn shown(&self) -> &'r Reading<'o> {
        self.readings.at(self.delivery.shown_by)
    }

    /// Streams that were live beside the one that shows the delivery, at the same time.
    pub(crate) fn live_beside(&self) -> impl Iterator<Item = &'r Live> {
        let shown = self.shown();
        let round = shown.timeline.probe.request.round;
        self.readings
            .all()
            .iter()
            .filter(move |reading| {
                !std::ptr::eq(*reading, shown) && reading.timeline.probe.request.round == round
            })
            .filter_map(|reading| match &reading.signature {
                Signature::Live(live) => Some(live),
                _ => None,
            })
    }
}

/// NO STREAM > BUFFERED > BATCHED > CUT > LIVE > INCONCLUSIVE (DESIGN section 4).
fn word(delivery: &Delivery, is_cut: bool) -> (Word, Option<Reason>) {
    match &delivery.signature {
        Signature::NoStream(_) => (Word::NoStream, None),
        Signature::Whole(_) => (Word::Buffered, None),
        Signature::Silence(silence) if delivery.is_compressor || is_proven(silence) => {
            (Word::Buffered, None)
        }
        Signature::Grouped(_) | Signature::Behind(_) | Signature::FirstLate(_) => {
            (Word::Batched, None)
        }
        _ if is_cut => (Word::Cut, None),
        Signature::Live(_) => (Word::Live, None),
        Signature::Silence(_) => (Word::Inconclusive, Some(Reason::Silence)),
        Signature::Undecided(reason) => (Word::Inconclusive, Some(*reason)),
    }
}

/// Silence of a server whose own log says that it made events.
fn is_proven(silence: &Silence) -> bool {
    const EVENTS: u64 = 5;
    silence
        .emitted_events
        .is_some_and(|events| events >= EVENTS)
}
