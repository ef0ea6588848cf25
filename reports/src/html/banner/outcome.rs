//! What came out, in a word and a sentence, and what would be needed for another word.

use maud::{Markup, html};
use run_record::end::EndReason;
use run_record::limits::{LimitResult, LimitStatus};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use run_record::verdict::{Cause, Charset, HoldBy, Verdict, Word};

use crate::html::parts::text;
use crate::number;

/// Causes that name no component.
const UNKNOWN: &str = "unknown.";

/// The head of the banner.
pub(super) struct Outcome {
    /// `good`, `warn` or `bad`.
    pub(super) tone: &'static str,
    /// The symbol and the word.
    pub(super) word: String,
    /// What it means here.
    pub(super) sentence: Markup,
}

impl Outcome {
    pub(super) fn of(record: &RunRecord, total: &Group) -> Self {
        let is_invalid = record.self_check.status() == CheckStatus::Invalid;
        match &record.verdict {
            _ if is_invalid => Self {
                tone: "warn",
                word: "! INVALID: this machine was the limit".to_owned(),
                sentence: html! {
                    "The figures below say nothing about the server. "
                    @if let Some(verdict) = &record.verdict {
                        "Without that it would have been " (label(verdict.word)) ": " (text(&verdict.gloss)) "."
                    }
                },
            },
            Some(verdict) => {
                let (tone, word) = match missed(record) {
                    Some(missed) => ("bad", format!("{}, {missed}", label(verdict.word))),
                    None if record.end.reason != EndReason::Completed => {
                        ("warn", format!("{}, ended early", label(verdict.word)))
                    }
                    None => (tone(verdict.word), label(verdict.word)),
                };
                let sentence = html! { (text(&capitalised(&verdict.gloss))) "." };
                Self {
                    tone,
                    word,
                    sentence,
                }
            }
            None => {
                let (tone, word) = of_run(record, total);
                let sentence = html! { (figures(record, total)) };
                Self {
                    tone,
                    word,
                    sentence,
                }
            }
        }
    }
}

/// How many limits were missed, where one was.
pub(super) fn missed(record: &RunRecord) -> Option<String> {
    let is_missed = |limit: &&LimitResult| limit.status == LimitStatus::Missed;
    let missed = record.limits.iter().filter(is_missed).count();
    let count = |count: usize| number::count(count as u64);
    (missed > 0).then(|| {
        format!(
            "{} of {} limits missed",
            count(missed),
            count(record.limits.len())
        )
    })
}

/// Whether something holds the stream back or cuts it.
pub(super) fn is_held(record: &RunRecord) -> bool {
    record
        .verdict
        .as_ref()
        .is_some_and(|verdict| matches!(verdict.word, Word::Batched | Word::Buffered | Word::Cut))
}

/// The best cause that names a component.
pub(super) fn known_cause(record: &RunRecord) -> Option<&Cause> {
    let cause = record.verdict.as_ref()?.causes.first();
    cause.filter(|cause| !cause.code.starts_with(UNKNOWN))
}

/// What would have to be seen for another word.
pub(super) fn would_change(record: &RunRecord, verdict: &Verdict) -> String {
    if record.self_check.status() == CheckStatus::Invalid {
        return "the same on a machine with time to spare".to_owned();
    }
    let hold = verdict.hold.as_ref();
    match (verdict.word, hold.map(|hold| hold.by)) {
        (Word::Live, _) => "an event that arrives well after it was written",
        (Word::Cut, _) => "a response that outlives this age, or this silence",
        (Word::Buffered, _) => {
            "one event that arrives before the end of the response, in any of the requests"
        }
        (Word::Batched, Some(HoldBy::Size)) => {
            let bytes = hold.and_then(|hold| hold.bytes).map_or_else(
                || "that many bytes".to_owned(),
                |bytes| format!("{} bytes", number::count(bytes)),
            );
            return format!("an event that arrives before {bytes} have gathered");
        }
        (Word::Batched, Some(HoldBy::Event)) => {
            "an event that arrives before the next one is written"
        }
        (Word::Batched, _) => "an event that arrives by itself, between two groups",
        (Word::NoStream, _) => "status 200 with Content-Type: text/event-stream",
        (Word::Inconclusive, _) => "more events, or a request that differs: see the next step",
        (Word::Invalid, _) => "the same on a machine with time to spare",
    }
    .to_owned()
}

/// The word for a run, which seeks no verdict: the gravest that is true.
fn of_run(record: &RunRecord, total: &Group) -> (&'static str, String) {
    let all = record.limits.len();
    let is_met = |limit: &LimitResult| limit.status == LimitStatus::Met;
    if let Some(missed) = missed(record) {
        ("bad", format!("✕ {missed}"))
    } else if total.counters.events.received == 0 {
        ("bad", "✕ No event arrived".to_owned())
    } else if record.end.reason != EndReason::Completed {
        ("warn", "? Ended early".to_owned())
    } else if all > 0 && record.limits.iter().all(is_met) {
        ("good", "✓ All limits met".to_owned())
    } else if all > 0 {
        ("warn", "? Limits not measured".to_owned())
    } else {
        ("good", "Measured, no limit was given".to_owned())
    }
}

/// A run in one sentence: how much came to how many, and how late.
fn figures(record: &RunRecord, total: &Group) -> String {
    let counters = &total.counters;
    let mut sentence = format!(
        "{} events on {} of {} connections",
        number::count(counters.events.received),
        number::count(counters.subscribers.connected),
        number::count(record.plan.connections)
    );
    let times = [Metric::Delivery, Metric::Transit, Metric::Gap];
    let is_there = |metric: &Metric| total.histograms.count(*metric) > 0;
    if let Some(metric) = times.into_iter().find(is_there) {
        for quantile in [Quantile::P50, Quantile::P99] {
            if let Some(time) = total.histograms.quantile(metric, quantile) {
                sentence += &format!("; {} {quantile} {}", metric.name(), number::time(time));
            }
        }
    }
    sentence + "."
}

fn label(word: Word) -> String {
    // The variation selector keeps the scissors from being drawn as a coloured picture.
    let text_form = if word == Word::Cut { "\u{fe0e}" } else { "" };
    format!(
        "{}{text_form} {}",
        word.symbol(Charset::Unicode),
        word.label()
    )
}

fn tone(word: Word) -> &'static str {
    match word {
        Word::Live => "good",
        Word::Inconclusive | Word::Invalid => "warn",
        Word::Cut | Word::Batched | Word::Buffered | Word::NoStream => "bad",
    }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
