//! How many streams the server serves at once.

use run_record::verdict::Finding;

use super::{warn, with_remedy};
use crate::diagnose::Conclusion;
use crate::text::plural;
use crate::timeline::Timeline;

/// The largest round of streams that ran at once: those whose first event came
/// before any other had ended were served, the rest queued (causes 5.4).
pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let all = conclusion.readings.all();
    let timelines = || all.iter().map(|reading| &reading.timeline);
    let in_round = |round: u16| timelines().filter(move |t| t.probe.request.round == round);
    let rounds = timelines().map(|timeline| timeline.probe.request.round);
    let Some(round) = rounds.max_by_key(|round| in_round(*round).count()) else {
        return;
    };
    let asked = in_round(round).count();
    let first_end = in_round(round)
        .filter(|t| t.has_ended())
        .map(|t| t.end)
        .fold(f64::MAX, f64::min);
    let served = in_round(round)
        .filter(|t| first_sign(t).is_some_and(|at| at < first_end))
        .count();
    // Where nobody is served, it is no question of the number.
    if asked < 2 || served == 0 || served == asked {
        return;
    }
    let text = format!(
        "{} asked at once: {served} answered, the other {} waited",
        plural(asked as u64, "stream"),
        asked - served
    );
    findings.push(with_remedy(
        warn("streams.limit", text),
        "raise the number of workers or threads above the number of streams",
    ));
}

/// The first thing that shows that somebody serves this stream.
fn first_sign(timeline: &Timeline) -> Option<f64> {
    timeline
        .head
        .into_iter()
        .chain(timeline.reads.first().map(|read| read.hi))
        .reduce(f64::min)
}
