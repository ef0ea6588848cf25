//! Whether a response is a recording: what an earlier client got as it was made, and this one all at once.
//!
//! A backlog alone is none (causes 2.4.10): servers send their latest events on purpose. A recording ends too, or
//! begins with the very first event of the earlier response and bears the mark of a cache.

use run_record::time::Wall;

use crate::observations::{Event, Head, Probe};
use crate::text::{ms, plural};
use crate::timeline::{Seen, Timeline};

/// A recording that was played instead of the stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replay {
    /// Events that came from it.
    pub events: usize,
    /// How much older than the request the oldest was, in milliseconds; absent without send times.
    pub oldest: Option<f64>,
    /// Over how many milliseconds an earlier client had got the same events; absent where nobody saw that.
    pub took: Option<f64>,
    /// What the cache said of itself.
    pub mark: Option<String>,
    /// Whether it came only when that other client's response had ended.
    pub has_waited: bool,
    /// Whether the response ended with the recording; else it went on, together with the earlier one.
    pub has_ended: bool,
}

impl Replay {
    /// What came of it, and when that was made: `20 events at once, up to 8.2 s older than the request, then the end`.
    pub(crate) fn in_words(&self) -> String {
        let events = plural(self.events as u64, "event");
        let age = self
            .oldest
            .map(|oldest| format!(", up to {} older than the request", ms(oldest)));
        let took = self
            .took
            .map(|took| format!(", which another client had got over {}", ms(took)));
        let end = if self.has_ended { ", then the end" } else { "" };
        format!(
            "{events} at once{}{}{end}",
            age.unwrap_or_default(),
            took.unwrap_or_default()
        )
    }
}

/// The recording among the responses, if there is one: the first client of a cache gets the stream itself.
pub(crate) fn find(all: &[&Timeline]) -> Option<Replay> {
    all.iter().find_map(|timeline| of(all, timeline))
}

/// Whether this response is the recording of an earlier one: then it says nothing of how the server hands on.
pub(crate) fn is_of_another(all: &[&Timeline], timeline: &Timeline) -> bool {
    of(all, timeline).is_some_and(|replay| replay.took.is_some())
}

fn of(all: &[&Timeline], timeline: &Timeline) -> Option<Replay> {
    let old = timeline.events.iter().filter(|event| event.is_history);
    let is_all_old = !timeline.events.is_empty() && old.count() == timeline.events.len();
    let copy = all
        .iter()
        .filter(|other| asked_the_same(other, timeline))
        .find_map(|earlier| copied(timeline, earlier));
    let mark = mark(timeline).or_else(|| copy.as_ref()?.mark.clone());
    let is_marked_copy = copy.is_some() && mark.is_some();
    let is_whole_copy = copy.as_ref().is_some_and(|copy| copy.is_whole);
    let is_marked_instant = mark.is_some() && came_at_once(timeline);
    let is_recording = is_marked_copy
        || (timeline.has_ended() && (is_all_old || is_whole_copy || is_marked_instant));
    is_recording.then(|| {
        let emitted = timeline.events.iter().filter_map(|event| event.emitted);
        let oldest = emitted.fold(0.0, f64::min);
        Replay {
            events: copy
                .as_ref()
                .map_or(timeline.events.len(), |copy| copy.events),
            oldest: (oldest < 0.0 && timeline.events.iter().any(|event| event.is_history))
                .then_some(-oldest),
            took: copy.as_ref().map(|copy| copy.took),
            has_waited: copy.is_some_and(|copy| copy.has_waited),
            mark,
            has_ended: timeline.has_ended(),
        }
    })
}

/// The beginning of an earlier response, all at once.
struct Copy {
    events: usize,
    took: f64,
    /// It came when the earlier one had ended.
    has_waited: bool,
    /// Both have ended, and there is nothing else in either.
    is_whole: bool,
    /// What only one request can have, and both responses say.
    mark: Option<String>,
}

/// Fewer equal events than this are chance.
const EVENTS: usize = 3;
/// What the earlier client waited for, and this one did not, in milliseconds.
const TOOK: f64 = 200.0;
/// The share of that in which this one has got it.
const AT_ONCE: f64 = 0.1;

