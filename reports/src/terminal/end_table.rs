//! What a run says when it has ended: one page, the answer first, what failed before what did not.

mod limits;
mod machine;
mod metrics;
mod traffic;

use run_record::end::EndReason;
use run_record::measured::Group;
use run_record::record::RunRecord;
use run_record::verdict::Confidence;
use unicode_width::UnicodeWidthStr;

use super::line::{Line, wrap};
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone};

/// The page for the end of a run, ending in a line break.
///
/// `files` are the names of the files that were written, for the last line.
pub fn end_table(record: &RunRecord, files: &[String], style: &Style) -> String {
    let total = record.total();
    let mut lines = headline(record, &total, style);
    let sections = [
        metrics::table(&total, style),
        traffic::lines(record, &total, style),
        traffic::errors(record, style),
        machine::lines(&record.self_check, style),
        limits::table(&record.limits, style),
    ];
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        lines.push(Line::default());
        lines.extend(section);
    }
    lines.push(Line::default());
    lines.extend(last_lines(record, files, style));
    lines.iter().map(|line| line.render(style) + "\n").collect()
}

/// What was held, for how long, and what came of it.
fn headline(record: &RunRecord, total: &Group, style: &Style) -> Vec<Line> {
    let ran = record.ended.epoch_us - record.started.epoch_us;
    let facts = vec![
        Line::new(connections(record, total)),
        Line::new(number::time(ran)),
        Line::new(events(total)),
    ];
    let first = match &record.verdict {
        Some(verdict) => {
            let word = format!(
                "{} {}",
                verdict.word.symbol(style.charset()),
                verdict.word.label()
            );
            Line::default().toned(Tone::Strong, word).then("   ")
        }
        None => Line::default(),
    };
    let mut lines = wrap(style, first, 2, facts);
    if let Some(verdict) = &record.verdict {
        let confidence = format!("confidence {}", confidence_word(verdict.confidence));
        let gloss = Line::new(sanitise(&verdict.gloss));
        lines.extend(wrap(
            style,
            Line::new("  "),
            2,
            vec![gloss, Line::new(confidence)],
        ));
    }
    if record.end.reason != EndReason::Completed {
        let text = sanitise(&record.end.text);
        let colon = if text.is_empty() { "" } else { ": " };
        let words = end_words(record.end.reason);
        lines.push(Line::new("  ").toned(Tone::Warn, format!("{words}{colon}{text}")));
    }
    lines
}

fn connections(record: &RunRecord, total: &Group) -> String {
    let (connected, asked) = (
        total.counters.subscribers.connected,
        record.plan.connections,
    );
    let noun = if asked == 1 {
        "connection"
    } else {
        "connections"
    };
    if connected == asked {
        format!("{} {noun}", number::count(asked))
    } else {
        format!(
            "{} of {} {noun}",
            number::count(connected),
            number::count(asked)
        )
    }
}

/// Events received; of how many, where a sequence tells what is missing.
fn events(total: &Group) -> String {
    let events = &total.counters.events;
    if events.sequenced == 0 {
        return format!("{} events", number::count(events.received));
    }
    let missing = events.lost.saturating_add(events.missed_between_streams);
    let received = events.received.saturating_sub(events.duplicated);
    let expected = received.saturating_add(missing);
    let share = number::share(received, expected);
    format!(
        "{} of {} events ({share})",
        number::count(received),
        number::count(expected)
    )
}

fn confidence_word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

fn end_words(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Completed => "completed",
        EndReason::TargetGone => "the target went away",
        EndReason::CircuitBreaker => "stopped by itself",
        EndReason::Refused => "not started",
        EndReason::Interrupted => "interrupted",
        EndReason::Internal => "stopped by a fault of this tool",
    }
}

/// The files on the left, the exit code on the right, its reason above.
fn last_lines(record: &RunRecord, files: &[String], style: &Style) -> Vec<Line> {
    let files: Vec<_> = files.iter().map(|file| sanitise(file)).collect();
    let mut left = Line::new("  ").then(files.join(style.dot()));
    let Some(exit) = &record.exit else {
        return vec![left];
    };
    let mut lines = Vec::new();
    if exit.code != 0 && !exit.reason.is_empty() {
        let reason = sanitise(&exit.reason);
        let wrapped = words_wrapped(&reason, style.width.saturating_sub(2));
        lines.extend(
            wrapped
                .into_iter()
                .map(|line| Line::new("  ").toned(Tone::Bad, line)),
        );
    }
    let code = format!("exit {}", exit.code);
    let room = style.width.saturating_sub(code.width());
    if left.columns() + 1 > room {
        lines.push(std::mem::take(&mut left));
    }
    let tone = if exit.code == 0 {
        Tone::Good
    } else {
        Tone::Bad
    };
    lines.push(left.up_to(room).toned(tone, code));
    lines
}

/// A sentence on as many lines as it needs: what to do stands at its end and must not be cut off.
fn words_wrapped(sentence: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        let line = lines
            .last_mut()
            .expect("begins with one line and only grows");
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= columns {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
