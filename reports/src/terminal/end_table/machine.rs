//! Whether this machine was fit to measure, and why not.

use run_record::measured::Group;
use run_record::record::RunRecord;
use run_record::self_check::{Bound, Check, CheckStatus};

use super::super::line::{Line, wrap};
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone};

/// The worst checks first, each with its limit where it is beyond it.
pub(super) fn lines(record: &RunRecord, total: &Group, style: &Style) -> Vec<Line> {
    let self_check = &record.self_check;
    if self_check.is_empty() {
        return Vec::new();
    }
    let label = Line::new("  this machine    ");
    let (tone, word) = match self_check.status() {
        CheckStatus::Ok => (
            Tone::Good,
            style.symbol("✓ fit to measure", "fit to measure"),
        ),
        CheckStatus::Warn => (Tone::Warn, "! fit to measure, with a warning"),
        CheckStatus::Invalid => (Tone::Bad, "! INVALID: this machine was the limit"),
    };
    let mut facts = vec![Line::default().toned(tone, word)];
    facts.extend(
        self_check
            .by_status()
            .into_iter()
            .map(|(name, check)| fact(name, check)),
    );
    facts.extend(hiccups(record, total));
    wrap(style, label, 18, facts)
}

/// When it did not run, and what that hid.
fn hiccups(record: &RunRecord, total: &Group) -> Vec<Line> {
    let hiccups = &record.measured.hiccups;
    let Some(longest) = hiccups.longest().first() else {
        return Vec::new();
    };
    let lasted = number::time(longest.lasted_us);
    let at = number::clock(longest.from_us - record.started.epoch_us);
    let stopped = match hiccups.count() {
        1 => format!("did not run for {lasted} at {at}"),
        count => format!(
            "did not run {} times, longest {lasted} at {at}",
            number::count(count)
        ),
    };
    let mut facts = vec![Line::default().toned(Tone::Warn, stopped)];
    let untimed = total.counters.events.untimed;
    if untimed > 0 {
        let left_out = format!(
            "{} events of that time are left out",
            number::count(untimed)
        );
        facts.push(Line::default().toned(Tone::Warn, left_out));
    }
    facts
}

fn fact(name: &str, check: &Check) -> Line {
    let value = value(check.value, &check.unit);
    let text = format!("{} {value}", sanitise(name));
    let tone = match check.status {
        CheckStatus::Ok => return Line::new(text),
        CheckStatus::Warn => Tone::Warn,
        CheckStatus::Invalid => Tone::Bad,
    };
    let bound = match check.bound {
        Bound::AtMost => "at most",
        Bound::AtLeast => "at least",
    };
    let limit = self::value(check.limit, &check.unit);
    Line::default().toned(tone, format!("{text} ({bound} {limit})"))
}

fn value(number: f64, unit: &str) -> String {
    match unit {
        "us" => number::micros(number),
        "%" => number::percent(number),
        "B" => number::bytes(number as u64),
        "" => number::significant(number),
        other => format!("{} {}", number::significant(number), sanitise(other)),
    }
}
