//! The stable names of what a client can measure, and which of them a conclusion shows.
//!
//! A signature says how bytes came, never why: the catalogue of causes lists for each cause the
//! signatures that it can explain. Source: causes section 1.

use run_record::verdict::Word;

use crate::conclusion::Conclusion;
use crate::cut::{Limit, Proof};
use crate::observations::EndKind;
use crate::signature::{Grouped, NoStream, Rule, Signature, Whole};

/// The name of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// Each event is its own arrival.
    Live,
    /// Released when so many bytes have gathered.
    BatchedSize,
    /// Released every so often.
    BatchedTime,
    /// Released every so often, or when a segment is full.
    BatchedTimeSegment,
    /// Always one event behind.
    LagOne,
    /// Held to the end, the head too.
    EndLateHead,
    /// The head at once, the body at the end.
    EndEarlyHead,
    /// Held to the end, and the length was computed.
    EndContentLength,
    /// Late when compressed, and not otherwise.
    HoldCompressor,
    /// The bytes are on time and do not yet decode.
    DecodeLate,
    /// The first event is late, all others are not.
    FirstLate,
    /// No answer in time.
    CutFirstByte,
    /// Cut after a silence.
    CutIdle,
    /// Cut at an age, although events flow.
    CutTotal,
    /// The end is no proper end.
    CutTruncated,
    /// Events disappear without any error.
    LossSilent,
    /// The message itself is malformed.
    FramingBad,
    /// Other streams hold all workers.
    Queue,
    /// A recording, no stream.
    Replay,
    /// The data allow no word.
    Undecided,
}

impl Sign {
    /// All names, in the order of the vocabulary.
    pub const ALL: &'static [Self] = &[
        Self::Live,
        Self::BatchedSize,
        Self::BatchedTime,
        Self::BatchedTimeSegment,
        Self::LagOne,
        Self::EndLateHead,
        Self::EndEarlyHead,
        Self::EndContentLength,
        Self::HoldCompressor,
        Self::DecodeLate,
        Self::FirstLate,
        Self::CutFirstByte,
        Self::CutIdle,
        Self::CutTotal,
        Self::CutTruncated,
        Self::LossSilent,
        Self::FramingBad,
        Self::Queue,
        Self::Replay,
        Self::Undecided,
    ];

    /// The name; never renamed or reused.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::BatchedSize => "batched.size",
            Self::BatchedTime => "batched.time",
            Self::BatchedTimeSegment => "batched.time+segment",
            Self::LagOne => "lag.one",
            Self::EndLateHead => "end.late-head",
            Self::EndEarlyHead => "end.early-head",
            Self::EndContentLength => "end.content-length",
            Self::HoldCompressor => "hold.compressor",
            Self::DecodeLate => "decode.late",
            Self::FirstLate => "first.late",
            Self::CutFirstByte => "cut.first-byte",
            Self::CutIdle => "cut.idle",
            Self::CutTotal => "cut.total",
            Self::CutTruncated => "cut.truncated",
            Self::LossSilent => "loss.silent",
            Self::FramingBad => "framing.bad",
            Self::Queue => "queue",
            Self::Replay => "replay",
            Self::Undecided => "undecided",
        }
    }

    /// What it means, one sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Live => "Each event is its own arrival, and a lone one is not late.",
            Self::BatchedSize => {
                "Released when so many bytes have gathered: as many at any rate; a lone event comes with the close."
            }
            Self::BatchedTime => {
                "Released by a timer: as far apart at any rate; a lone event is late by that time."
            }
            Self::BatchedTimeSegment => {
                "Released by a timer or by a full segment: slow streams look timed, fast ones come in 1,448 bytes."
            }
            Self::LagOne => "Each event comes when the next one is written, at every rate.",
            Self::EndLateHead => "Status line, headers and all events come together at the close.",
            Self::EndEarlyHead => "The head comes at once and all events at the close.",
            Self::EndContentLength => {
                "Content-Length on a stream: somebody had the whole body before the head was sent."
            }
            Self::HoldCompressor => {
                "Late with Accept-Encoding and live without: a compressor keeps its output."
            }
            Self::DecodeLate => {
                "The bytes come in time, and the events in them cannot be decoded yet."
            }
            Self::FirstLate => {
                "The first events are late and come together, all later ones in time."
            }
            Self::CutFirstByte => "An error page or a close before any event, after a wait.",
            Self::CutIdle => "Cut so long after the last byte; heartbeats prevent it.",
            Self::CutTotal => "Cut so long after the request, whatever flows.",
            Self::CutTruncated => {
                "The message ends without its last chunk, its last byte, or by a reset."
            }
            Self::LossSilent => "A proper end, and events that were sent are missing.",
            Self::FramingBad => {
                "Neither length nor chunks nor close, or bytes that contradict them."
            }
            Self::Queue => "Only so many streams run; the next one begins when one ends.",
            Self::Replay => "Events older than the request, all at once, then the end.",
            Self::Undecided => "Too few events, a silent source, or a busy machine.",
        }
    }

    /// Whether it says how events are delivered, and not what happens to the stream besides.
    pub(crate) const fn is_of_delivery(self) -> bool {
        matches!(
            self,
            Self::Live
                | Self::BatchedSize
                | Self::BatchedTime
                | Self::BatchedTimeSegment
                | Self::LagOne
                | Self::EndLateHead
                | Self::EndEarlyHead
                | Self::EndContentLength
                | Self::HoldCompressor
                | Self::FirstLate
                | Self::Undecided
        )
    }
}

