//! Why a stream is held back: the catalogue as data, and which entries fit.
//!
//! One file per family of software. An entry is named only if the signature
//! allows it and at least one strong fact speaks for it; two that fit equally
//! are both named; where none fits, an `unknown.*` entry says so. A wrong
//! attribution is worse than none. Source: causes sections 2, 3 and 6.

mod between;
mod clues;
mod compressors;
mod haproxy;
mod httpd;
mod lighttpd;
mod nginx;
mod ruby;
mod runtimes;
mod source;
mod unknown;
mod varnish;

use run_record::verdict::{Cause, Confidence, Remedy, Word};

use crate::conclusion::Conclusion;
use clues::Clues;

/// One entry of the catalogue.
pub struct Entry {
    /// `component.cause`; never renamed or reused.
    pub code: &'static str,
    /// The program, as its makers write the name.
    pub component: &'static str,
    /// The versions for which it was established.
    pub versions: &'static str,
    /// What happens, one sentence.
    pub what: &'static str,
    /// What to change.
    pub cure: Cure,
    /// How well it is established.
    pub sure: Sure,
    /// Where that is written.
    pub source: &'static str,
    /// Whether the clues speak for it, and how strongly.
    test: fn(&Clues) -> Option<Fit>,
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

/// How well an entry is established.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// Measured, and so was the cure.
    Measured,
    /// Read in the project's source or documentation.
    Source,
    /// Reported by its users.
    Issue,
}

/// What speaks for an entry.
struct Fit {
    confidence: Confidence,
    evidence: Vec<String>,
}

impl Fit {
    /// An entry that fits with this confidence, for these reasons.
    fn new<const N: usize>(confidence: Confidence, evidence: [String; N]) -> Self {
        Self {
            confidence,
            evidence: evidence.into(),
        }
    }
}

/// The whole catalogue, by family.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    [
        ruby::ENTRIES,
        nginx::ENTRIES,
        haproxy::ENTRIES,
        httpd::ENTRIES,
        lighttpd::ENTRIES,
        varnish::ENTRIES,
        compressors::ENTRIES,
        runtimes::ENTRIES,
        between::ENTRIES,
        source::ENTRIES,
        unknown::ENTRIES,
    ]
    .into_iter()
    .flatten()
}

/// How many explanations a reader can weigh.
const SHOWN: usize = 3;

/// The explanations that fit, the best first.
pub(crate) fn find(conclusion: &Conclusion) -> Vec<Cause> {
    find_among(conclusion, &|_| true)
}

/// The entry of this code as a cause, for reasons that one stream alone does not show; absent if there is none.
pub(crate) fn named(code: &str, confidence: Confidence, evidence: Vec<String>) -> Option<Cause> {
    let entry = catalogue().find(|entry| entry.code == code)?;
    Some(cause(
        entry,
        Fit {
            confidence,
            evidence,
        },
    ))
}

/// The explanations that fit among the codes that are possible, the best first.
pub(crate) fn find_among(
    conclusion: &Conclusion,
    is_possible: &dyn Fn(&str) -> bool,
) -> Vec<Cause> {
    if !matches!(conclusion.word, Word::Batched | Word::Buffered) {
        return Vec::new();
    }
    let Some(clues) = Clues::of(conclusion) else {
        return Vec::new();
    };
    let catalogue = || catalogue().filter(|entry| is_possible(entry.code));
    let mut fitting: Vec<(&Entry, Fit)> = catalogue()
        .filter(|entry| !unknown::is_fallback(entry) && !source::is_rival(entry))
        .filter_map(|entry| Some((entry, (entry.test)(&clues)?)))
        .collect();
    // Stable: of equals the catalogue's order stands, and no family is sorted before its rival.
    fitting.sort_by_key(|(_, fit)| std::cmp::Reverse(fit.confidence));
    fitting.truncate(SHOWN);
    let rest = catalogue().filter(|entry| {
        (fitting.is_empty() && unknown::is_fallback(entry)) || source::is_rival(entry)
    });
    let rest: Vec<_> = rest
        .filter_map(|entry| Some((entry, (entry.test)(&clues)?)))
        .collect();
    fitting
        .into_iter()
        .chain(rest)
        .map(|(entry, fit)| cause(entry, fit))
        .collect()
}

fn cause(entry: &Entry, fit: Fit) -> Cause {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Cause {
        code: entry.code.into(),
        component: entry.component.into(),
        confidence: fit.confidence,
        evidence: fit.evidence,
        remedy: given(entry.cure.text).map(|text| Remedy {
            text,
            config: given(entry.cure.config),
            place: given(entry.cure.place),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_every_entry_is_complete() {
        let mut codes: Vec<&str> = catalogue().map(|entry| entry.code).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count, "a code stands twice");
        for entry in catalogue() {
            let lower = entry
                .code
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c));
            assert!(
                lower && entry.code.contains('.'),
                "{} is no code",
                entry.code
            );
            let texts = [
                entry.component,
                entry.versions,
                entry.what,
                entry.cure.text,
                entry.source,
            ];
            assert!(
                texts.iter().all(|text| !text.is_empty()),
                "{} has a gap",
                entry.code
            );
            assert_eq!(
                entry.cure.config.is_empty(),
                entry.cure.place.is_empty(),
                "{}",
                entry.code
            );
        }
    }
}
