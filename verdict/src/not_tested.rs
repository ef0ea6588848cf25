//! What LIVE does not speak about, and the option that would test it.

use run_record::verdict::Word;

use crate::conclusion::Conclusion;
use crate::observations::Version;
use crate::text::{ms, plural};
use crate::timeline::{Role, Timeline};

/// One line for each thing that a longer or another check could still find.
/// Empty unless the word is LIVE: any other word has something to act on first.
pub(crate) fn list(conclusion: &Conclusion) -> Vec<String> {
    if conclusion.word != Word::Live {
        return Vec::new();
    }
    let timelines = || {
        conclusion
            .readings
            .all()
            .iter()
            .map(|reading| &reading.timeline)
    };
    let mut lines = Vec::new();
    match conclusion.shown().timeline.role {
        Role::Cooperating => {}
        Role::Rhythm => {
            lines.push("a constant delay: the offset of the server's clock is not known".into())
        }
        Role::Foreign => lines.push(
            "a constant hold shorter than the gap (a 200 ms cork) and a lag of one event: \
             that takes send times (`--sent-at`)"
                .into(),
        ),
    }
    let silence = timelines().map(longest_silence).fold(0.0, f64::max);
    if silence < IDLE_LIMITS {
        lines.push(format!("silence over {} (`--idle 65s`)", ms(silence)));
    }
    let watched = timelines().map(|timeline| timeline.end).fold(0.0, f64::max);
    if watched < TOTAL_LIMITS {
        lines.push(format!(
            "responses longer than {} (`--for 65s`)",
            ms(watched)
        ));
    }
    let in_round = |round: u16| {
        let rounds = timelines().map(|timeline| timeline.probe.request.round);
        rounds.filter(|other| *other == round).count()
    };
    let rounds = timelines().map(|timeline| timeline.probe.request.round);
    let at_once = rounds.map(in_round).max().unwrap_or(1);
    if at_once < STREAMS {
        let streams = plural(at_once as u64, "stream");
        lines.push(format!(
            "more than {streams} at once (`--streams {STREAMS}`)"
        ));
    }
    if timelines().all(|timeline| timeline.probe.request.accept_encoding.is_none()) {
        lines.push("compression: no probe asked for it".into());
    }
    let spoke = |version| {
        timelines().any(|timeline| {
            let head = timeline.probe.head.as_ref();
            head.is_some_and(|head| head.version == version)
        })
    };
    // Holds come and go with the version: HAProxy's windows vanish over HTTP/2 (causes section 3.9).
    if !spoke(Version::Http2) {
        lines.push("HTTP/2, which a browser takes where TLS offers it (`--http2`)".into());
    }
    if !spoke(Version::Http11) {
        lines.push("HTTP/1.1, which proxies and most programs speak (`--http1.1`)".into());
    }
    lines
}

/// More than the threads of Puma and the workers of Unicorn in their usual numbers.
const STREAMS: usize = 10;
/// The usual idle limits of proxies end at 61.4 s (causes section 4).
const IDLE_LIMITS: f64 = 62_000.0;
/// The usual total limits end at 30 s (causes section 4); the same watch as for silence.
const TOTAL_LIMITS: f64 = 62_000.0;

fn longest_silence(timeline: &Timeline) -> f64 {
    let arrivals = timeline.reads.iter().map(|read| read.hi);
    let mut before = timeline.head.unwrap_or_default();
    let mut longest: f64 = 0.0;
    for arrival in arrivals.chain([timeline.end]) {
        longest = longest.max(arrival - before);
        before = arrival;
    }
    longest
}
