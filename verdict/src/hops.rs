//! One stream seen at several places of its way: which hop holds it back, and what is left of the causes once the
//! hops before it are known.
//!
//! Each hop is diagnosed by itself; here its neighbours speak. The first hop whose word is worse than that of the hop
//! before it is named, and one behind an already bad hop is not blamed. Source: DESIGN section 4, causes 5.3 (P16)
//! and 2.4.12.

mod added;
mod attribution;
mod headers;
mod summary;

use run_record::hops::{Added, HeaderChange, Standing};
use run_record::verdict::{Confidence, Hold, HoldBy, Reason, Verdict, Word};

use crate::observations::{EndKind, Observations, Probe};
use crate::signature::Signature;
use crate::text::{ms, plural};
use crate::weigh::Readings;

pub use summary::finding;

/// One place of the way, and what was seen there.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a> {
    /// What the user calls it.
    pub name: &'a str,
    /// What its probes saw.
    pub observations: &'a Observations,
}

/// What one hop does to the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// How the stream comes out of it, with the causes that its neighbours leave.
    pub verdict: Verdict,
    /// Its part in that.
    pub standing: Standing,
    /// What it made of the head of the hop before it.
    pub headers_changed: Vec<HeaderChange>,
    /// How much later the same events came out of it than out of the hop before it.
    pub added: Option<Added>,
}

/// Compares hops, the origin first.
///
/// `beside` has one probe for each hop, watched at the same time, or is empty: only such events can be compared one by
/// one. Total, like a diagnosis; the result has one entry for each hop.
#[must_use]
pub fn compare(hops: &[Hop<'_>], beside: &[Probe]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::with_capacity(hops.len());
    for (index, hop) in hops.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| (&hops[at], &found[at]));
        let mut verdict = crate::diagnose(hop.observations);
        if let Some((before, found)) = before {
            held_beside_a_live_one(&mut verdict, hop, before, &found.verdict);
        }
        let standing = standing(verdict.word, before.map(|(_, found)| found.verdict.word));
        if let Some((before, found)) = before {
            attribution::refine(&mut verdict, standing, hop, before, &found.verdict);
        } else if hops.len() > 1 {
            attribution::of_origin(&mut verdict);
        }
        found.push(Found {
            verdict,
            standing,
            headers_changed: before
                .map(|(before, _)| headers::changes(before.observations, hop.observations))
                .unwrap_or_default(),
            added: before.and_then(|_| {
                let pair = beside.get(index - 1).zip(beside.get(index));
                pair.and_then(|(one, other)| added::between(one, other))
            }),
        });
    }
    found
}

/// How bad a word is for those who read the stream; none for words that say nothing about it.
fn badness(word: Word) -> Option<u8> {
    match word {
        Word::Live => Some(0),
        Word::Cut => Some(1),
        Word::Batched => Some(2),
        Word::Buffered => Some(3),
        Word::NoStream => Some(4),
        Word::Inconclusive | Word::Invalid => None,
    }
}

fn standing(word: Word, before: Option<Word>) -> Standing {
    let Some(here) = badness(word) else {
        return Standing::Unknown;
    };
    // What a live hop gets cannot be worse than what it gives, whatever its neighbour was asked.
    if here == 0 {
        return Standing::Passes;
    }
    match before.map_or(Some(0), badness) {
        None => Standing::Unknown,
        // An origin that is not to be had from here may be live all the same.
        Some(_) if before.is_none() && word == Word::NoStream => Standing::Unknown,
        Some(0) => Standing::HoldsBack,
        Some(before) if before < here => Standing::Worsens,
        // A stream that is not to be had there says nothing about the one that is had here.
        Some(4) if here < 4 => Standing::Unknown,
        Some(_) => Standing::Behind,
    }
}

/// Silence is no word by itself; beside a hop that is live it is a hold. As with a compressor, ten events of the
/// control are needed, and a head: a server that is busy with somebody else sends none.
fn held_beside_a_live_one(verdict: &mut Verdict, hop: &Hop, before: &Hop, control: &Verdict) {
    const EVENTS: usize = 10;
    let is_silent = verdict.word == Word::Inconclusive && verdict.reason == Some(Reason::Silence);
    if !is_silent || control.word != Word::Live {
        return;
    }
    let readings = Readings::of(hop.observations);
    let silences = readings
        .all()
        .iter()
        .filter_map(|reading| match &reading.signature {
            Signature::Silence(silence) if silence.head.is_some() => Some(silence.watched),
            _ => None,
        });
    let watched = silences.fold(0.0, f64::max);
    let readings = Readings::of(before.observations);
    let tenth = readings.all().iter().find_map(|reading| {
        let is_live = matches!(reading.signature, Signature::Live(_));
        let event = reading
            .timeline
            .events
            .get(EVENTS - 1)
            .filter(|_| is_live)?;
        Some(event.arrival.hi)
    });
    let Some(tenth) = tenth.filter(|tenth| watched >= 2.0 * tenth) else {
        return;
    };
    verdict.word = Word::Buffered;
    verdict.reason = None;
    verdict.confidence = Confidence::High;
    verdict.hold = Some(Hold::by(HoldBy::End));
    verdict.gloss = format!("nothing within {}", ms(watched));
    verdict.evidence.insert(
        0,
        format!(
            "not a byte within {} at {}, and {} within {} at {}",
            ms(watched),
            hop.name,
            plural(EVENTS as u64, "event"),
            ms(tenth),
            before.name,
        ),
    );
    verdict
        .findings
        .retain(|finding| finding.code != "run.next");
}

/// The probe of a hop that speaks for its head: the first that has one, which asked as a browser asks.
fn spokesman(observations: &Observations) -> Option<&Probe> {
    let with_head = |probe: &&Probe| probe.head.is_some();
    observations.probes.iter().find(with_head)
}

/// Whether the response of a probe can be compared with another one's as a stream.
fn is_stream(probe: &Probe) -> bool {
    !probe.events.is_empty() || probe.end.kind == EndKind::StillOpen
}
