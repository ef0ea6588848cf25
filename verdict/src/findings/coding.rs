//! What a content coding does to the stream besides holding it: bytes that are on time and do not decode, members.

use run_record::verdict::Finding;

use super::{info, warn, with_remedy};
use crate::conclusion::Conclusion;
use crate::stats;
use crate::text::{ms, plural};
use crate::timeline::{Seen, Timeline};

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let timeline = &conclusion.shown().timeline;
    let head = timeline.probe.head.as_ref();
    let Some(coding) = head.and_then(|head| head.content_coding()) else {
        return;
    };
    findings.extend(decode_late(timeline, &coding).or_else(|| undecoded(timeline, &coding)));
    let members = timeline.probe.gzip_members;
    findings.extend((members > 1).then(|| {
        let text = format!(
            "{} of gzip: browsers read them all, some libraries stop after the first",
            plural(members, "member")
        );
        info("gzip.members", text)
    }));
}

/// Bytes came when each event was sent, and yet it could be read only with bytes that came later (causes 1).
fn decode_late(timeline: &Timeline, coding: &str) -> Option<Finding> {
    const EVENTS: usize = 5;
    const MOST: f64 = 0.8;
    let late: Vec<&Seen> = timeline
        .events
        .iter()
        .filter(|event| {
            event
                .wait()
                .is_some_and(|wait| wait.lo > timeline.noise.on_time)
        })
        .collect();
    // Bytes of its own: a read between the moment it was sent and the one that completed it, at once.
    let had_bytes = |event: &&&Seen| {
        let sent = event.emitted.unwrap_or_default();
        let before = timeline.reads.iter().take(event.read);
        before
            .rev()
            .take_while(|read| read.hi >= sent)
            .any(|read| read.hi <= sent + timeline.noise.on_time)
    };
    let on_the_wire = late.iter().filter(had_bytes).count();
    let is_rule = late.len() >= EVENTS
        && stats::share(late.len(), timeline.events.len()) >= MOST
        && stats::share(on_the_wire, late.len()) >= MOST;
    let waited = stats::median(late.iter().filter_map(|event| Some(event.wait()?.lo)))?;
    is_rule.then(|| {
        let text = format!(
            "bytes of {coding} came when {} were sent, and decode only {} later, with the next ones",
            plural(on_the_wire as u64, "event"),
            ms(waited)
        );
        with_remedy(
            warn("decode.late", text),
            "flush the compressor after each event, or send Cache-Control: no-transform",
        )
    })
}

/// Bytes came again and again, and not one event of them.
fn undecoded(timeline: &Timeline, coding: &str) -> Option<Finding> {
    let reads = timeline.undecoded_reads()?;
    let text = format!("{reads} reads of {coding}, and not one event can be decoded of them yet");
    Some(with_remedy(
        warn("decode.late", text),
        "flush the compressor after each event, or send Cache-Control: no-transform",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::{Event, Own, Probe, Read, ServerClock};
    use run_record::time::{Interval, Wall};

    const MS: u64 = 1_000_000;

    /// Ten events, 100 ms apart, each with a read when it was sent; completed `later` reads after that.
    fn found(later: usize) -> bool {
        let at = |index: usize| Wall((1_000 + 100 * index as u64) * MS);
        let read = |index| Read {
            arrival: Interval::exact(at(index)),
            stamped: true,
            read: at(index),
            body_bytes: 50,
        };
        let event = |index| Event {
            read: index + later,
            bytes: 60,
            end_offset: 60 * (index as u64 + 1),
            seq: None,
            due: None,
            emitted: Some(at(index)),
            named: false,
            digest: None,
        };
        let mut probe = Probe {
            reads: (0..12).map(read).collect(),
            events: (0..10).map(event).collect(),
            server_clock: ServerClock::Within(run_record::time::Nanos::ZERO),
            ..Probe::default()
        };
        probe.request.sent = Some(Wall(900 * MS));
        probe.end.at = at(12);
        decode_late(&Timeline::of(&probe, &Own::default()), "gzip").is_some()
    }

    #[test]
    fn bytes_on_time_that_decode_with_the_next_are_told_from_live_ones() {
        assert!(!found(0));
        assert!(found(1) && found(2));
    }
}
