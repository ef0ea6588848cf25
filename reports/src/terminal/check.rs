//! What a check found: one page, the word first, then the picture, then why and what to do.

mod advice;
mod axis;
mod hops;
mod metrics;
mod picture;
mod scale;

use run_record::record::RunRecord;
use run_record::verdict::{Verdict, Word};
use unicode_width::UnicodeWidthStr;

use super::closing;
use super::compared;
use super::line::{Line, confidence, sentence, wrap};
use crate::sanitise::sanitise;
use crate::style::{Style, Tone};

/// Where the URL begins, unless the word is longer.
const URL: usize = 13;

/// The page for the end of a check, ending in a line break.
///
/// LIVE is told in a few lines; every other word has its evidence, causes and cures. No line is
/// wider than the style says, and no text of a server acts on the terminal.
pub fn check_page(record: &RunRecord, style: &Style) -> String {
    let mut lines = vec![headline(record, style)];
    if let Some(verdict) = &record.verdict {
        lines.extend(sentence(&verdict.gloss, 2, style));
    }
    lines.extend(closing::ended(&record.end));
    let is_live = |verdict: &&Verdict| verdict.word == Word::Live;
    let mut beside_exit = Line::default();
    if let Some(verdict) = record.verdict.as_ref().filter(is_live) {
        lines.extend(live(record, verdict, style));
        let is_as_expected = record.exit.as_ref().is_some_and(|exit| exit.code == 0);
        beside_exit = lines.pop_if(|_| is_as_expected).unwrap_or_default();
    } else {
        lines.extend(explained(record, style));
        lines.extend(record.exit.is_some().then(Line::default));
    }
    let compared = compared::lines(record, &record.total(), style);
    if !compared.is_empty() {
        lines.push(Line::default());
        lines.extend(compared);
        lines.push(Line::default());
    }
    lines.extend(closing::exit(record.exit.as_ref(), beside_exit, style));
    lines.iter().map(|line| line.render(style) + "\n").collect()
}

/// The word, what was checked, and how sure the word is.
fn headline(record: &RunRecord, style: &Style) -> Line {
    let Some(verdict) = &record.verdict else {
        return Line::new("  ").then(sanitise(&record.plan.url));
    };
    let word = verdict.word;
    let symbol = word.symbol(style.charset());
    let start = Line::default().toned(tone(word), format!("{symbol} {}", word.label()));
    let begins = URL.max(start.columns() + 2);
    let start = start.up_to(begins);
    // Whoever cannot tell is not sure to any degree.
    let sure = match word {
        Word::Inconclusive | Word::Invalid => String::new(),
        _ => format!("confidence {}", confidence(verdict.confidence)),
    };
    let right = style.width.saturating_sub(sure.width());
    let room = right.saturating_sub(start.columns() + 2);
    let url = style.cut(&sanitise(&record.plan.url), room);
    let line = start.then(url);
    if sure.is_empty() {
        line
    } else {
        line.up_to(right).then(sure)
    }
}

/// The colour of a word.
pub(super) fn tone(word: Word) -> Tone {
    match word {
        Word::Live => Tone::Good,
        Word::Inconclusive => Tone::Warn,
        Word::Batched | Word::Buffered | Word::Cut | Word::NoStream | Word::Invalid => Tone::Bad,
    }
}

/// Nothing is to be explained: the picture, the figures, and what was not looked at.
fn live(record: &RunRecord, verdict: &Verdict, style: &Style) -> Vec<Line> {
    let mut lines = seen(record, style);
    let evidence = verdict.evidence.iter();
    let evidence = evidence.map(|fact| Line::new(sanitise(fact))).collect();
    for facts in [evidence, metrics::facts(record)] {
        lines.extend(side_by_side(facts, style));
    }
    lines.extend(advice::causes(verdict, &record.plan, style));
    lines.extend(advice::findings(verdict, style));
    lines.extend(advice::next(verdict, &record.plan.url, style));
    lines.extend(advice::not_tested(verdict, style));
    lines
}

/// The picture of what came; of several hops one row each, and what differs between them.
fn seen(record: &RunRecord, style: &Style) -> Vec<Line> {
    if record.hops.is_empty() {
        picture::lines(record, style)
    } else {
        hops::lines(record, style)
    }
}

/// The picture, why the word is what it is, what to change and what to run next.
fn explained(record: &RunRecord, style: &Style) -> Vec<Line> {
    let mut seen = seen(record, style);
    seen.extend(side_by_side(metrics::facts(record), style));
    let mut told = Vec::new();
    if let Some(verdict) = &record.verdict {
        told.extend(advice::evidence(verdict, style));
        told.extend(advice::causes(verdict, &record.plan, style));
        told.extend(advice::findings(verdict, style));
        told.extend(advice::next(verdict, &record.plan.url, style));
        told.extend(advice::not_tested(verdict, style));
    }
    let mut lines = Vec::new();
    for section in [seen, told].into_iter().filter(|lines| !lines.is_empty()) {
        lines.push(Line::default());
        lines.extend(section);
    }
    lines
}

/// Short facts, as many on a line as it holds.
fn side_by_side(facts: Vec<Line>, style: &Style) -> Vec<Line> {
    if facts.is_empty() {
        return Vec::new();
    }
    wrap(style, Line::new("  "), 2, facts)
}
