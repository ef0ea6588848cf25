//! What to run next when no word, or only half a word, could be said.

use run_record::verdict::{Confidence, Finding, Reason, Word};

use super::{info, with_remedy};
use crate::conclusion::Conclusion;
use crate::signature::{NoStream, Rule, Signature};
use crate::text::{ms, thousands};
use crate::timeline::{Role, Timeline};

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let timeline = &conclusion.shown().timeline;
    let next = match (
        conclusion.word,
        conclusion.reason,
        &conclusion.delivery.signature,
    ) {
        (Word::Inconclusive, Some(reason), _) => after(reason, timeline),
        (Word::Batched, _, Signature::Grouped(grouped)) if grouped.rule == Rule::Either => (
            "size and time look the same at one rate".into(),
            "a second rate separates them",
        ),
        (Word::Batched, _, Signature::Behind(behind)) if !behind.tracks_next => (
            "one behind and a timer of just one gap look the same at one rate".into(),
            "a second rate separates them",
        ),
        (_, _, Signature::NoStream(no_stream)) => no_stream_at_all(no_stream),
        (Word::Batched | Word::Buffered, ..) if rests_on_arrivals(conclusion) => (
            "a source that publishes in groups looks the same".into(),
            "name the send time in the data with --sent-at, or check the origin by its own URL",
        ),
        _ => return,
    };
    findings.push(with_remedy(info("run.next", next.0), next.1));
}

/// Whether nothing but the arrival times speaks for a hold (causes 2.4.3).
fn rests_on_arrivals(conclusion: &Conclusion) -> bool {
    conclusion.shown().timeline.role == Role::Foreign
        && crate::confidence::of(conclusion) < Confidence::High
}

fn no_stream_at_all(no_stream: &NoStream) -> (String, &'static str) {
    let (what, next) = match no_stream {
        NoStream::Failed(_) => (
            "nobody answered",
            "does the server run? --wait 60s tries until it does",
        ),
        NoStream::NoAnswer => ("no response head came", "is it HTTP, and is TLS wanted?"),
        NoStream::Status(204) => (
            "204 tells a browser to stop for good",
            "answer 200 while there is a stream",
        ),
        NoStream::Status(300..=399) => ("a redirect that was not followed", "check its target"),
        NoStream::Status(401 | 403) => (
            "credentials are wanted",
            "send them: -H 'Authorization: ...' or -b",
        ),
        NoStream::Status(404 | 410) => ("nothing is there", "is the path right?"),
        NoStream::Status(429) => ("too many requests", "wait, then run it again"),
        NoStream::Status(_) => ("no stream was opened", "look into the server's log"),
        NoStream::ContentType(_) => (
            "a browser's EventSource takes text/event-stream only",
            "is the path right? If it is meant to be a stream: --format sse, lines or bytes",
        ),
    };
    (what.into(), next)
}

fn after(reason: Reason, timeline: &Timeline) -> (String, &'static str) {
    match reason {
        Reason::Silence if !timeline.probe.comments.is_empty() => (
            "comments come through: the source has no events, or somebody holds them".into(),
            "watch longer: --for 90s",
        ),
        // Causes 5.4: 227 kB of stock prices, 3.3 MB of an LLM's tokens.
        Reason::Silence if timeline.is_coded() => (
            "the response is compressed whether asked for or not: a compressor that is not flushed after each event gives \
             nothing before some hundred thousand bytes"
                .into(),
            "flush it after each event, or send Cache-Control: no-transform; watch longer: --for 90s",
        ),
        Reason::Silence => (hidden(timeline), "watch longer: --for 90s"),
        Reason::NoEvents => (
            "bytes arrive, events do not: a source without events, or one event not yet complete"
                .into(),
            "watch longer: --for 90s; or read the body as --format lines or --format bytes",
        ),
        Reason::Empty => (
            "nothing was sent before the end".into(),
            "is the path right, and does the source have events?",
        ),
        Reason::FewEvents => (
            "thirty events, or five over four seconds, are enough".into(),
            "watch longer: --for 60s",
        ),
        Reason::FewReleases => (
            "three releases show size or time".into(),
            "watch longer: --for 60s",
        ),
        Reason::Instant => (
            "there was no time in which events could be late".into(),
            "ask for a stream that lasts longer",
        ),
        Reason::Irregular => (
            "late events in no order: a busy server, a lossy path".into(),
            "run it again, and check the origin by its own URL",
        ),
        Reason::OwnMachine | Reason::ClockStep => (
            "this machine did not run when events arrived".into(),
            "run it again on a machine with time to spare",
        ),
    }
}

/// What a buffer would still hide, at the rate that was asked for or at a usual one.
fn hidden(timeline: &Timeline) -> String {
    const BLOCK: f64 = 4096.0;
    const USUAL: f64 = 120.0;
    let asked = timeline.probe.request.asked;
    let rate = asked
        .size
        .zip(asked.interval)
        .map(|(size, interval)| size as f64 / interval.as_secs_f64());
    let rate = rate
        .filter(|rate| rate.is_finite() && *rate > 0.0)
        .unwrap_or(USUAL);
    format!(
        "a {}-byte buffer at {} bytes a second opens after {}",
        thousands(BLOCK as u64),
        thousands(rate.round() as u64),
        ms(BLOCK / rate * 1e3),
    )
}
