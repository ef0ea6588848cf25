//! How the responses ended: limits, broken messages, clean ends, refusals after a wait.

use run_record::verdict::{Finding, Word};

use super::{info, warn, with_remedy};
use crate::causes::limits;
use crate::conclusion::Conclusion;
use crate::cut::{Limit, Proof};
use crate::observations::EndKind;
use crate::signature::{NoStream, Signature};
use crate::text::{ms, plural};

const HEARTBEAT: &str = "send a comment line every 15 s, and raise the limit of the hop that cut";
const RAISE: &str = "no heartbeat defeats a total limit: raise it where the stream passes";

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    findings.extend(cut(conclusion));
    findings.extend(clean_end(conclusion));
    findings.extend(late_refusal(conclusion));
}

fn cut(conclusion: &Conclusion) -> Option<Finding> {
    let cut = conclusion.cut?;
    let (age, silence) = (ms(cut.age), ms(cut.silence));
    let as_of = limits::names_of(conclusion)
        .map(|names| format!(", as by the limit of {names}"))
        .unwrap_or_default();
    let remedied = match cut.limit {
        Limit::Idle => with_remedy(
            warn(
                "cut.idle",
                format!("responses of different age ended after {silence} of silence{as_of}"),
            ),
            HEARTBEAT,
        ),
        Limit::Total => with_remedy(
            warn(
                "cut.total",
                format!("responses ended at the age of {age} with events flowing{as_of}"),
            ),
            RAISE,
        ),
        Limit::Unknown => {
            let (code, how) = match cut.proof {
                Proof::Framing(EndKind::BadFraming) => ("framing.bad", "bytes that are no chunk"),
                Proof::Framing(EndKind::Reset) => ("cut.reset", "a reset"),
                Proof::Framing(EndKind::GoAway) => ("cut.reset", "a GOAWAY that gave it up"),
                Proof::Framing(_) => ("cut.truncated", "the connection closed inside the message"),
                Proof::More | Proof::Twice => ("cut.early", "a clean end with more to come"),
            };
            let text = format!("after {age}, {silence} after the last byte: {how}");
            with_remedy(
                warn(code, text),
                "write a comment line more often than that, and run it again: what then lives longer was cut by its \
                 silence, what does not by its age",
            )
        }
    };
    // The knob of the limit that is known says more than any advice.
    Some(match limits::remedy_of(conclusion) {
        Some(remedy) => Finding {
            remedy: Some(remedy),
            ..remedied
        },
        None => remedied,
    })
}

/// A clean end is no fault; who listens should know what a browser does then.
fn clean_end(conclusion: &Conclusion) -> Option<Finding> {
    let timeline = &conclusion.shown().timeline;
    let speaks_of_stream = !matches!(conclusion.word, Word::NoStream | Word::Buffered);
    let is_clean = timeline.probe.end.kind.is_clean();
    (is_clean && conclusion.cut.is_none() && speaks_of_stream).then(|| {
        let events = plural(timeline.events.len() as u64, "event");
        let text = format!(
            "ended after {events}, at {}; a browser reconnects in 3 s",
            ms(timeline.end)
        );
        info("end.clean", text)
    })
}

/// A status that says a hop gave up waiting (causes 1, `cut.first-byte`).
fn late_refusal(conclusion: &Conclusion) -> Option<Finding> {
    const WAITED: f64 = 500.0;
    let Signature::NoStream(NoStream::Status(status @ (408 | 502 | 503 | 504 | 524))) =
        &conclusion.delivery.signature
    else {
        return None;
    };
    let head = conclusion
        .shown()
        .timeline
        .head
        .filter(|head| *head > WAITED)?;
    let text = format!(
        "status {status} after {}: a hop stopped waiting for the first byte",
        ms(head)
    );
    Some(with_remedy(
        warn("cut.first-byte", text),
        "write a comment line at once, before the first event",
    ))
}
