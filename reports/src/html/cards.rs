//! Each cause with its evidence, its cure and the command that proves it; and what else was seen.

use maud::{Markup, html};
use run_record::plan::PlanRecord;
use run_record::record::RunRecord;
use run_record::verdict::{Cause, Finding, Remedy, Severity};

use super::banner::confidence;
use super::parts::{copyable, section, text};
use crate::command;

/// The finding that the banner already shows.
const NEXT: &str = "run.next";

pub(super) fn causes(record: &RunRecord) -> Markup {
    let causes = record.verdict.iter().flat_map(|verdict| &verdict.causes);
    let cards: Vec<_> = causes.map(|cause| card(cause, &record.plan)).collect();
    if cards.is_empty() {
        return Markup::default();
    }
    section(
        "causes",
        "Cause and cure",
        &html! { @for card in cards { (card) } },
    )
}

pub(super) fn findings(record: &RunRecord) -> Markup {
    let all = record.verdict.iter().flat_map(|verdict| &verdict.findings);
    let mut findings: Vec<&Finding> = all.filter(|finding| finding.code != NEXT).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    if findings.is_empty() {
        return Markup::default();
    }
    let body = html! {
        @for finding in findings {
            div class="card" {
                h3 { @if finding.severity == Severity::Warn { "▲ " } (text(&finding.code)) }
                p { (text(&finding.text)) }
                @if let Some(remedy) = &finding.remedy { (cure(remedy)) }
                p class="note" { "More about it: " code { "loadgen explain " (text(&command::quoted(&finding.code))) } }
            }
        }
    };
    section("findings", "Also seen", &body)
}

fn card(cause: &Cause, plan: &PlanRecord) -> Markup {
    html! {
        div class="card" {
            h3 { (text(&cause.component)) " · " (text(&cause.code)) }
            p class="note" { "Confidence " (confidence(cause.confidence)) }
            @if !cause.evidence.is_empty() {
                h4 { "Evidence" }
                ul { @for fact in &cause.evidence { li { (text(fact)) } } }
            }
            @if let Some(remedy) = &cause.remedy {
                h4 { "Cure" }
                (cure(remedy))
                h4 { "Prove it" }
                (copyable(&command::again(plan)))
            }
            h4 { "More about it" }
            (copyable(&format!("loadgen explain {}", command::quoted(&cause.code))))
        }
    }
}

fn cure(remedy: &Remedy) -> Markup {
    html! {
        p { (text(&remedy.text)) @if let Some(place) = &remedy.place { ", in the " (text(place)) } }
        @if let Some(config) = &remedy.config { (copyable(config)) }
    }
}
