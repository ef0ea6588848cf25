//! Why a stream is held back, cut, lost or left waiting: the catalogue as data, and which entries fit.
//!
//! One file per family of software. An entry is named only if it can explain a signature that was seen
//! and at least one fact speaks for it; two that fit equally are both named; where none fits, an
//! `unknown.*` entry says so. A wrong attribution is worse than none. Source: causes sections 2, 3 and 6.

mod apache;
mod applications;
mod caches;
mod caddy;
mod case;
mod clouds;
mod clues;
mod dotnet;
mod go;
mod haproxy;
mod jvm;
mod lighttpd;
pub mod limits;
mod nginx;
mod node;
mod php;
mod python;
mod rack;
mod ruby;
mod source;
mod timeouts;
mod traefik;
mod transport;
mod unknown;
mod varnish;
mod workers;

use run_record::verdict::{Cause, Confidence, Remedy, Word};

use crate::conclusion::Conclusion;
use crate::vocabulary::Sign;
use case::Case;
use clues::Clues;

/// One entry of the catalogue.
pub struct Entry {
    /// `component.cause`; never renamed or reused.
    pub code: &'static str,
    /// The program, as its makers write the name.
    pub component: &'static str,
    /// The versions for which it was established.
    pub versions: &'static str,
    /// Whether an untouched installation shows it.
    pub by_default: ByDefault,
    /// The signatures that it can explain; it is named for no other.
    pub shows: &'static [Sign],
    /// What happens, one sentence.
    pub what: &'static str,
    /// What betrays it, one line.
    pub betrays: &'static str,
    /// What to change: the first is what a verdict prints, all are right.
    pub cures: &'static [Cure],
    /// How well it is established.
    pub sure: Sure,
    /// Where that is written.
    pub source: &'static str,
    /// Whether the clues speak for it, and how strongly.
    test: fn(&Clues) -> Option<Case>,
}

/// Whether an installation that nobody has touched shows a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByDefault {
    /// It does.
    Yes,
    /// Only where somebody installed or configured it so.
    No,
    /// It depends on the version or on what stands around it.
    Varies,
}

impl ByDefault {
    /// In words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Yes => "as installed",
            Self::No => "only where it was installed or configured so",
            Self::Varies => "in some versions or environments",
        }
    }
}

/// A change that cures a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cure {
    /// What to do, one sentence.
    pub text: &'static str,
    /// The exact line or header; empty where there is none.
    pub config: &'static str,
    /// Where that line belongs; empty where there is none.
    pub place: &'static str,
}

/// A cure with a line that a machine can put in its place.
const fn cure(text: &'static str, config: &'static str, place: &'static str) -> Cure {
    Cure {
        text,
        config,
        place,
    }
}

/// A cure that is no single line.
const fn advice(text: &'static str) -> Cure {
    cure(text, "", "")
}

/// How well an entry is established.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// Measured.
    Measured,
    /// Read in the project's source or documentation.
    Source,
    /// Reported by its users.
    Issue,
}

impl Sure {
    /// In words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Source => "read in the source or the documentation",
            Self::Issue => "reported by its users",
        }
    }
}

/// The whole catalogue, by family. Of causes that fit equally the earlier one stands first.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    [
        haproxy::ENTRIES,
        rack::ENTRIES,
        ruby::ENTRIES,
        python::ENTRIES,
        applications::ENTRIES,
        node::ENTRIES,
        php::ENTRIES,
        jvm::ENTRIES,
        dotnet::ENTRIES,
        go::ENTRIES,
        nginx::ENTRIES,
        apache::ENTRIES,
        lighttpd::ENTRIES,
        varnish::ENTRIES,
        caddy::ENTRIES,
        traefik::ENTRIES,
        clouds::ENTRIES,
        transport::ENTRIES,
        workers::ENTRIES,
        caches::ENTRIES,
        timeouts::ENTRIES,
        source::ENTRIES,
        unknown::ENTRIES,
    ]
    .into_iter()
    .flatten()
}

