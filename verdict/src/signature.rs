//! What one probe shows by itself: the decision order, first match wins.
//!
//! One file per family of rules. A signature says how the bytes came, not why
//! and not yet in which word; several probes together make the verdict.

mod behind;
mod groups;
mod live;
mod no_stream;
mod silence;
mod whole;

use run_record::verdict::Reason;

pub(crate) use behind::Behind;
pub(crate) use groups::{Amount, Grouped, Rule};
pub(crate) use live::{Live, Pause};
pub(crate) use no_stream::NoStream;
pub(crate) use silence::Silence;
pub(crate) use whole::Whole;

use crate::releases::{self, Release};
use crate::timeline::Timeline;

/// How the bytes of one probe came.
///
/// Source: the signature vocabulary of causes section 1.
#[derive(Clone, Debug)]
pub(crate) enum Signature {
    /// No response, or one that is no stream.
    NoStream(NoStream),
    /// Not a byte of body.
    Silence(Silence),
    /// Everything in one burst at the end of the response.
    Whole(Whole),
    /// Each event completed by the next one.
    Behind(Behind),
    /// Held and released, several times.
    Grouped(Grouped),
    /// Only the beginning held, again and again; all later events on time.
    FirstLate(Pause),
    /// Each event by itself and, where send times are known, on time.
    Live(Live),
    /// None of these, and why.
    Undecided(Reason),
}

impl Signature {
    /// Whether events were kept back in any way, or nothing came at all.
    pub(crate) fn is_held(&self) -> bool {
        matches!(
            self,
            Self::Whole(_) | Self::Behind(_) | Self::Grouped(_) | Self::FirstLate(_)
        )
    }

    /// Whether each event came by itself with the next one, as far as one rate tells.
    pub(crate) fn may_be_behind(&self) -> bool {
        match self {
            Self::Behind(_) => true,
            Self::Grouped(grouped) => grouped.waits_for_gap(),
            _ => false,
        }
    }
}

/// Own absence above this share of the watch explains a missing word.
const OWN_ABSENCE: f64 = 0.2;

/// Reads one probe.
///
/// Source: the decision order of causes section 6, as far as one probe goes.
pub(crate) fn read(timeline: &Timeline) -> Signature {
    let releases = releases::releases(timeline);
    let found = no_stream::find(timeline)
        .map(Signature::NoStream)
        .or_else(|| silence::find(timeline).map(Signature::Silence))
        .or_else(|| whole::find(timeline).map(Signature::Whole))
        .or_else(|| behind::find(timeline, &releases).map(Signature::Behind))
        .or_else(|| groups::find(timeline, &releases).map(Signature::Grouped))
        .or_else(|| live::find(timeline, &releases).map(Signature::Live));
    found.unwrap_or_else(|| Signature::Undecided(why_undecided(timeline, &releases)))
}

/// What is known about a hold of which too few releases were seen for a rule.
pub(crate) fn begin_of_groups(timeline: &Timeline) -> Option<Grouped> {
    groups::begin(timeline, &releases::releases(timeline))
}

fn why_undecided(timeline: &Timeline, releases: &[Release]) -> Reason {
    if timeline.own_absence() > OWN_ABSENCE {
        Reason::OwnMachine
    } else if timeline.events.is_empty() {
        if timeline.has_ended() && timeline.body_bytes() == 0 {
            Reason::Empty
        } else {
            Reason::NoEvents
        }
    } else if whole::is_instant(timeline) {
        Reason::Instant
    } else if groups::is_holding(timeline, releases) {
        Reason::FewReleases
    } else if live::is_fine_so_far(timeline, releases) {
        Reason::FewEvents
    } else {
        Reason::Irregular
    }
}
