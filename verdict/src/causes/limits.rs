//! Limits of time: which programs cut a stream after how long, by which setting, and what prevents it.
//!
//! A limit of silence counts from the last byte, a total one from the request. A comment line every 15 s
//! defeats every limit of silence here; nothing but a setting defeats a total one. Source: causes section 4.

mod table;

use run_record::verdict::{Confidence::Low, Remedy};

pub use table::LIMITS;

use Kind::{FirstByte, Idle, Total};

use super::{Case, Sure};
use crate::conclusion::Conclusion;
use crate::cut::Limit as CutBy;
use crate::observations::Head;
use crate::text::ms;

/// A limit of time of one program.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimit {
    /// The program, as its makers write the name.
    pub component: &'static str,
    /// The shortest time that it is known to cut after, in seconds.
    pub from: f64,
    /// The longest, in seconds; often the same.
    pub to: f64,
    /// From when it counts.
    pub kind: Kind,
    /// How the end looks.
    pub looks: &'static str,
    /// The setting that raises it; empty where none is known.
    pub knob: &'static str,
    /// Where that setting belongs; empty where it is no exact line.
    pub place: &'static str,
    /// How well it is established.
    pub sure: Sure,
    /// What signs: a header and what it contains. Empty where the program leaves no mark.
    marks: &'static [(&'static str, &'static str)],
}

/// From when a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From the last byte.
    Idle,
    /// From the request, whatever flows.
    Total,
    /// From the request to the first byte.
    FirstByte,
}

impl Kind {
    /// In words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Idle => "of silence",
            Self::Total => "in all",
            Self::FirstByte => "to the first byte",
        }
    }
}

/// How far a measured time may be from a limit, in seconds (causes section 6, step 14).
const NEAR: f64 = 2.0;

impl TimeLimit {
    fn is_near(&self, kind: Kind, seconds: f64) -> bool {
        self.kind == kind && seconds >= self.from - NEAR && seconds <= self.to + NEAR
    }

    fn signs(&self, head: &Head) -> bool {
        self.marks.iter().any(|(name, text)| {
            head.header(name)
                .is_some_and(|value| value.to_ascii_lowercase().contains(text))
        })
    }
}

/// Those limits that explain a cut, and whether the response is signed by their program.
struct Matches {
    kind: Kind,
    seconds: f64,
    limits: Vec<&'static TimeLimit>,
    is_signed: bool,
    is_repeated: bool,
}

impl Matches {
    fn of(kind: Kind, seconds: f64, head: Option<&Head>, is_repeated: bool) -> Option<Self> {
        let near: Vec<_> = LIMITS
            .iter()
            .filter(|limit| limit.is_near(kind, seconds))
            .collect();
        let signed: Vec<_> = near
            .iter()
            .copied()
            .filter(|limit| head.is_some_and(|head| limit.signs(head)))
            .collect();
        let is_signed = !signed.is_empty();
        let limits = if is_signed { signed } else { near };
        (!limits.is_empty()).then_some(Self {
            kind,
            seconds,
            limits,
            is_signed,
            is_repeated,
        })
    }

    /// Of a cut that was seen. One run tells neither kind of limit: then only that of a program that signs is likely.
    fn of_cut(conclusion: &Conclusion) -> Option<Self> {
        let cut = conclusion.cut?;
        let head = conclusion.shown().timeline.probe.head.as_ref();
        let (age, silence) = (cut.age / 1e3, cut.silence / 1e3);
        match cut.limit {
            CutBy::Idle => Self::of(Idle, silence, head, true),
            CutBy::Total => Self::of(Total, age, head, true),
            CutBy::Unknown => {
                let is_silent = silence > SILENT;
                let (kind, seconds) = if is_silent {
                    (Idle, silence)
                } else {
                    (Total, age)
                };
                Self::of(kind, seconds, head, false).filter(|matches| matches.is_signed)
            }
        }
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.limits.iter().map(|limit| limit.component).collect();
        names.join(", ")
    }

    fn remedy(&self) -> Remedy {
        let beat = match self.kind {
            Idle => "send a comment line every 15 s",
            FirstByte => "write a comment line at once, before the first event",
            Total => "no heartbeat defeats it",
        };
        let knobs: Vec<&str> = self
            .limits
            .iter()
            .map(|limit| limit.knob)
            .filter(|knob| !knob.is_empty())
            .collect();
        let or = if self.kind == Total {
            ": raise"
        } else {
            ", or raise"
        };
        let text = match (self.limits.as_slice(), knobs.as_slice()) {
            (_, []) => beat.to_owned(),
            ([_], _) => format!("{beat}{or} the limit"),
            (_, knobs) => format!("{beat}{or} the limit: {}", knobs.join(" or ")),
        };
        let one = match self.limits.as_slice() {
            [one] if !one.knob.is_empty() => Some(*one),
            _ => None,
        };
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Remedy {
            text,
            config: one
                .filter(|one| !one.place.is_empty())
                .and_then(|one| given(one.knob)),
            place: one.and_then(|one| given(one.place)),
        }
    }

    fn case(&self) -> Case {
        let (after, kind) = (ms(self.seconds * 1e3), self.kind.label());
        let times = if self.is_repeated { ", twice" } else { "" };
        let seen = format!("ended after {after} {kind}{times}");
        let limit = format!("the limit of {}", self.names());
        let mut case = match (self.is_signed, self.is_repeated) {
            (true, _) => Case::strong(seen).and_weak(format!("{limit}, which signs the response")),
            (false, true) => Case::weak(seen).and_weak(limit).at_most(Low),
            (false, false) => Case::weak(seen).and_weak(limit).at_most(Low),
        };
        if !self.is_repeated {
            case = case
                .and_weak("once: the same again would separate a limit of silence from one in all")
                .at_most(Low);
        }
        case.cure = Some(self.remedy());
        case.component = Some(self.names());
        case
    }
}

/// Longer than the pauses of a stream that flows, in seconds.
const SILENT: f64 = 10.0;

/// What prevents a cut that was seen, where a limit is known that explains it.
pub(crate) fn remedy_of(conclusion: &Conclusion) -> Option<Remedy> {
    Matches::of_cut(conclusion).map(|matches| matches.remedy())
}

/// Which programs are known to have the limit of a cut that was seen.
pub(crate) fn names_of(conclusion: &Conclusion) -> Option<String> {
    Matches::of_cut(conclusion).map(|matches| matches.names())
}

/// What speaks for a limit of time, and which kind it is.
pub(super) fn case_of(conclusion: &Conclusion) -> Option<(Kind, Case)> {
    let matches = match &conclusion.delivery.signature {
        crate::signature::Signature::NoStream(_) => {
            let timeline = &conclusion.shown().timeline;
            let seconds = timeline.head.unwrap_or(timeline.end) / 1e3;
            let head = timeline.probe.head.as_ref();
            // An upstream that is silent is cut by its limit of silence, before the first byte too.
            Matches::of(FirstByte, seconds, head, false)
                .or_else(|| Matches::of(Idle, seconds, head, false))
                .or_else(|| Matches::of(Total, seconds, head, false))
                .map(|matches| Matches {
                    kind: FirstByte,
                    ..matches
                })
        }
        _ => Matches::of_cut(conclusion),
    }?;
    Some((matches.kind, matches.case()))
}
