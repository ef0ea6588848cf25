//! What was counted: rates, losses, stalls, arrivals, connections, errors.

use run_record::counters::{Arrivals, Counters};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use run_record::text::with_separators;

use super::super::line::{Line, wrap};
use super::clock;
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_right};

/// The most kinds of errors that are shown.
const MAX_ERRORS: usize = 5;

/// Where facts begin.
const LABEL: usize = 18;

/// The counted facts, each kind behind its name.
pub(super) fn lines(record: &RunRecord, total: &Group, style: &Style) -> Vec<Line> {
    let counters = &total.counters;
    let mut rows = vec![
        ("traffic", traffic(record, counters)),
        ("sequence", sequence(record, counters)),
        ("stalls", stalls(total)),
        ("arrivals", arrivals(&counters.arrivals)),
        ("fan-out", fanout(record, counters)),
        ("clock", clock::facts(record, counters, style)),
        ("connections", connections(counters)),
    ];
    rows.retain(|(_, facts)| !facts.is_empty());
    rows.into_iter()
        .flat_map(|(label, facts)| labelled(style, label, facts))
        .collect()
}

/// The most frequent errors, each with when it happened and what the first one said.
pub(super) fn errors(record: &RunRecord, style: &Style) -> Vec<Line> {
    let groups = record.measured.errors.by_count();
    let mut lines = Vec::new();
    for (kind, group) in groups.iter().take(MAX_ERRORS) {
        let times = style.symbol("×", "x");
        let since_start = |at| number::clock(at - record.started.epoch_us);
        let (first, last) = (since_start(group.first_us), since_start(group.last_us));
        let when = if first == last {
            format!("at {first}")
        } else {
            format!("{first} to {last}")
        };
        lines.push(
            Line::new("  ")
                .toned(
                    Tone::Bad,
                    format!("{} {times} {kind}", with_separators(group.count)),
                )
                .then(format!("  {when}  {}", sanitise(&group.sample))),
        );
    }
    if groups.len() > MAX_ERRORS {
        let more = groups.len() - MAX_ERRORS;
        lines.push(Line::new(format!(
            "  and {more} more kinds of errors, see the record"
        )));
    }
    lines
}

fn traffic(record: &RunRecord, counters: &Counters) -> Vec<Line> {
    let seconds = (record.ended.epoch_us - record.started.epoch_us).as_secs_f64();
    if seconds <= 0.0 || counters.bytes.wire == 0 {
        return Vec::new();
    }
    let per_second = |count: u64| (count as f64 / seconds).round() as u64;
    vec![
        Line::new(format!(
            "{} events/s",
            number::count(per_second(counters.events.received))
        )),
        Line::new(format!(
            "{}/s",
            number::bytes(per_second(counters.bytes.wire))
        )),
        Line::new(format!("{} in all", number::bytes(counters.bytes.wire))),
    ]
}

/// Loss, duplicates and order, and what tells them; or that nothing does.
fn sequence(record: &RunRecord, counters: &Counters) -> Vec<Line> {
    let events = &counters.events;
    if events.received == 0 {
        return Vec::new();
    }
    let mut facts = Vec::new();
    if events.sequenced == 0 {
        facts.push(Line::new(
            "loss, duplicates and order not measured: no sequence numbers",
        ));
    } else {
        facts.extend(
            [
                ("lost", events.lost),
                ("duplicated", events.duplicated),
                ("reordered", events.reordered),
            ]
            .map(|(name, count)| counted(name, count)),
        );
        let missed = events.missed_between_streams;
        facts.extend((missed > 0).then(|| counted("missed while reconnecting", missed)));
        let basis = record
            .plan
            .sequence_by
            .as_deref()
            .unwrap_or("sequence numbers");
        facts.push(Line::new(format!("by {}", sanitise(basis))));
    }
    if events.unfinished > 0 {
        facts.push(counted("cut off in the middle", events.unfinished));
    }
    if events.before_sent > 0 {
        facts.push(counted("arrived before they were sent", events.before_sent));
    }
    facts
}

fn stalls(total: &Group) -> Vec<Line> {
    let stalls = &total.counters.stalls;
    if stalls.judged_streams == 0 {
        return Vec::new();
    }
    let streams = number::count(stalls.judged_streams);
    let Some(longest) = total.histograms.max(Metric::Stall) else {
        return vec![Line::new(format!("none in {streams} streams"))];
    };
    let count = number::count(total.histograms.count(Metric::Stall));
    let stalled = number::count(stalls.stalled_streams);
    vec![
        Line::default().toned(
            Tone::Warn,
            format!("{count} in {stalled} of {streams} streams"),
        ),
        Line::new(format!("longest {}", number::time(longest))),
    ]
}

/// How exactly arrivals are known; nothing to say where all are.
fn arrivals(arrivals: &Arrivals) -> Vec<Line> {
    let classes = [
        ("exact", arrivals.exact),
        ("within one read", arrivals.bounded),
        ("reordered on the path", arrivals.reordered),
        ("without a stamp", arrivals.unstamped),
    ];
    let all: u64 = classes
        .iter()
        .fold(0, |sum, (_, count)| sum.saturating_add(*count));
    let seen = classes.iter().filter(|(_, count)| *count > 0);
    seen.map(|(name, count)| Line::new(format!("{} {name}", number::share(*count, all))))
        .collect()
}

/// How many subscribers the sampled events reached, over all workers; nothing where no event reached two of them.
fn fanout(record: &RunRecord, counters: &Counters) -> Vec<Line> {
    let fanout = &record.measured.fanout;
    let Some((fewest, most)) = fanout.reach().filter(|(_, most)| *most > 1) else {
        return Vec::new();
    };
    let count = |reach: u32| number::count(reach.into());
    let range = if fewest == most {
        count(most)
    } else {
        format!("{} to {}", count(fewest), count(most))
    };
    let subscribers = number::count(counters.subscribers.connected);
    let mut facts = vec![
        Line::new(format!(
            "each event to {range} of {subscribers} subscribers"
        )),
        Line::new(format!(
            "{} events sampled",
            number::count(fanout.len() as u64)
        )),
    ];
    // The others are there, and reached somebody: they are counted in the events, not here.
    let has_untimed = counters.events.untimed > 0;
    facts.extend(has_untimed.then(|| Line::new("of arrivals that have a time")));
    facts
}

fn connections(counters: &Counters) -> Vec<Line> {
    let connections = &counters.connections;
    let facts = [
        ("failed", connections.failed),
        ("reconnects", connections.reconnects),
        ("closed by the server", connections.closed_by_server),
        ("redirects", connections.redirects),
    ];
    let happened = facts.iter().filter(|(_, count)| *count > 0);
    happened
        .map(|(name, count)| Line::new(format!("{name} {}", number::count(*count))))
        .collect()
}

/// A count that should be none, in colour where it is not.
fn counted(name: &str, count: u64) -> Line {
    let text = format!("{name} {}", number::count(count));
    if count == 0 {
        Line::new(text)
    } else {
        Line::default().toned(Tone::Bad, text)
    }
}

fn labelled(style: &Style, label: &str, facts: Vec<Line>) -> Vec<Line> {
    wrap(
        style,
        Line::new(format!("  {}", pad_right(label, LABEL - 2))),
        LABEL,
        facts,
    )
}
