//! How many streams the server serves at once, and how many requests.

use run_record::verdict::Finding;

use super::{warn, with_remedy};
use crate::conclusion::Conclusion;
use crate::queue::{self, Queue};
use crate::text::plural;

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    findings.extend(refusal(conclusion));
    findings.extend(limit(conclusion));
}

/// A later request that was refused while the first one met a stream.
fn refusal(conclusion: &Conclusion) -> Option<Finding> {
    let all = conclusion.readings.all();
    let refused = (0..all.len()).find(|index| conclusion.readings.was_refused(*index))?;
    let probe = all[refused].timeline.probe;
    let answer = match (&probe.head, &probe.failure) {
        (Some(head), _) => format!("status {}", head.status),
        (None, Some(failure)) => failure.clone(),
        (None, None) => "no answer".into(),
    };
    let text = format!(
        "request {} of this check met {answer}; no more were sent",
        refused + 1
    );
    Some(warn("probe.refused", text))
}

/// Streams that waited for others to end.
fn limit(conclusion: &Conclusion) -> Option<Finding> {
    let Queue { served, waited } = queue::find(conclusion.readings)?;
    let replay = conclusion.readings.replay();
    let is_locked = replay.is_some_and(|replay| replay.has_waited);
    let text = format!(
        "{} asked at once: {served} answered, the other {waited} waited",
        plural((served + waited) as u64, "stream"),
    );
    let remedy = if is_locked {
        "take the stream out of the cache, which lets one client in at a time"
    } else {
        "raise the number of workers or threads above the number of streams"
    };
    Some(with_remedy(warn("streams.limit", text), remedy))
}
