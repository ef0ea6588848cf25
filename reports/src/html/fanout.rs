//! Whether one published event reaches everybody at once, and whether it reaches everybody.

use maud::{Markup, html};
use run_record::fanout::Spread;
use run_record::measured::Group;
use run_record::record::RunRecord;
use run_record::time::{Nanos, Wall};

use super::figure::{Figure, Mark};
use super::parts::{Head, empty, section};
use super::svg::{BELOW, LEFT, Path, RIGHT, Scale, axis_below, axis_left};
use crate::number;

const TOP: f64 = 12.0;
const BOTTOM: f64 = 172.0;
/// The most steps of time.
const MOST: usize = 100;
const TITLE: &str = "From the first client to the last";
const HEADS: &[Head] = &[
    Head::Number("published at"),
    Head::Number("events"),
    Head::Number("quickest"),
    Head::Number("median"),
    Head::Number("slowest"),
    Head::Number("reached at least"),
];

/// The sampled events of one step of time.
struct Step {
    from: Nanos,
    /// Shortest first.
    spreads: Vec<Nanos>,
    least_reach: u32,
}

pub(super) fn picture(record: &RunRecord, total: &Group) -> Markup {
    let mut spreads = record.measured.fanout.by_time();
    spreads.retain(|spread| spread.reach > 1);
    let Some((first, last)) = spreads.first().zip(spreads.last()) else {
        let why = "No event was seen at more than one client, so there is no spread: several connections (-c) to one publication with numbers or ids show it.";
        return empty("fanout", TITLE, why);
    };
    let (first, until) = (first.first, last.first - first.first);
    let steps = steps(&spreads, first, until);
    let title = title(&steps);
    let x = Scale::new((0.0, until.as_secs_f64()), (LEFT, RIGHT));
    let figure = Figure {
        id: "fanout-band",
        label: &title,
        height: BOTTOM + BELOW,
        drawing: drawn(&steps, x),
        caption: html! {
            "Each published event of a sample of " (number::count(spreads.len() as u64))
            ": the time from the first client that had it to the last. The band reaches from the quickest to the slowest event of a step, the line is the median. "
            (reach(record, total))
        },
        heads: HEADS,
        marks: steps.iter().map(|step| mark(step, x)).collect(),
    };
    section("fanout", &title, &figure.render("fanout"))
}

fn steps(spreads: &[Spread], first: Wall, until: Nanos) -> Vec<Step> {
    let width = (until.0 / MOST as u64).max(1);
    let number = |spread: &Spread| (spread.first - first).0 / width;
    spreads
        .chunk_by(|one, next| number(one) == number(next))
        .map(|step| {
            let mut spreads: Vec<_> = step
                .iter()
                .map(|spread| spread.last - spread.first)
                .collect();
            spreads.sort_unstable();
            Step {
                from: step[0].first - first,
                spreads,
                least_reach: step.iter().map(|spread| spread.reach).min().unwrap_or(0),
            }
        })
        .collect()
}

impl Step {
    fn quickest(&self) -> Nanos {
        self.spreads.first().copied().unwrap_or_default()
    }

    fn median(&self) -> Nanos {
        let middle = self.spreads.len() / 2;
        self.spreads.get(middle).copied().unwrap_or_default()
    }

    fn slowest(&self) -> Nanos {
        self.spreads.last().copied().unwrap_or_default()
    }
}

fn title(steps: &[Step]) -> String {
    let mut all: Vec<_> = steps.iter().flat_map(|step| &step.spreads).collect();
    all.sort_unstable();
    let middle = all.get(all.len() / 2).copied().copied();
    let most = all.last().copied().copied();
    format!(
        "{TITLE}: {} for half of the events, {} at most",
        number::time(middle.unwrap_or_default()),
        number::time(most.unwrap_or_default())
    )
}

/// The spread alone would look best where nobody was reached: reach and processor stand beside it.
fn reach(record: &RunRecord, total: &Group) -> Markup {
    let connected = total.counters.subscribers.connected;
    let events = &total.counters.events;
    let cpu = record.self_check.get("cpu");
    html! {
        @if let Some((least, most)) = record.measured.fanout.reach() {
            "An event reached " (number::count(least.into())) " to " (number::count(most.into())) " of " (number::count(connected))
            " clients; while connections are opened, and at both ends of a run, it cannot reach all. "
        }
        @if events.sequenced > 0 {
            @let missing = events.lost.saturating_add(events.missed_between_streams);
            @let once = events.received.saturating_sub(events.duplicated);
            "Over all, " (number::share(once, once.saturating_add(missing))) " of what was published to them arrived. "
        }
        @if let Some(cpu) = cpu { "This tool used " (number::percent(cpu.value)) " of its processor time meanwhile." }
    }
}

fn drawn(steps: &[Step], x: Scale) -> Markup {
    let lowest = steps.iter().map(Step::quickest).min().unwrap_or_default();
    let highest = steps.iter().map(Step::slowest).max().unwrap_or_default();
    let low = lowest.0.max(1_000) as f64;
    let y = Scale::log((low, (highest.0 as f64).max(low * 2.0)), (BOTTOM, TOP));
    let ticks: Vec<_> = y
        .ticks(5)
        .into_iter()
        .map(|nanos| (nanos, number::micros(nanos / 1e3)))
        .collect();
    let below: Vec<_> = x
        .ticks(6)
        .into_iter()
        .map(|seconds| (seconds, format!("{} s", number::significant(seconds))))
        .collect();
    let at = |step: &Step, time: Nanos| (x.at(step.from.as_secs_f64()), y.at(time.0 as f64));
    let upper = steps.iter().map(|step| at(step, step.slowest()));
    let lower = steps.iter().rev().map(|step| at(step, step.quickest()));
    let median = steps.iter().map(|step| at(step, step.median()));
    html! {
        (axis_left(y, &ticks))
        path class="band" d=(Path::through(upper.chain(lower)).close().as_str()) {}
        path class="a" d=(Path::through(median).as_str()) {}
        (axis_below(x, BOTTOM, &below, "time since the first of them"))
    }
}

fn mark(step: &Step, x: Scale) -> Mark {
    Mark {
        x: x.at(step.from.as_secs_f64()),
        cells: vec![
            number::time(step.from),
            number::count(step.spreads.len() as u64),
            number::time(step.quickest()),
            number::time(step.median()),
            number::time(step.slowest()),
            number::count(step.least_reach.into()),
        ],
    }
}
