//! The facts that choose between causes: the shape of the hold, the chunks, the
//! marks of components in the head. Arrivals decide; headers only choose between
//! causes that fit the arrivals.

mod marks;

use super::Case;
use super::limits::{self, Kind};
use crate::chunks::Chunks;
use crate::conclusion::Conclusion;
use crate::cut::Cut;
use crate::loss;
use crate::observations::{Format, Head};
use crate::queue::{self, Queue};
use crate::replay::Replay;
use crate::signature::{Amount, Behind, Grouped, NoStream, Rule, Signature, Whole};
use crate::timeline::{Role, Timeline};
use crate::vocabulary::{self, Sign};

/// What the tests of entries may look at.
pub(super) struct Clues<'c> {
    /// The signatures that were seen.
    signs: Vec<Sign>,
    /// How events were held.
    pub shape: Shape<'c>,
    head: Option<&'c Head>,
    /// How the chunks compare with the events.
    pub chunks: Chunks,
    /// Median bytes of an event; zero where none came.
    pub event_bytes: f64,
    /// Duration of the response or of the watch, in seconds.
    pub seconds: f64,
    /// When the head came, in seconds after the request.
    pub head_after: Option<f64>,
    /// Whether the events carry send times.
    pub has_stamps: bool,
    /// Whether send times are known, or the response or a control is proof.
    pub is_certain: bool,
    /// How the body was cut into events.
    pub format: Format,
    /// Whether the first bytes were those that a compressor sends ahead of all data, and came long before any event.
    pub begins_with_preamble: bool,
    /// The chunks of the same stream without Accept-Encoding, if it was held there too, but less.
    pub uncompressed: Option<Chunks>,
    /// How the response was cut.
    pub cut: Option<Cut>,
    /// Streams that waited for others, for want of workers.
    pub queue: Option<Queue>,
    /// Streams that waited for another one, and got its recording.
    pub locked: Option<Queue>,
    /// A recording instead of a stream.
    pub replay: Option<Replay>,
    /// The limit of time that explains how the response was cut or refused, and what speaks for it.
    pub limit: Option<(Kind, Case)>,
    /// Reads of compressed bytes that no event could be decoded of.
    pub undecoded_reads: Option<usize>,
    /// What was lost over HTTP/1.0 and came over a newer one, in words.
    pub lost_over_http10: Option<String>,
    /// Whether more than a full segment was held as long as anything: what sends to this machine has a timer and no
    /// cork. A cork behind it is not excluded.
    pub outlasts_segments: bool,
    /// Whether the request was also made without Accept-Encoding.
    is_compared: bool,
    /// Complete members of a gzip body.
    pub gzip_members: u64,
    /// How many events came.
    pub events: usize,
}

/// How events were held.
pub(super) enum Shape<'c> {
    /// To the end of the response.
    Whole(&'c Whole),
    /// Released by size.
    Size(&'c Grouped),
    /// Released by time.
    Time(&'c Grouped),
    /// Released by size or time, not separated or both.
    Either(&'c Grouped),
    /// Released, in no regular way.
    Irregular(&'c Grouped),
    /// One event behind.
    Behind(&'c Behind),
    /// Late with Accept-Encoding, live without.
    Compressor,
    /// Not a byte, although the server made events.
    Silence,
    /// An answer that is no stream.
    NoStream(&'c NoStream),
    /// Not at all, or nobody can tell.
    Free,
}

impl<'c> Clues<'c> {
    /// The clues behind a conclusion.
    pub(super) fn of(conclusion: &'c Conclusion) -> Self {
        let timeline = &conclusion.shown().timeline;
        let queue = queue::find(conclusion.readings);
        let replay = conclusion.readings.replay().cloned();
        let mut signs = vocabulary::signs(conclusion);
        signs.extend(queue.map(|_| Sign::Queue));
        signs.extend(replay.as_ref().map(|_| Sign::Replay));
        let is_locked = replay.as_ref().is_some_and(|replay| replay.has_waited);
        let undecoded_reads = timeline.undecoded_reads();
        if timeline.probe.gzip_members > 1 || undecoded_reads.is_some() {
            signs.push(Sign::DecodeLate);
        }
        let lost_over_http10 = loss::over_http10(conclusion.readings);
        signs.extend(lost_over_http10.as_ref().map(|_| Sign::LossSilent));
        let is_compared = is_compared(conclusion);
        let has_stamps = timeline.role != Role::Foreign;
        let shape = shape(conclusion);
        let is_coded = timeline.is_coded();
        // What is compressed and held may be held by the compressor; only a control says so.
        let is_held = matches!(
            shape,
            Shape::Whole(_) | Shape::Silence | Shape::Irregular(_) | Shape::Size(_)
        );
        if is_held && is_coded && !is_compared && !signs.contains(&Sign::HoldCompressor) {
            signs.push(Sign::HoldCompressor);
        }
        let is_proof = match &shape {
            Shape::Whole(whole) => whole.has_length,
            Shape::Compressor | Shape::Silence => true,
            _ => false,
        };
        Self {
            signs,
            shape,
            head: head(conclusion),
            chunks: Chunks::of(timeline),
            event_bytes: timeline.event_bytes().unwrap_or_default(),
            seconds: timeline.end / 1e3,
            head_after: timeline.head.map(|head| head / 1e3),
            has_stamps,
            is_certain: has_stamps || is_proof,
            format: timeline.probe.request.format,
            begins_with_preamble: begins_with_preamble(timeline),
            uncompressed: uncompressed(conclusion),
            cut: conclusion.cut,
            queue: queue.filter(|_| !is_locked),
            locked: queue.filter(|_| is_locked),
            replay,
            limit: limits::case_of(conclusion),
            undecoded_reads,
            lost_over_http10,
            outlasts_segments: outlasts_segments(conclusion),
            is_compared,
            gzip_members: timeline.probe.gzip_members,
            events: timeline.events.len(),
        }
    }

    /// Whether that signature was seen.
    pub(super) fn shows(&self, sign: Sign) -> bool {
        self.signs.contains(&sign)
    }

    /// The hold to the end, if that is what it is.
    pub(super) fn whole(&self) -> Option<&'c Whole> {
        if let Shape::Whole(whole) = self.shape {
            Some(whole)
        } else {
            None
        }
    }

    /// A hold to the end whose head waited too, without an announced length.
    pub(super) fn late_head(&self) -> Option<&'c Whole> {
        self.whole()
            .filter(|whole| !whole.has_length && !whole.head_was_early())
    }

    /// A hold to the end with an announced length.
    pub(super) fn collected(&self) -> Option<&'c Whole> {
        self.whole().filter(|whole| whole.has_length)
    }

    /// A hold to the end behind an early head.
    pub(super) fn early_head(&self) -> Option<&'c Whole> {
        self.whole()
            .filter(|whole| !whole.has_length && whole.head_was_early())
    }

    /// The bytes of a release, if they may be what triggers it.
    pub(super) fn size(&self) -> Option<&'c Amount> {
        match self.shape {
            Shape::Size(grouped) | Shape::Either(grouped) => Some(&grouped.bytes),
            _ => None,
        }
    }

    /// The time that may be what triggers a release.
    pub(super) fn time(&self) -> Option<&'c Grouped> {
        match self.shape {
            Shape::Time(grouped) | Shape::Either(grouped) => Some(grouped),
            _ => None,
        }
    }

    /// Whether a compressor was shown to hold: live, or held less, without it.
    pub(super) fn is_compressor(&self) -> bool {
        self.shows(Sign::HoldCompressor)
    }

    /// What was seen of that compressor, in words.
    pub(super) fn late_when_compressed(&self) -> String {
        match &self.uncompressed {
            None => "late with Accept-Encoding only".into(),
            Some(_) => "later with Accept-Encoding than without it".into(),
        }
    }

    /// The case for a compressor: strong where the same request without Accept-Encoding was earlier, a hint where it
    /// was not made; absent where it was as late.
    pub(super) fn compressor(&self) -> Option<Case> {
        // One behind is a fault of its own: whoever can have it asks for that shape.
        let is_behind = matches!(self.shape, Shape::Behind(_));
        if !self.is_compressor() || is_behind {
            None
        } else if self.is_compared {
            Some(Case::strong(self.late_when_compressed()))
        } else {
            Some(Case::weak(
                "compressed, and held; not yet compared with a request without Accept-Encoding",
            ))
        }
    }
}

