//! How many streams the server serves at once, and how many requests.

use run_record::verdict::Finding;

use super::{warn, with_remedy};
use crate::conclusion::Conclusion;
use crate::text::plural;
use crate::timeline::Timeline;

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

/// The largest round of streams that ran at once: those whose first event came
/// before any other had ended were served, the rest queued (causes 5.4).
fn limit(conclusion: &Conclusion) -> Option<Finding> {
    let all = conclusion.readings.all();
    let timelines = || all.iter().map(|reading| &reading.timeline);
    let in_round = |round: u16| timelines().filter(move |t| t.probe.request.round == round);
    let rounds = timelines().map(|timeline| timeline.probe.request.round);
    let round = rounds.max_by_key(|round| in_round(*round).count())?;
    let first_end = in_round(round)
        .filter(|t| t.has_ended())
        .map(|t| t.end)
        .fold(f64::MAX, f64::min);
    let signs = in_round(round)
        .filter_map(first_sign)
        .filter(|sign| *sign < first_end);
    let slowest = signs.clone().fold(0.0, f64::max);
    let served = signs.count();
    // Whoever was not watched for much longer than the others took to answer has not waited: nobody looked.
    let long_enough = 2.0 * slowest + LEAST_WAIT;
    let waited = in_round(round)
        .filter(|t| first_sign(t).is_none_or(|sign| sign >= first_end) && t.end >= long_enough)
        .count();
    let asked = served + waited;
    // Where nobody is served, it is no question of the number.
    if served == 0 || waited == 0 {
        return None;
    }
    let text = format!(
        "{} asked at once: {served} answered, the other {} waited",
        plural(asked as u64, "stream"),
        waited
    );
    Some(with_remedy(
        warn("streams.limit", text),
        "raise the number of workers or threads above the number of streams",
    ))
}

/// A server that is only slow to answer has answered by then, in milliseconds.
const LEAST_WAIT: f64 = 500.0;

/// The first thing that shows that somebody serves this stream.
fn first_sign(timeline: &Timeline) -> Option<f64> {
    timeline
        .head
        .into_iter()
        .chain(timeline.reads.first().map(|read| read.hi))
        .reduce(f64::min)
}
