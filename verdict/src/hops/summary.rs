//! The comparison in one sentence, for those who read only the verdict.

use run_record::hops::Standing;
use run_record::verdict::{Confidence, Finding, Severity, Word};

use super::{Found, Hop};

/// Which hop holds the stream back, as a finding beside the verdict; absent where all hand it on.
///
/// `hops` and `found` belong together, the origin first.
#[must_use]
pub fn finding(hops: &[Hop<'_>], found: &[Found]) -> Option<Finding> {
    let at = |wanted: Standing| found.iter().position(|hop| hop.standing == wanted);
    let name = |index: usize| hops.get(index).map_or("?", |hop| hop.name);
    let word = |index: usize| found[index].verdict.word.label();
    let (code, mut text) = match (at(Standing::HoldsBack), at(Standing::Unknown)) {
        (Some(first), _) => ("hops.holds-back", holds_back(first, found, &name)),
        (None, Some(unknown)) => {
            let text = format!(
                "which hop holds the stream back cannot be told: {} is {}",
                name(unknown),
                word(unknown)
            );
            ("hops.undecided", text)
        }
        _ => return None,
    };
    if let Some(worse) = at(Standing::Worsens) {
        text += &format!("; {} makes it {}", name(worse), word(worse));
    } else if at(Standing::Behind).is_some() {
        text += "; what stands behind it may hold too, check again once it is cured";
    }
    Some(Finding {
        code: code.into(),
        severity: Severity::Warn,
        text,
        remedy: None,
    })
}

fn holds_back<'n>(first: usize, found: &[Found], name: &dyn Fn(usize) -> &'n str) -> String {
    let verdict = &found[first].verdict;
    let who = verdict
        .causes
        .first()
        .filter(|cause| cause.confidence > Confidence::Low && !cause.code.starts_with("unknown."))
        .map_or(String::new(), |cause| format!(" ({})", cause.component));
    let word = verdict.word.label();
    match first.checked_sub(1) {
        None => format!(
            "{} itself holds the stream back{who}: it is {word}",
            name(0)
        ),
        Some(before) if verdict.word == Word::NoStream => format!(
            "the hop between {} and {} does not hand the stream on: {} is LIVE, {} is {word}",
            name(before),
            name(first),
            name(before),
            name(first),
        ),
        Some(before) => format!(
            "the hop between {} and {} holds the stream back{who}: {} is LIVE, {} is {word}",
            name(before),
            name(first),
            name(before),
            name(first),
        ),
    }
}
