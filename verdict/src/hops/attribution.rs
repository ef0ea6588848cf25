//! Which causes are left once the hops before are known.
//!
//! A mark that stands at the hop before as well is not this hop's. What a live origin excludes is not named: neither
//! the application nor its server, nor a source that publishes in groups. Source: causes 2.4.5, 2.4.12, 5.3 (P16).

use run_record::hops::Standing;
use run_record::verdict::{Cause, Confidence, Remedy, Verdict, Word};

use super::headers::is_of_the_request;
use super::{Hop, spokesman};
use crate::causes;
use crate::conclusion::Conclusion;
use crate::cut;
use crate::observations::{Head, Observations};
use crate::signature::Signature;
use crate::weigh::Readings;

/// What answers requests and makes the events, or runs inside it: the first words of codes. What is not here may
/// stand anywhere on the way.
const APPLICATIONS: [&str; 22] = [
    "app",
    "aspnet",
    "django",
    "express",
    "gunicorn",
    "jersey",
    "jetty",
    "nest",
    "next",
    "passenger",
    "php",
    "puma",
    "rack",
    "rails",
    "rainbows",
    "source",
    "spring",
    "starlette",
    "thin",
    "tomcat",
    "unicorn",
    "webrick",
];

/// They tell how the message is framed and who wrote it: a hop may send the same as the one before it.
const OF_THE_MESSAGE: [&str; 7] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "server",
    "transfer-encoding",
    "via",
];

/// Leaves the causes of the origin that its place allows: of a proxy that leaves no mark there is no sign.
pub(super) fn of_origin(verdict: &mut Verdict) {
    let is_named =
        |cause: &Cause| is_application(&cause.code) && cause.confidence > Confidence::Low;
    if verdict.causes.iter().any(is_named) {
        verdict
            .causes
            .retain(|cause| is_application(&cause.code) || cause.confidence > Confidence::Low);
    }
}

/// Leaves the causes that the hop before allows, and makes the word as sure as a control makes it.
pub(super) fn refine(
    verdict: &mut Verdict,
    standing: Standing,
    hop: &Hop,
    before: &Hop,
    control: &Verdict,
) {
    match standing {
        Standing::HoldsBack | Standing::Worsens => {
            verdict.causes = causes(hop, before, control);
        }
        // Whatever it does is hidden behind the hop before it.
        Standing::Behind => verdict.causes.clear(),
        Standing::Passes | Standing::Unknown => {}
    }
    if let Some(cause) = asked_for_compression(hop, before, verdict) {
        // One stream alone may have hinted at it: the comparison says more.
        verdict.causes.retain(|other| other.code != cause.code);
        verdict.causes.push(cause);
    }
    let is_control = standing == Standing::HoldsBack
        && control.word == Word::Live
        && control.confidence > Confidence::Low;
    if is_control && verdict.word != Word::Cut && verdict.confidence == Confidence::Medium {
        verdict.confidence = Confidence::High;
        verdict
            .evidence
            .push(format!("the same request is live at {}", before.name));
    }
}

fn causes(hop: &Hop, before: &Hop, control: &Verdict) -> Vec<Cause> {
    let earlier = spokesman(before.observations).and_then(|probe| probe.head.as_ref());
    let own = with_own_marks(hop.observations, earlier);
    let readings = Readings::of(&own);
    let Some(delivery) = readings.weigh() else {
        return Vec::new();
    };
    let cut = cut::find(&readings);
    let conclusion = Conclusion::of(&readings, delivery, cut);
    let is_live = control.word == Word::Live;
    let is_possible = |code: &str| !(is_live && is_application(code));
    let mut causes = causes::find_among(&conclusion, &is_possible);
    for cause in &mut causes {
        if is_live {
            place(cause, hop.name, before.name);
        }
        weaken(cause, before.name, earlier);
    }
    let leaves_no_mark = own
        .probes
        .iter()
        .filter_map(|probe| probe.head.as_ref())
        .all(|head| {
            let is_own =
                |name: &str| head.header(name) != earlier.and_then(|head| head.header(name));
            !is_own("server") && !is_own("via")
        });
    if is_live && leaves_no_mark {
        strengthen(&mut causes, hop.name, before.name);
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.confidence));
    causes
}