/// The test of an entry that no client can tell by itself: it is there to be looked up.
fn from_outside_nobody_can_tell(_: &Clues) -> Option<Case> {
    None
}

/// How many explanations of one kind a reader can weigh.
const SHOWN: usize = 3;

/// The explanations that fit, the best first: those of the delivery, then those of what else was seen.
pub(crate) fn find(conclusion: &Conclusion) -> Vec<Cause> {
    find_among(conclusion, &|_| true)
}

/// The entry of this code as a cause, for reasons that one stream alone does not show; absent if there is none.
pub(crate) fn named(code: &str, confidence: Confidence, evidence: Vec<String>) -> Option<Cause> {
    let entry = catalogue().find(|entry| entry.code == code)?;
    Some(cause(entry, Case::of(evidence), confidence))
}

/// The explanations that fit among the codes that are possible.
pub(crate) fn find_among(
    conclusion: &Conclusion,
    is_possible: &dyn Fn(&str) -> bool,
) -> Vec<Cause> {
    let clues = Clues::of(conclusion);
    let is_held = matches!(conclusion.word, Word::Batched | Word::Buffered);
    let explains = |entry: &&Entry, of_delivery: bool| {
        let seen = |sign: &&Sign| sign.is_of_delivery() == of_delivery && clues.shows(**sign);
        is_possible(entry.code) && entry.shows.iter().any(|sign| seen(&sign))
    };
    let mut causes = Vec::new();
    if is_held {
        let fitting = best(&clues, |entry| {
            explains(entry, true) && !unknown::is_fallback(entry) && !source::is_rival(entry)
        });
        let is_open = fitting.is_empty();
        let rest = best(&clues, |entry| {
            let is_rest = (is_open && unknown::is_fallback(entry)) || source::is_rival(entry);
            is_rest && is_possible(entry.code)
        });
        causes.extend(fitting);
        causes.extend(rest);
    }
    causes.extend(best(&clues, |entry| explains(entry, false)));
    let mut named: Vec<Cause> = Vec::new();
    for (entry, case, confidence) in causes {
        if named.iter().all(|cause| cause.code != entry.code) {
            named.push(cause(entry, case, confidence));
        }
    }
    named
}

type Named = (&'static Entry, Case, Confidence);

/// Those of some entries that fit best.
fn best(clues: &Clues, is_asked: impl Fn(&&'static Entry) -> bool) -> Vec<Named> {
    let name = |entry: &'static Entry| {
        let case = (entry.test)(clues)?;
        let confidence = case.confidence(clues.is_certain).min(most(entry.sure));
        Some((entry, case, confidence))
    };
    let mut fitting: Vec<Named> = catalogue().filter(is_asked).filter_map(name).collect();
    // Stable: of equals the catalogue's order stands.
    fitting.sort_by_key(|(.., confidence)| std::cmp::Reverse(*confidence));
    fitting.truncate(SHOWN);
    // Two that are as sure as can be exclude each other: then neither is.
    let is_high = |(.., confidence): &&Named| *confidence == Confidence::High;
    if fitting.iter().filter(is_high).count() > 1 {
        for (.., confidence) in &mut fitting {
            *confidence = (*confidence).min(Confidence::Medium);
        }
    }
    fitting
}

/// Only what was measured can be certain.
const fn most(sure: Sure) -> Confidence {
    match sure {
        Sure::Measured => Confidence::High,
        Sure::Source | Sure::Issue => Confidence::Medium,
    }
}

fn cause(entry: &Entry, case: Case, confidence: Confidence) -> Cause {
    let cure = case
        .cure
        .clone()
        .or_else(|| entry.cures.first().map(remedy));
    Cause {
        code: entry.code.into(),
        component: case.component.unwrap_or_else(|| entry.component.into()),
        confidence,
        remedy: cure,
        evidence: case.facts,
    }
}

fn remedy(cure: &Cure) -> Remedy {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Remedy {
        text: cure.text.to_owned(),
        config: given(cure.config),
        place: given(cure.place),
    }
}

#[cfg(test)]
mod tests;
