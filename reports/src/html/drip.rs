//! The drip chart: each event as it was sent and as it arrived, joined by a line.
//!
//! Vertical rain is live; lines that meet in a point are a buffer.

use maud::{Markup, html};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use run_record::time::Wall;
use run_record::traces::{Trace, TraceEvent};

use super::svg::{Path, Scale};
use crate::number;

/// The most events that are drawn one by one; more are drawn as a staircase.
const MOST_DROPS: usize = 60;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 700.0;
const SENT: f64 = 24.0;
const RECEIVED: f64 = 150.0;
/// Half the height of a tick.
const TICK: f64 = 9.0;

/// When an event was sent, by the clock that the run could use.
type Sent = fn(&TraceEvent) -> Option<Wall>;

/// The first traced stream that had an event.
pub(super) fn picture(record: &RunRecord, total: &Group) -> Markup {
    let trace = record
        .measured
        .traces
        .iter()
        .find(|trace| !trace.events.is_empty());
    let sent: Sent = match total.histograms.count(Metric::Transit) {
        0 if total.histograms.count(Metric::Delivery) == 0 => |_| None,
        0 => |event| event.due_us,
        _ => |event| event.emitted_us,
    };
    html! {
        section aria-labelledby="drip" {
            h2 id="drip" { "Event by event" }
            @if let Some(trace) = trace {
                figure {
                    div class="scroll" tabindex="0" role="group" aria-labelledby="drip" { (drawn(trace, sent)) }
                    figcaption {
                        "The first " (number::count(trace.events.len() as u64)) " events of one stream. "
                        @if !trace.events.iter().any(|event| sent(event).is_some()) {
                            "Send times are unknown: arrivals only."
                        } @else if trace.events.len() > MOST_DROPS {
                            "The distance between the two lines is what was held on the way."
                        } @else {
                            "Upright lines are live; lines that meet in one point were held and let go together."
                        }
                    }
                }
            } @else {
                p { "No stream was traced with an event in it." }
            }
        }
    }
}

fn drawn(trace: &Trace, sent: Sent) -> Markup {
    let first = |event: &TraceEvent| {
        sent(event).map_or(event.latest_us, |sent| sent.min(event.earliest_us))
    };
    let start = trace.events.iter().map(first).min();
    let start = trace.requested_us.or(start).unwrap_or_default();
    let start = trace.events.iter().map(first).fold(start, Wall::min);
    let last = trace.events.iter().map(|event| event.latest_us).max();
    let end = trace.end_us.max(last).unwrap_or(start);
    let seconds = |at: Wall| (at - start).as_secs_f64();
    let x = Scale::new((0.0, seconds(end)), (LEFT, RIGHT));
    let at = |wall: Wall| x.at(seconds(wall));
    let count = number::count(trace.events.len() as u64);
    html! {
        svg viewBox="0 0 720 205" role="img" aria-label=(format!("{count} events of one stream in time")) {
            path class="frame" d=(Path::through([(LEFT, 174.0), (RIGHT, 174.0)]).as_str()) {}
            @for tick in x.ticks(6) {
                text x=(format!("{:.1}", x.at(tick))) y="189" text-anchor="middle" { (number::significant(tick)) " s" }
            }
            text x="387" y="203" text-anchor="middle" { "time since the request" }
            @if trace.events.len() > MOST_DROPS { (staircase(trace, sent, &at)) } @else { (drops(trace, sent, &at)) }
        }
    }
}

fn drops(trace: &Trace, sent: Sent, at: &impl Fn(Wall) -> f64) -> Markup {
    let (mut above, mut below, mut joined) = (Path::default(), Path::default(), Path::default());
    for event in &trace.events {
        let arrival = at(event.latest_us);
        below.line((arrival, RECEIVED - TICK), (arrival, RECEIVED + TICK));
        // Known only as an interval: a bar, not a point.
        below.line((at(event.earliest_us), RECEIVED), (arrival, RECEIVED));
        if let Some(sent) = sent(event) {
            above.line((at(sent), SENT - TICK), (at(sent), SENT + TICK));
            joined.line((at(sent), SENT + TICK), (arrival, RECEIVED - TICK));
        }
    }
    let is_known = trace.events.iter().any(|event| sent(event).is_some());
    html! {
        @if is_known { text x="0" y="28" { "sent" } }
        text x="0" y="154" { "received" }
        path class="joined" d=(joined.as_str()) {}
        path class="sent" d=(above.as_str()) {}
        path class="received drop" d=(below.as_str()) {}
    }
}

fn staircase(trace: &Trace, sent: Sent, at: &impl Fn(Wall) -> f64) -> Markup {
    let most = trace.events.len() as f64;
    let y = Scale::new((0.0, most), (RECEIVED + TICK, SENT - TICK));
    let stairs = |mut times: Vec<Wall>| {
        times.sort_unstable();
        let steps = times.into_iter().enumerate();
        Path::through(steps.flat_map(|(number, time)| {
            [number, number + 1].map(|count| (at(time), y.at(count as f64)))
        }))
    };
    let sent = stairs(trace.events.iter().filter_map(sent).collect());
    let received = stairs(trace.events.iter().map(|event| event.latest_us).collect());
    html! {
        @for tick in y.ticks(4) {
            text x="66" y=(format!("{:.1}", y.at(tick) + 4.0)) text-anchor="end" { (number::significant(tick)) }
        }
        text x="84" y="20" { "events: sent solid, received dashed" }
        path class="sent" d=(sent.as_str()) {}
        path class="received" d=(received.as_str()) {}
    }
}