/// The same observations without the headers that the hop before sent too.
fn with_own_marks(observations: &Observations, earlier: Option<&Head>) -> Observations {
    let mut own = observations.clone();
    let Some(earlier) = earlier else {
        return own;
    };
    for head in own
        .probes
        .iter_mut()
        .filter_map(|probe| probe.head.as_mut())
    {
        head.headers.retain(|(name, value)| {
            let is_of_message = OF_THE_MESSAGE
                .iter()
                .any(|other| name.eq_ignore_ascii_case(other));
            let is_inherited = earlier
                .header(name)
                .is_some_and(|before| before == value.trim() || is_of_the_request(name));
            is_of_message || !is_inherited
        });
    }
    own
}

/// Where nobody is named, it is still known between which two it happens.
fn place(cause: &mut Cause, name: &str, before: &str) {
    if family(&cause.code) == "unknown" {
        cause.component = format!("between {before} and {name}, not identified");
        cause.remedy = Some(Remedy {
            text: format!(
                "look for what buffers between {before} and {name}: {before} itself is live"
            ),
            config: None,
            place: None,
        });
    }
}

/// A signature that the hop before has too may be its own, handed on.
fn weaken(cause: &mut Cause, before: &str, earlier: Option<&Head>) {
    let Some(head) = earlier else { return };
    let marks: String = ["server", "via"]
        .iter()
        .filter_map(|name| head.header(name))
        .collect::<Vec<_>>()
        .join(" ")
        .to_ascii_lowercase();
    if marks.contains(family(&cause.code)) && cause.confidence == Confidence::High {
        cause.confidence = Confidence::Medium;
        cause
            .evidence
            .push(format!("{before} has its signature too"));
    }
}

/// The 200 ms of a corked socket are Puma's or HAProxy's, and the origin is live (P16).
fn strengthen(causes: &mut [Cause], name: &str, before: &str) {
    let of_haproxy = causes
        .iter_mut()
        .find(|cause| cause.code == "haproxy.msg-more");
    if let Some(cause) = of_haproxy.filter(|cause| cause.confidence == Confidence::Low) {
        cause.confidence = Confidence::Medium;
        cause.evidence.push(format!(
            "{before} is live, so its server does not; {name} adds no mark, as HAProxy adds none"
        ));
    }
}

/// A proxy that asks its origin for compression whatever the client asked, and takes it off again: the origin holds
/// with Accept-Encoding only, the hop holds without it too, and shows no coding.
fn asked_for_compression(hop: &Hop, before: &Hop, verdict: &Verdict) -> Option<Cause> {
    let is_held = matches!(verdict.word, Word::Batched | Word::Buffered);
    let here = Readings::of(hop.observations);
    let is_plain = hop.observations.probes.iter().all(|probe| {
        let head = probe.head.as_ref();
        head.is_none_or(|head| head.content_coding().is_none())
    });
    let asked_none =
        |reading: &&crate::weigh::Reading| reading.timeline.probe.request.accept_encoding.is_none();
    let held_plain = here.all().iter().filter(asked_none).any(|reading| {
        reading.signature.is_held() || matches!(reading.signature, Signature::Silence(_))
    });
    if !is_held || !is_plain || !held_plain {
        return None;
    }
    let earlier = Readings::of(before.observations);
    let live_plain = earlier
        .all()
        .iter()
        .filter(asked_none)
        .any(|reading| matches!(reading.signature, Signature::Live(_)));
    let compresses = before.observations.probes.iter().any(|probe| {
        let head = probe.head.as_ref();
        head.is_some_and(|head| {
            let varies = head.header("vary").unwrap_or_default().to_ascii_lowercase();
            head.content_coding().is_some() || varies.contains("accept-encoding")
        })
    });
    (live_plain && compresses).then(|| {
        causes::named(
            "proxy.adds-accept-encoding",
            Confidence::Medium,
            vec![
                format!(
                    "{} compresses, and without Accept-Encoding it is live",
                    before.name
                ),
                format!(
                    "{} holds without it too, and shows no Content-Encoding",
                    hop.name
                ),
            ],
        )
    })?
}

fn family(code: &str) -> &str {
    code.split('.').next().unwrap_or(code)
}

fn is_application(code: &str) -> bool {
    APPLICATIONS.contains(&family(code))
}
