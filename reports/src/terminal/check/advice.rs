//! What the verdict rests on, what explains it, what cures it and what to run next.

use run_record::plan::PlanRecord;
use run_record::verdict::{Cause, Finding, Remedy, Severity, Verdict, Word};

use super::super::line::{Line, confidence, sentence, words};
use crate::command::{again, quoted};
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_right};

/// Where texts begin, behind their label.
const TEXT: usize = 8;

/// Where the list of what was not tested begins, behind its longer label.
const NOT_TESTED: usize = 14;

/// Where the exact lines of a configuration begin.
const CONFIG: usize = 12;

/// The finding that says what to run next; it stands at the end.
const NEXT: &str = "run.next";

/// The facts behind the word.
pub(super) fn evidence(verdict: &Verdict, style: &Style) -> Vec<Line> {
    labelled("Why", Tone::Strong, &verdict.evidence, style)
}

/// The explanations, each with its cure, and the command that proves a cure.
pub(super) fn causes(verdict: &Verdict, plan: &PlanRecord, style: &Style) -> Vec<Line> {
    let mut lines = Vec::new();
    for cause in &verdict.causes {
        lines.extend(labelled("Cause", Tone::Strong, &facts(cause, style), style));
        lines.extend(cause.remedy.iter().flat_map(|remedy| cure(remedy, style)));
    }
    if verdict.causes.iter().any(|cause| cause.remedy.is_some()) {
        lines.extend(labelled("Prove", Tone::Strong, &[again(plan)], style));
    }
    lines
}

/// What else was seen, what somebody should act on first.
pub(super) fn findings(verdict: &Verdict, style: &Style) -> Vec<Line> {
    let mut findings: Vec<_> = verdict
        .findings
        .iter()
        .filter(|it| !is_next(it) && !super::hops::is_told(&it.code))
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut lines = Vec::new();
    for finding in findings {
        let (label, tone) = match finding.severity {
            Severity::Warn => ("Warn", Tone::Warn),
            Severity::Info => ("Note", Tone::Strong),
        };
        let text = format!("{}: {}", finding.code, finding.text);
        lines.extend(labelled(label, tone, &[text], style));
        lines.extend(finding.remedy.iter().flat_map(|remedy| cure(remedy, style)));
    }
    lines
}

/// What to run next. INCONCLUSIVE always has something.
pub(super) fn next(verdict: &Verdict, url: &str, style: &Style) -> Vec<Line> {
    let Some(next) = verdict.findings.iter().find(|it| is_next(it)) else {
        if verdict.word != Word::Inconclusive {
            return Vec::new();
        }
        let longer = format!("loadgen check {} --for 60s", quoted(url));
        return labelled("Next", Tone::Strong, &[longer], style);
    };
    let mut texts = vec![next.text.clone()];
    texts.extend(next.remedy.iter().map(|remedy| remedy.text.clone()));
    let mut lines = labelled("Next", Tone::Strong, &texts, style);
    lines.extend(next.remedy.iter().flat_map(|remedy| exact(remedy, style)));
    lines
}

/// What the word does not speak about, with the option that would test it.
pub(super) fn not_tested(verdict: &Verdict, style: &Style) -> Vec<Line> {
    behind(
        "Not tested",
        NOT_TESTED,
        Tone::Strong,
        &verdict.not_tested,
        style,
    )
}

fn is_next(finding: &Finding) -> bool {
    finding.code == NEXT
}

/// What a cause is called, and what speaks for it.
fn facts(cause: &Cause, style: &Style) -> Vec<String> {
    let dot = style.dot();
    let sure = confidence(cause.confidence);
    let name = format!(
        "{}{dot}{}{dot}confidence {sure}",
        cause.code, cause.component
    );
    let evidence = cause.evidence.iter().cloned();
    std::iter::once(name).chain(evidence).collect()
}

/// What to do, and the exact line where it belongs.
fn cure(remedy: &Remedy, style: &Style) -> Vec<Line> {
    let mut lines = labelled(
        "Fix",
        Tone::Strong,
        std::slice::from_ref(&remedy.text),
        style,
    );
    lines.extend(exact(remedy, style));
    lines
}

/// The exact lines, each on a line of its own, below the place where they belong.
fn exact(remedy: &Remedy, style: &Style) -> Vec<Line> {
    let Some(config) = &remedy.config else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(place) = &remedy.place {
        lines.extend(sentence(&format!("{place}:"), TEXT, style));
    }
    for line in config.lines() {
        lines.extend(sentence(line, CONFIG, style));
    }
    lines
}

/// Texts one below the other, the first behind a short label.
fn labelled(label: &str, tone: Tone, texts: &[String], style: &Style) -> Vec<Line> {
    behind(label, TEXT, tone, texts, style)
}

/// Texts one below the other on a column, the first behind a label.
fn behind(label: &str, column: usize, tone: Tone, texts: &[String], style: &Style) -> Vec<Line> {
    let room = style.width.saturating_sub(column);
    let texts = texts.iter().flat_map(|text| words(&sanitise(text), room));
    texts
        .enumerate()
        .map(|(index, text)| {
            if index > 0 {
                return Line::new(" ".repeat(column)).then(text);
            }
            let label = pad_right(label, column - 2);
            Line::new("  ").toned(tone, label).then(text)
        })
        .collect()
}
