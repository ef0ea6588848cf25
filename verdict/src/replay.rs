//! Whether a response is a recording: events that are older than the request, all at once, and the end.
//!
//! A backlog alone is none (causes 2.4.10): servers send their latest events on purpose.

use crate::conclusion::Conclusion;
use crate::timeline::Timeline;

/// A recording that was played instead of the stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replay {
    /// Events that it had.
    pub events: usize,
    /// How much older than the request the oldest was, in milliseconds; absent without send times.
    pub oldest: Option<f64>,
    /// What the cache said of itself.
    pub mark: Option<String>,
}

/// The recording among the responses, if there is one: the first client of a cache gets the stream itself.
pub(crate) fn find(conclusion: &Conclusion) -> Option<Replay> {
    let timelines = || {
        conclusion
            .readings
            .all()
            .iter()
            .map(|reading| &reading.timeline)
    };
    timelines().find_map(of)
}

fn of(timeline: &Timeline) -> Option<Replay> {
    let old = timeline.events.iter().filter(|event| event.is_history);
    let is_all_old = !timeline.events.is_empty() && old.count() == timeline.events.len();
    let mark = mark(timeline);
    let is_recording =
        timeline.has_ended() && (is_all_old || (mark.is_some() && came_at_once(timeline)));
    is_recording.then(|| {
        let oldest = timeline
            .events
            .iter()
            .filter_map(|event| event.emitted)
            .fold(0.0, f64::min);
        Replay {
            events: timeline.events.len(),
            oldest: is_all_old.then_some(-oldest),
            mark,
        }
    })
}

/// Several events and the end within the time that one answer takes.
fn came_at_once(timeline: &Timeline) -> bool {
    const AT_ONCE: f64 = 500.0;
    timeline.events.len() > 1 && timeline.end < AT_ONCE
}

/// What says that a cache answered: `Age` above zero, `X-Cache: HIT`, two ids in `X-Varnish`.
fn mark(timeline: &Timeline) -> Option<String> {
    let head = timeline.probe.head.as_ref()?;
    let age = head
        .header("age")
        .and_then(|age| age.parse::<u64>().ok())
        .filter(|age| *age > 0);
    let is_hit = head
        .header("x-cache")
        .is_some_and(|value| value.to_ascii_lowercase().contains("hit"));
    let is_joined = head
        .header("x-varnish")
        .is_some_and(|ids| ids.split_whitespace().count() > 1);
    if is_joined {
        Some("two ids in X-Varnish: another request had fetched it".into())
    } else if is_hit {
        Some("X-Cache: HIT".into())
    } else {
        age.map(|age| format!("Age: {age}"))
    }
}
