//! Events that disappear without any error: a proper end, or a silence, and less than was sent.

use crate::observations::{Offer, Version};
use crate::text::ms;
use crate::timeline::Timeline;
use crate::weigh::Readings;

/// One event and a proper end over HTTP/1.0, of a stream that brought more over a newer one; in words.
pub(crate) fn over_http10(readings: &Readings) -> Option<String> {
    const MORE: usize = 5;
    let all = || readings.all().iter().map(|reading| &reading.timeline);
    // Some servers answer a request over HTTP/1.0 with HTTP/1.1 in the status line.
    let is_old = |timeline: &Timeline| {
        let probe = timeline.probe;
        let head = probe.head.as_ref();
        probe.request.way.http == Offer::Only(Version::Http10)
            || head.is_some_and(|head| head.version == Version::Http10)
    };
    let cut_short = all().find(|timeline| {
        is_old(timeline) && timeline.events.len() == 1 && timeline.probe.end.kind.is_clean()
    })?;
    let newer = all().filter(|timeline| !is_old(timeline));
    let most = newer.map(|timeline| timeline.events.len()).max()?;
    (most >= MORE).then(|| {
        format!(
            "over HTTP/1.0 one event and a proper end after {}, over a newer HTTP {most} events",
            ms(cut_short.end)
        )
    })
}

/// How many events the server's own log says it wrote to a response that has ended, and that never came.
pub(crate) fn written_and_lost(timeline: &Timeline) -> Option<u64> {
    let truth = timeline.probe.truth.filter(|_| timeline.has_ended())?;
    let came = timeline.events.len() as u64;
    truth
        .written_events
        .checked_sub(came)
        .filter(|lost| *lost > 0)
}
