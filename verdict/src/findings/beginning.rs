//! How a stream began: a late head, events from before the request, named events.

use run_record::verdict::Finding;

use super::{info, warn, with_config, with_remedy};
use crate::conclusion::Conclusion;
use crate::observations::Format;
use crate::signature::Signature;
use crate::text::{ms, plural};
use crate::timeline::Timeline;

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let timeline = &conclusion.shown().timeline;
    findings.extend(late_head(conclusion));
    findings.extend(history(timeline));
    findings.extend(named_events(timeline));
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

/// Events that were made before they were asked for: a backlog by intent, or a recording.
///
/// A cache also ends the response: a backlog alone accuses nobody (causes 2.4.10).
fn history(timeline: &Timeline) -> Option<Finding> {
    let old = timeline
        .events
        .iter()
        .filter(|event| event.is_history)
        .count();
    let oldest = timeline
        .events
        .iter()
        .filter_map(|event| event.emitted)
        .fold(0.0, f64::min);
    if old == 0 {
        return None;
    }
    let events = plural(old as u64, "event");
    if old == timeline.events.len() && timeline.has_ended() {
        let text = format!(
            "{events}, up to {} older than the request, then the end: a recording",
            ms(-oldest)
        );
        Some(with_config(
            warn("cache.replay", text),
            "keep caches away from the stream",
            "Cache-Control: no-store",
            "response header of the application",
        ))
    } else {
        Some(info(
            "backlog.on-connect",
            format!(
                "{events} made before the request, up to {} old",
                ms(-oldest)
            ),
        ))
    }
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
