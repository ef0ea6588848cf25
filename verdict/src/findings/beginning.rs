//! How a stream began: a late head, events from before the request, named events.

use run_record::verdict::Finding;

use super::{info, warn, with_config, with_remedy};
use crate::conclusion::Conclusion;
use crate::observations::Format;
use crate::replay::Replay;
use crate::signature::Signature;
use crate::text::{ms, plural};
use crate::timeline::Timeline;

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let timeline = &conclusion.shown().timeline;
    findings.extend(late_head(conclusion));
    findings.extend(history(conclusion));
    findings.extend(named_events(timeline));
    findings.extend(wrong_type(timeline));
}

/// A head that waits for the first event: `EventSource.onopen` is late, events are not.
///
/// Source: causes 3.7, `head.waits-first-write`.
fn late_head(conclusion: &Conclusion) -> Option<Finding> {
    const LATE: f64 = 5.0;
    const TOGETHER: f64 = 2.0;
    let is_live = matches!(
        conclusion.delivery.signature,
        Signature::Live(_) | Signature::Undecided(_)
    );
    let timeline = &conclusion.shown().timeline;
    let head = timeline.head.filter(|head| is_live && *head > LATE)?;
    let body = timeline.reads.first()?.hi;
    (body - head <= TOGETHER).then(|| {
        let text = format!(
            "the head came with the first bytes of the body, after {}",
            ms(head)
        );
        with_remedy(
            info("head.late", text),
            "flush the head, or write a comment line first",
        )
    })
}

/// Events that were made before they were asked for: a recording, or a backlog by intent.
///
/// A backlog alone accuses nobody (causes 2.4.10).
fn history(conclusion: &Conclusion) -> Option<Finding> {
    if let Some(recording) = conclusion.readings.replay() {
        return Some(recorded(recording));
    }
    let timeline = &conclusion.shown().timeline;
    let old = timeline.events.iter().filter(|event| event.is_history);
    let count = old.clone().count();
    let oldest = old.filter_map(|event| event.emitted).fold(0.0, f64::min);
    (count > 0).then(|| {
        let text = format!(
            "{} made before the request, up to {} old",
            plural(count as u64, "event"),
            ms(-oldest)
        );
        info("backlog.on-connect", text)
    })
}

fn recorded(recording: &Replay) -> Finding {
    let text = format!("{}: a recording", recording.in_words());
    with_config(
        warn("cache.replay", text),
        "keep caches away from the stream",
        "Cache-Control: no-store",
        "response header of the application",
    )
}

/// `onmessage` never sees an event with a type of its own (WHATWG HTML 9.2.6).
fn named_events(timeline: &Timeline) -> Option<Finding> {
    let events = &timeline.probe.events;
    let named = events.iter().filter(|event| event.named).count();
    (named > 0 && timeline.probe.request.format == Format::Sse).then(|| {
        let text = format!(
            "{named} of {} name a type of their own",
            plural(events.len() as u64, "event")
        );
        with_remedy(
            info("event.named", text),
            "in a browser they need addEventListener(TYPE, ...), not onmessage",
        )
    })
}

/// A browser's EventSource fails on any other content type, whatever the body is (WHATWG HTML 9.2.3).
fn wrong_type(timeline: &Timeline) -> Option<Finding> {
    let probe = timeline.probe;
    let media_type = probe.head.as_ref()?.media_type();
    let is_right = media_type.as_deref() == Some("text/event-stream");
    let is_events = probe.request.format == Format::Sse && !probe.events.is_empty();
    (is_events && !is_right).then(|| {
        let announced = media_type.map_or("no content type".into(), |found| {
            format!("content type {found}")
        });
        with_config(
            warn("type.wrong", format!("events, announced with {announced}")),
            "say what it is: a browser's EventSource takes nothing else, and proxies make exceptions for it",
            "Content-Type: text/event-stream",
            "response header of the application",
        )
    })
}