/// All signatures that a conclusion shows, without those that compare several streams.
pub(crate) fn signs(conclusion: &Conclusion) -> Vec<Sign> {
    let delivery = &conclusion.delivery;
    let mut signs = match &delivery.signature {
        Signature::NoStream(no_stream) => of_no_stream(no_stream, conclusion),
        Signature::Silence(silence) if conclusion.word == Word::Buffered => {
            vec![match silence.head {
                Some(_) => Sign::EndEarlyHead,
                None => Sign::EndLateHead,
            }]
        }
        Signature::Whole(whole) => vec![of_whole(whole)],
        Signature::Grouped(grouped) => of_groups(grouped),
        Signature::Behind(_) => vec![Sign::LagOne],
        Signature::FirstLate(_) => vec![Sign::FirstLate],
        Signature::Live(_) => vec![Sign::Live],
        Signature::Silence(_) | Signature::Undecided(_) => vec![Sign::Undecided],
    };
    if delivery.is_compressor || delivery.slower_compressed.is_some() {
        signs.push(Sign::HoldCompressor);
    }
    signs.extend(of_cut(conclusion));
    signs
}

fn of_whole(whole: &Whole) -> Sign {
    if whole.has_length {
        Sign::EndContentLength
    } else if whole.head_was_early() {
        Sign::EndEarlyHead
    } else {
        Sign::EndLateHead
    }
}

fn of_groups(grouped: &Grouped) -> Vec<Sign> {
    match grouped.rule {
        Rule::Size => vec![Sign::BatchedSize],
        Rule::Time => vec![Sign::BatchedTime],
        Rule::Either => vec![
            Sign::BatchedSize,
            Sign::BatchedTime,
            Sign::BatchedTimeSegment,
        ],
        Rule::Irregular => vec![Sign::BatchedSize, Sign::BatchedTime],
    }
}

/// A hop that stopped waiting says so by one of these (causes 1, `cut.first-byte`).
fn of_no_stream(no_stream: &NoStream, conclusion: &Conclusion) -> Vec<Sign> {
    const WAITED: f64 = 500.0;
    let is_late = |at: Option<f64>| at.is_some_and(|at| at > WAITED);
    let timeline = &conclusion.shown().timeline;
    match no_stream {
        NoStream::Status(408 | 502 | 503 | 504 | 524) if is_late(timeline.head) => {
            vec![Sign::CutFirstByte]
        }
        NoStream::NoAnswer if is_late(Some(timeline.end)) => vec![Sign::CutFirstByte],
        _ => Vec::new(),
    }
}

fn of_cut(conclusion: &Conclusion) -> Vec<Sign> {
    let Some(cut) = conclusion.cut else {
        return Vec::new();
    };
    let mut signs = match cut.limit {
        Limit::Idle => vec![Sign::CutIdle],
        Limit::Total => vec![Sign::CutTotal],
        Limit::Unknown => Vec::new(),
    };
    match cut.proof {
        Proof::Framing(EndKind::BadFraming) => signs.extend([Sign::CutTruncated, Sign::FramingBad]),
        Proof::Framing(_) => signs.push(Sign::CutTruncated),
        Proof::More | Proof::Twice => {}
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_once() {
        let mut labels: Vec<_> = Sign::ALL.iter().map(|sign| sign.label()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), 20);
    }
}
