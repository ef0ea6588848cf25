//! How the server's clock stood to this machine's, and what that does to `delivery` and `transit`.

use run_record::counters::Counters;
use run_record::metric::Metric;
use run_record::offset::{Basis, ClockRecord};
use run_record::record::RunRecord;
use run_record::time::Nanos;

use super::super::line::Line;
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone};

/// By how much the times of a metric can be off because they are a difference of two clocks.
pub(super) fn bound(record: &RunRecord, metric: Metric) -> Option<Nanos> {
    let is_one_way = matches!(metric, Metric::Delivery | Metric::Transit);
    let bound = record.clock.as_ref().filter(|_| is_one_way)?.bound_us?;
    (bound > Nanos::ZERO).then_some(bound)
}

/// What is known of the clock; nothing to say where it is this machine's own, or where nobody told a time by it.
pub(super) fn facts(record: &RunRecord, counters: &Counters, style: &Style) -> Vec<Line> {
    let Some(clock) = &record.clock else {
        return Vec::new();
    };
    match clock.basis {
        Basis::SameHost => Vec::new(),
        Basis::Unknown => refused(clock, counters.events.without_clock),
        Basis::Assumed | Basis::Measured => known(clock, style),
    }
}

fn known(clock: &ClockRecord, style: &Style) -> Vec<Line> {
    let give_or_take = style.symbol("±", "+-");
    let mut facts = Vec::new();
    if let Some(offset) = clock.offset_us {
        let side = if offset < 0 { "behind" } else { "ahead" };
        let by = number::micros(offset.unsigned_abs() as f64);
        facts.push(Line::new(format!("the server's was {by} {side}")));
    }
    if let Some(bound) = clock.bound_us {
        facts.push(Line::new(format!("{give_or_take}{}", number::time(bound))));
    }
    if let (Some(drift), Some(bound)) = (clock.drift_ppb, clock.drift_bound_ppb) {
        let ppm = |ppb: f64| number::significant(ppb / 1e3);
        facts.push(Line::new(format!(
            "drift {} ppm {give_or_take}{}",
            ppm(drift as f64),
            ppm(bound as f64)
        )));
    }
    facts.push(Line::new(sanitise(&clock.text)));
    facts
}

fn refused(clock: &ClockRecord, events: u64) -> Vec<Line> {
    if events == 0 {
        return Vec::new();
    }
    let events = number::count(events);
    vec![
        Line::default().toned(
            Tone::Warn,
            format!("no delivery and no transit by the times of {events} events"),
        ),
        Line::new(sanitise(&clock.text)),
        Line::new("--clock URL asks one that knows it"),
        Line::new("--assume-synced TIME trusts in it"),
    ]
}
