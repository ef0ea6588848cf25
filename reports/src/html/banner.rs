//! The answer: one word, its sentence, the cause and the cure, whose matter it is, and what to do next.

mod next;
mod outcome;
mod owner;

use maud::{Markup, html};
use run_record::end::EndReason;
use run_record::measured::Group;
use run_record::record::RunRecord;
use run_record::self_check::{Check, CheckStatus};
use run_record::verdict::{Confidence, Verdict, Word};

use super::drip;
use super::parts::{copyable, text};
use super::trust;
use outcome::Outcome;

/// Findings that explain a cut.
const CUTS: &str = "cut.";
/// Facts that stand open; more are folded.
const REASONS: usize = 3;

/// The banner: a verdict where one was sought, else what came of the run.
pub(super) fn banner(record: &RunRecord, total: &Group) -> Markup {
    let outcome = Outcome::of(record, total);
    let verdict = record.verdict.as_ref();
    html! {
        section class={ "banner " (outcome.tone) } aria-labelledby="outcome" {
            div class="answer" {
                div {
                    h2 id="outcome" {
                        span { (outcome.word) }
                        @if let Some(verdict) = verdict { " " small { "confidence " (confidence(verdict.confidence)) } }
                    }
                    p class="says" { (outcome.sentence) }
                }
                (drip::glance(record, total))
            }
            @if record.end.reason != EndReason::Completed { p { "Ended before its time: " (text(&record.end.text)) "." } }
            (facts(record, total, verdict))
            (own_faults(record))
            (reasons(record, verdict))
            @if let Some(exit) = &record.exit { p class="note" { "Exit code " (exit.code) ": " (text(&exit.reason)) "." } }
        }
    }
}

/// What somebody does who reads nothing else.
fn facts(record: &RunRecord, total: &Group, verdict: Option<&Verdict>) -> Markup {
    let next = next::step(record);
    html! {
        dl class="facts" {
            @if let Some(verdict) = verdict { (cause(record, verdict)) }
            @if let Some(owner) = owner::owner(record, total) {
                dt { "Whose fault" }
                dd { (owner) }
            }
            dt { "Next" }
            dd { (text(&next.why)) @if let Some(command) = &next.command { (copyable(command)) } }
        }
    }
}

/// The best explanation with its cure: a cause, else a finding that a cut is told by.
fn cause(record: &RunRecord, verdict: &Verdict) -> Markup {
    let named = verdict.causes.first();
    let cut = verdict.findings.iter().find(|it| it.code.starts_with(CUTS));
    let cut = cut.filter(|_| verdict.word == Word::Cut);
    let remedy = match named {
        Some(cause) => cause.remedy.as_ref(),
        None => cut.and_then(|finding| finding.remedy.as_ref()),
    };
    html! {
        @if let Some(cause) = named {
            dt { "Cause" }
            dd { strong { (text(&cause.component)) } " (" (text(&cause.code)) ", confidence " (confidence(cause.confidence)) ")" }
        } @else if let Some(finding) = cut {
            dt { "Cause" }
            dd { (text(&finding.text)) " (" (text(&finding.code)) ")" }
        } @else if outcome::is_held(record) {
            dt { "Cause" }
            dd { "not certain enough to be named" }
        }
        @if let Some(remedy) = remedy {
            dt { "Cure" }
            dd {
                (text(&remedy.text))
                @if let Some(place) = &remedy.place { ", in the " (text(place)) }
                @if let Some(config) = &remedy.config { (copyable(config)) }
            }
        }
    }
}

/// What this machine did wrong, where that spoils everything.
fn own_faults(record: &RunRecord) -> Markup {
    let is_damage = |check: &Check| check.status == CheckStatus::Invalid;
    let checks = record.self_check.by_status().into_iter();
    let damage: Vec<_> = checks.filter(|(_, check)| is_damage(check)).collect();
    html! {
        @if !damage.is_empty() {
            h3 { "Why we say so" }
            ul { @for (name, check) in damage { li { (text(name)) ": " (trust::value(check)) ", limit " (trust::limit(check)) } } }
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
