//! What a run says when it has ended: one page, the answer first, what failed before what did not.

mod clock;
mod limits;
mod machine;
mod metrics;
mod servers;
mod traffic;

use run_record::measured::Group;
use run_record::record::RunRecord;
use run_record::verdict::Word;
use unicode_width::UnicodeWidthStr;

use super::closing;
use super::compared;
use super::line::{Line, confidence, sentence, wrap};
use crate::number;
use crate::sanitise::sanitise;
use crate::style::Style;

/// The page for the end of a run, ending in a line break.
///
/// `files` are the names of the files that were written, for the last line.
pub fn end_table(record: &RunRecord, files: &[String], style: &Style) -> String {
    let total = record.total();
    let mut lines = headline(record, &total, style);
    let sections = [
        metrics::table(record, &total, style),
        servers::tables(record, style),
        traffic::lines(record, &total, style),
        traffic::errors(record, style),
        machine::lines(record, &total, style),
        limits::table(&record.limits, style),
        compared::lines(record, &total, style),
    ];
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        lines.push(Line::default());
        lines.extend(section);
    }
    lines.push(Line::default());
    let files: Vec<_> = files.iter().map(|file| sanitise(file)).collect();
    let files = Line::new("  ").then(files.join(style.dot()));
    lines.extend(closing::exit(record.exit.as_ref(), files, style));
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
            Line::default()
                .toned(super::check::tone(verdict.word), word)
                .then("   ")
        }
        None => Line::default(),
    };
    let mut lines = wrap(style, first, 2, facts);
    if let Some(verdict) = &record.verdict {
        let sure = match verdict.word {
            // Whoever cannot tell is not sure to any degree.
            Word::Inconclusive | Word::Invalid => None,
            _ => Some(format!("confidence {}", confidence(verdict.confidence))),
        };
        // One fact a line where both do not fit on one, and no line that is cut.
        let room = style.width.saturating_sub(2);
        let facts = sure.iter().fold(sanitise(&verdict.gloss), |told, sure| {
            format!("{told}{}{sure}", style.dot())
        });
        if facts.width() <= room {
            lines.push(Line::new("  ").then(facts));
        } else {
            lines.extend(sentence(&verdict.gloss, 2, style));
            lines.extend(sure.map(|sure| Line::new("  ").then(sure)));
        }
    }
    lines.extend(closing::ended(&record.end));
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
