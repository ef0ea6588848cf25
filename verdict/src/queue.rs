//! Streams that wait for others: how many a server serves at once.

use run_record::time::Wall;

use crate::timeline::Timeline;
use crate::weigh::Readings;

/// Of several streams asked for at once, some were not served until others ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Those that ran.
    pub served: usize,
    /// Those that waited.
    pub waited: usize,
}

/// The largest round of streams that ran at once: those whose first event came
/// before any other had ended were served, the rest queued (causes 5.4).
pub(crate) fn find(readings: &Readings) -> Option<Queue> {
    let all = readings.all();
    let timelines = || all.iter().map(|reading| &reading.timeline);
    let in_round = |round: u16| timelines().filter(move |t| t.probe.request.round == round);
    let rounds = timelines().map(|timeline| timeline.probe.request.round);
    let round = rounds.max_by_key(|round| in_round(*round).count())?;
    // They need not have been asked for at the same moment.
    let began = in_round(round).map(sent).min()?;
    let since_began = |t: &Timeline, at: f64| at + sent(t).signed_since(began) as f64 / 1e6;
    let first_end = in_round(round)
        .filter(|t| t.has_ended())
        .map(|t| since_began(t, t.end))
        .fold(f64::MAX, f64::min);
    let is_before_end = |t: &Timeline, sign: f64| since_began(t, sign) < first_end;
    let signs =
        in_round(round).filter_map(|t| first_sign(t).filter(|sign| is_before_end(t, *sign)));
    let slowest = signs.clone().fold(0.0, f64::max);
    let served = signs.count();
    // Whoever was not watched for much longer than the others took to answer has not waited: nobody looked.
    let long_enough = 2.0 * slowest + LEAST_WAIT;
    let has_waited = |t: &&Timeline| first_sign(t).is_none_or(|sign| !is_before_end(t, sign));
    let waited = in_round(round)
        .filter(|t| has_waited(t) && t.end >= long_enough)
        .count();
    // Where nobody is served, it is no question of the number.
    (served > 0 && waited > 0).then_some(Queue { served, waited })
}

/// A server that is only slow to answer has answered by then, in milliseconds.
const LEAST_WAIT: f64 = 500.0;

fn sent(timeline: &Timeline) -> Wall {
    let request = &timeline.probe.request;
    request.sent.unwrap_or(request.scheduled)
}

/// The first thing that shows that somebody serves this stream.
fn first_sign(timeline: &Timeline) -> Option<f64> {
    timeline
        .head
        .into_iter()
        .chain(timeline.reads.first().map(|read| read.hi))
        .reduce(f64::min)
}
