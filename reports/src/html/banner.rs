//! The answer: one word, its sentence, what it rests on and what cures it.

use maud::{Markup, html};
use run_record::end::EndReason;
use run_record::limits::{LimitResult, LimitStatus};
use run_record::measured::Group;
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use run_record::verdict::{Cause, Charset, Confidence, Remedy, Verdict, Word};

use super::text;
use crate::number;

/// The banner: a verdict where one was sought, else what came of the run.
pub(super) fn outcome(record: &RunRecord, total: &Group) -> Markup {
    let is_invalid = record.self_check.status() == CheckStatus::Invalid;
    let (tone, word) = match &record.verdict {
        _ if is_invalid => ("warn", "! INVALID".to_owned()),
        Some(verdict) if missed(record).is_some() => ("bad", label(verdict.word)),
        Some(verdict) => (tone(verdict.word), label(verdict.word)),
        None => of_run(record, total),
    };
    html! {
        section class={ "banner " (tone) } aria-labelledby="outcome" {
            h2 id="outcome" { (word) }
            @if is_invalid {
                p { "This machine was the limit: the figures below say nothing about the server." }
            }
            @if let Some(verdict) = &record.verdict {
                (reasons(verdict, is_invalid))
                @if let Some(missed) = missed(record) { p class="missed" { (missed) "." } }
            }
            @if record.end.reason != EndReason::Completed {
                p { "Ended before its time. " (text(&record.end.text)) }
            }
            @if let Some(exit) = &record.exit {
                p class="note" { "Exit code " (exit.code) ": " (text(&exit.reason)) }
            }
        }
    }
}

/// Each cause with its cure, and what else was seen.
pub(super) fn cures(record: &RunRecord) -> Markup {
    let Some(verdict) = &record.verdict else {
        return Markup::default();
    };
    html! {
        @if !verdict.causes.is_empty() {
            section aria-labelledby="cures" {
                h2 id="cures" { "Cause and cure" }
                @for cause in &verdict.causes { (card(cause)) }
            }
        }
        @if !verdict.findings.is_empty() {
            section aria-labelledby="findings" {
                h2 id="findings" { "Also seen" }
                @for finding in &verdict.findings {
                    div class="card" {
                        h3 { (text(&finding.code)) }
                        p { (text(&finding.text)) }
                        @if let Some(remedy) = &finding.remedy { (cure(remedy)) }
                    }
                }
            }
        }
    }
}

fn reasons(verdict: &Verdict, is_invalid: bool) -> Markup {
    html! {
        p {
            @if is_invalid { "Without that it would have been " (label(verdict.word)) ": " }
            (text(&verdict.gloss)) ". Confidence " (confidence(verdict.confidence)) "."
        }
        @if !verdict.evidence.is_empty() {
            ul { @for fact in &verdict.evidence { li { (text(fact)) } } }
        }
        @for gap in &verdict.not_tested { p class="note" { "Not tested: " (text(gap)) } }
    }
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

/// How many limits were missed, where one was.
fn missed(record: &RunRecord) -> Option<String> {
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

fn card(cause: &Cause) -> Markup {
    html! {
        div class="card" {
            h3 { (text(&cause.component)) " · " (text(&cause.code)) }
            p class="note" { "Confidence " (confidence(cause.confidence)) }
            ul { @for fact in &cause.evidence { li { (text(fact)) } } }
            @if let Some(remedy) = &cause.remedy { (cure(remedy)) }
        }
    }
}

fn cure(remedy: &Remedy) -> Markup {
    html! {
        p { (text(&remedy.text)) }
        @if let Some(config) = &remedy.config {
            // Line by line: the lines of a configuration must stay apart, all else is made visible.
            pre { @for line in config.lines() { (text(line)) "\n" } }
        }
        @if let Some(place) = &remedy.place { p class="note" { "In: " (text(place)) } }
    }
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

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}