/// What `later` got at once of all that `earlier` had got one by one before that: from its very first event on. A
/// server that sends its latest events begins with another one, unless it has just been started.
fn copied(later: &Timeline, earlier: &Timeline) -> Option<Copy> {
    let came = arrival(later.probe, later.probe.events.first()?)?;
    let (first, first_before) = (later.events.first()?, earlier.events.first()?);
    let was_there = |event: &Event| arrival(earlier.probe, event).is_some_and(|at| at < came);
    // How long after the first one the same event came to either.
    let is_at_once = |seen: &Seen, before: &Seen| {
        let before = before.arrival.lo - first_before.arrival.hi;
        seen.arrival.lo - first.arrival.hi <= AT_ONCE * before.max(TOOK)
    };
    let events = later
        .events
        .iter()
        .zip(&earlier.events)
        .zip(later.probe.events.iter().zip(&earlier.probe.events))
        .take_while(|((seen, before), (event, other))| {
            was_there(other) && is_equal(event, other) && is_at_once(seen, before)
        })
        .count();
    if events < EVENTS {
        return None;
    }
    let there = earlier.probe.events.iter().filter(|event| was_there(event));
    let last = earlier.events.get(events - 1)?;
    let took = last.arrival.lo - first_before.arrival.hi;
    // The last one may have been on its way.
    let heads = later.probe.head.as_ref().zip(earlier.probe.head.as_ref());
    (events + 1 >= there.count() && took >= TOOK).then(|| Copy {
        events,
        took,
        has_waited: earlier.has_ended()
            && earlier.probe.end.at < came
            && sent(later) < earlier.probe.end.at,
        is_whole: [later, earlier]
            .iter()
            .all(|one| one.probe.end.kind.is_clean() && one.events.len() == events),
        mark: heads.and_then(|(later, earlier)| mark_of_one_request(later, earlier)),
    })
}

fn asked_the_same(earlier: &Timeline, later: &Timeline) -> bool {
    earlier.probe.request.asked == later.probe.request.asked && sent(earlier) < sent(later)
}

fn sent(timeline: &Timeline) -> Wall {
    let request = &timeline.probe.request;
    request.sent.unwrap_or(request.scheduled)
}

fn arrival(probe: &Probe, event: &Event) -> Option<Wall> {
    probe.reads.get(event.read).map(|read| read.arrival.latest)
}

fn is_equal(one: &Event, other: &Event) -> bool {
    one.digest.is_some()
        && (one.digest, one.seq, one.emitted) == (other.digest, other.seq, other.emitted)
}

/// Several events and the end within the time that one answer takes.
fn came_at_once(timeline: &Timeline) -> bool {
    const ONE_ANSWER: f64 = 500.0;
    timeline.events.len() > 1 && timeline.end < ONE_ANSWER
}

/// What says that a cache answered: `Age` above zero, `X-Cache: HIT`, two ids in `X-Varnish`.
fn mark(timeline: &Timeline) -> Option<String> {
    let head = timeline.probe.head.as_ref()?;
    let age = head
        .header("age")
        .and_then(|age| age.parse::<u64>().ok())
        .filter(|age| *age > 0);
    let is_hit = [
        "x-cache",
        "x-cache-status",
        "cf-cache-status",
        "cache-status",
    ]
    .into_iter()
    .find(|name| head.header(name).is_some_and(says_hit));
    let is_joined = head
        .header("x-varnish")
        .is_some_and(|ids| ids.split_whitespace().count() > 1);
    if is_joined {
        Some("two ids in X-Varnish: another request had fetched it".into())
    } else if let Some(name) = is_hit {
        Some(format!("{name}: hit"))
    } else {
        age.map(|age| format!("Age: {age}"))
    }
}

/// `HIT`, `HIT from proxy`, `TCP_HIT`, RFC 9211's `name; hit`; no `MISS`, and no word that only contains it.
fn says_hit(value: &str) -> bool {
    value
        .split(|c: char| !c.is_ascii_alphabetic())
        .any(|word| word.eq_ignore_ascii_case("hit"))
}

/// A header that a server makes anew for each request, with the same value in both; or the time of another answer.
fn mark_of_one_request(later: &Head, earlier: &Head) -> Option<String> {
    const OF_ONE: [&str; 5] = [
        "x-request-id",
        "x-correlation-id",
        "x-amzn-requestid",
        "x-trace-id",
        "request-id",
    ];
    OF_ONE
        .into_iter()
        .find(|name| {
            let value = later.header(name).filter(|value| !value.is_empty());
            value.is_some() && value == earlier.header(name)
        })
        .map(|name| format!("the same {name} as the earlier response"))
}
