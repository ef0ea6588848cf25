//! What another way shows of the same stream: another version of HTTP, smaller segments.

use run_record::verdict::Finding;

use super::{info, warn, with_remedy};
use crate::conclusion::Conclusion;
use crate::observations::Version;
use crate::sentences::{gloss_of_behind, gloss_of_groups};
use crate::signature::Signature;
use crate::text::{bytes, ms};
use crate::weigh::Reading;

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let shown = conclusion.shown();
    let differs = |other: &&Reading| {
        is_asked_alike(shown, other) && is_unlike(&shown.signature, &other.signature)
    };
    let other = conclusion.readings.on_other_ways().find(differs);
    findings.extend(other.and_then(|other| differing(shown, other)));
    findings.extend(segment(conclusion));
}

/// On loopback the timer is all that shows of a cork; a network carries smaller segments, and a full one goes at once.
fn segment(conclusion: &Conclusion) -> Option<Finding> {
    let Signature::Grouped(timed) = &conclusion.shown().signature else {
        return None;
    };
    let clamped = conclusion.readings.on_other_ways().find_map(|reading| {
        let segment = reading.timeline.probe.request.way.max_segment?;
        match &reading.signature {
            Signature::Grouped(grouped) => Some((segment, grouped)),
            _ => None,
        }
    });
    let (segment, grouped) = clamped?;
    let is_sooner = grouped.interval < 0.5 * timed.ms.value;
    (is_sooner && grouped.bytes.value <= f64::from(segment)).then(|| {
        let text = format!(
            "with segments of {segment} bytes, as on a network, a full one goes at once: about {} every {}",
            bytes(grouped.bytes.value),
            ms(grouped.interval)
        );
        info("hold.segment", text)
    })
}

fn differing(shown: &Reading, other: &Reading) -> Option<Finding> {
    let (one, two) = (version(shown)?, version(other)?);
    let is_of_http2 = one == Version::Http2 || two == Version::Http2;
    let code = if is_of_http2 {
        "http2.differs"
    } else {
        "http10.differs"
    };
    let text = format!(
        "over {}: {}; over {}: {}",
        one.label(),
        in_words(&shown.signature)?,
        two.label(),
        in_words(&other.signature)?
    );
    Some(with_remedy(
        warn(code, text),
        "the verdict is for the first of the two; --http1.0, --http1.1 and --http2 ask for one of them",
    ))
}

fn version(reading: &Reading) -> Option<Version> {
    let head = reading.timeline.probe.head.as_ref();
    head.map(|head| head.version)
}

/// Only what differs in nothing but the way can tell of the way.
fn is_asked_alike(one: &Reading, other: &Reading) -> bool {
    let (one, other) = (&one.timeline.probe.request, &other.timeline.probe.request);
    one.asked == other.asked
        && one.accept_encoding.is_some() == other.accept_encoding.is_some()
        && one.way.http != other.way.http
}

/// Whether both say how the stream is delivered, and not the same.
fn is_unlike(one: &Signature, other: &Signature) -> bool {
    let is_certain = |signature: &Signature| in_words(signature).is_some();
    is_certain(one)
        && is_certain(other)
        && std::mem::discriminant(one) != std::mem::discriminant(other)
}

fn in_words(signature: &Signature) -> Option<String> {
    Some(match signature {
        Signature::Live(_) => "each event came by itself".into(),
        Signature::Grouped(grouped) => gloss_of_groups(grouped),
        Signature::Behind(behind) => gloss_of_behind(behind),
        Signature::Whole(_) => "nothing until the end of the response".into(),
        _ => return None,
    })
}
