//! The answer: one word, its sentence, the cause and the cure, whose matter it is, and what to do next.

mod next;
mod outcome;
mod owner;

use maud::{Markup, html};
use run_record::end::EndReason;
use run_record::measured::Group;
use run_record::record::RunRecord;
use run_record::verdict::{Confidence, Verdict};

use super::parts::{copyable, text};
use outcome::Outcome;

/// Facts that stand open; more are folded.
const REASONS: usize = 3;

/// The banner: a verdict where one was sought, else what came of the run.
pub(super) fn banner(record: &RunRecord, total: &Group) -> Markup {
    let outcome = Outcome::of(record, total);
    let verdict = record.verdict.as_ref();
    html! {
        section class={ "banner " (outcome.tone) } aria-labelledby="outcome" {
            h2 id="outcome" {
                span { (outcome.word) }
                @if let Some(verdict) = verdict { small { "confidence " (confidence(verdict.confidence)) } }
            }
            p class="says" { (outcome.sentence) }
            @if verdict.is_some() && let Some(missed) = outcome::missed(record) { p class="missed" { (missed) "." } }
            @if record.end.reason != EndReason::Completed { p { "Ended before its time: " (text(&record.end.text)) "." } }
            (facts(record, verdict))
            (reasons(record, verdict))
            @if let Some(exit) = &record.exit { p class="note" { "Exit code " (exit.code) ": " (text(&exit.reason)) "." } }
        }
    }
}

/// What somebody does who reads nothing else.
fn facts(record: &RunRecord, verdict: Option<&Verdict>) -> Markup {
    let cause = verdict.and_then(|verdict| verdict.causes.first());
    let next = next::step(record);
    html! {
        dl class="facts" {
            @if let Some(cause) = cause {
                dt { "Cause" }
                dd { (text(&cause.component)) " (" (text(&cause.code)) ", confidence " (confidence(cause.confidence)) ")" }
                @if let Some(remedy) = &cause.remedy {
                    dt { "Cure" }
                    dd {
                        (text(&remedy.text))
                        @if let Some(place) = &remedy.place { ", in the " (text(place)) }
                        @if let Some(config) = &remedy.config { (copyable(config)) }
                    }
                }
            } @else if outcome::is_held(record) {
                dt { "Cause" }
                dd { "not certain enough to be named" }
            }
            dt { "Whose matter" }
            dd { (owner::owner(record)) }
            dt { "Next" }
            dd { (text(&next.why)) @if let Some(command) = &next.command { (copyable(command)) } }
        }
    }
}

fn reasons(record: &RunRecord, verdict: Option<&Verdict>) -> Markup {
    let Some(verdict) = verdict else {
        return Markup::default();
    };
    let (open, folded) = verdict
        .evidence
        .split_at(verdict.evidence.len().min(REASONS));
    let item = |fact: &String| html! { li { (text(fact)) } };
    html! {
        @if !open.is_empty() {
            h3 { "Why we say so" }
            ul { @for fact in open { (item(fact)) } }
        }
        @if !folded.is_empty() {
            details { summary { (folded.len()) " more" } ul { @for fact in folded { (item(fact)) } } }
        }
        h3 { "What would change this" }
        ul { li { (outcome::would_change(record, verdict)) } }
        @if !verdict.not_tested.is_empty() {
            details {
                summary { "Not tested" }
                ul { @for gap in &verdict.not_tested { (item(gap)) } }
            }
        }
    }
}

pub(super) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}