fn shape<'c>(conclusion: &'c Conclusion) -> Shape<'c> {
    match &conclusion.delivery.signature {
        // A compressor that is one behind says more of itself.
        Signature::Behind(behind) => Shape::Behind(behind),
        _ if conclusion.delivery.is_compressor => Shape::Compressor,
        Signature::Whole(whole) => Shape::Whole(whole),
        Signature::Silence(_) => Shape::Silence,
        Signature::Grouped(grouped) => match grouped.rule {
            Rule::Size => Shape::Size(grouped),
            Rule::Time => Shape::Time(grouped),
            Rule::Either => Shape::Either(grouped),
            Rule::Irregular => Shape::Irregular(grouped),
        },
        Signature::NoStream(no_stream) => Shape::NoStream(no_stream),
        Signature::FirstLate(_) | Signature::Live(_) | Signature::Undecided(_) => Shape::Free,
    }
}

/// The head of what is shown. A compressor of the application holds the head too: then that of its control, which the
/// same programs have signed.
fn head<'o>(conclusion: &Conclusion<'_, 'o>) -> Option<&'o Head> {
    let (_, controls) = conclusion.readings.headline_and_controls();
    let of_controls = || {
        let mut heads = controls
            .iter()
            .filter_map(|index| conclusion.readings.at(*index).timeline.probe.head.as_ref());
        heads.next().filter(|_| conclusion.delivery.is_compressor)
    };
    let shown = conclusion.shown().timeline.probe.head.as_ref();
    shown.or_else(of_controls)
}

/// At most the header of gzip, long before the first event or, where none came, before the end of the watch.
fn begins_with_preamble(timeline: &Timeline) -> bool {
    const PREAMBLE: u64 = 18;
    let first = timeline.reads.first().zip(timeline.probe.reads.first());
    let data = match timeline.events.first() {
        Some(event) => event.arrival.hi,
        None => timeline.end,
    };
    first.is_some_and(|(at, read)| read.body_bytes <= PREAMBLE && at.hi < data / 2.0)
}

fn uncompressed(conclusion: &Conclusion) -> Option<Chunks> {
    let control = conclusion.delivery.slower_compressed?;
    Some(Chunks::of(&conclusion.readings.at(control).timeline))
}

fn outlasts_segments(conclusion: &Conclusion) -> bool {
    let Signature::Grouped(timed) = &conclusion.shown().signature else {
        return false;
    };
    conclusion.readings.on_other_ways().any(|reading| {
        let segment = reading.timeline.probe.request.way.max_segment;
        match (segment, &reading.signature) {
            (Some(segment), Signature::Grouped(grouped)) => {
                grouped.bytes.value > f64::from(segment) && grouped.interval >= 0.8 * timed.ms.value
            }
            _ => false,
        }
    })
}

/// Whether a request without Accept-Encoding was made beside those with it.
fn is_compared(conclusion: &Conclusion) -> bool {
    let (_, controls) = conclusion.readings.headline_and_controls();
    !controls.is_empty()
}
