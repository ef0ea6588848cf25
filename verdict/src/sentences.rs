//! The gloss and the evidence of a verdict in plain words, with figures.
//!
//! Says only what the conclusion holds; decides nothing.

use run_record::verdict::{Reason, Word};

use crate::conclusion::Conclusion;
use crate::cut::{Cut, Limit, Proof};
use crate::observations::{EndKind, Version};
use crate::signature::{Behind, Grouped, Live, NoStream, Pause, Rule, Signature, Silence, Whole};
use crate::text::{bytes, ms, plural};
use crate::timeline::{Role, Timeline};

/// What the word means here, one line.
pub(crate) fn gloss(conclusion: &Conclusion) -> String {
    let signature = &conclusion.delivery.signature;
    match (conclusion.word, signature) {
        (Word::Cut, _) => conclusion
            .cut
            .as_ref()
            .map(gloss_of_cut)
            .unwrap_or_default(),
        (_, Signature::NoStream(no_stream)) => gloss_of_no_stream(no_stream),
        (_, Signature::Whole(whole)) => gloss_of_whole(whole, conclusion),
        (Word::Buffered, Signature::Silence(silence)) => gloss_of_hidden(silence, conclusion),
        (_, Signature::Silence(silence)) => {
            format!(
                "{} arrived for {}: silent, or held back",
                if silence.comments > 0 {
                    "only comments"
                } else {
                    "nothing"
                },
                ms(silence.watched)
            )
        }
        (_, Signature::Grouped(grouped)) => gloss_of_groups(grouped),
        (_, Signature::Behind(behind)) => gloss_of_behind(behind),
        (_, Signature::FirstLate(pause)) => gloss_of_first(pause),
        (_, Signature::Live(live)) => gloss_of_live(live),
        (_, Signature::Undecided(reason)) => gloss_of_undecided(*reason, conclusion),
    }
}

fn gloss_of_no_stream(no_stream: &NoStream) -> String {
    match no_stream {
        NoStream::Failed(failure) => failure.clone(),
        NoStream::NoAnswer => "the connection was closed without an answer".into(),
        NoStream::Status(status) => format!("status {status}"),
        NoStream::ContentType(Some(media_type)) => {
            format!("content type {media_type} is no stream")
        }
        NoStream::ContentType(None) => "no content type".into(),
    }
}

fn gloss_of_whole(whole: &Whole, conclusion: &Conclusion) -> String {
    let held = if conclusion.delivery.is_compressor {
        " while the response is compressed"
    } else {
        ""
    };
    format!(
        "nothing until the end of the response{held}: {} at {}",
        plural(whole.events as u64, "event"),
        ms(whole.at)
    )
}

fn gloss_of_hidden(silence: &Silence, conclusion: &Conclusion) -> String {
    if conclusion.delivery.is_compressor {
        format!(
            "nothing within {} while the response is compressed",
            ms(silence.watched)
        )
    } else {
        format!(
            "nothing within {} although the server made {}",
            ms(silence.watched),
            made(silence)
        )
    }
}

pub(crate) fn gloss_of_groups(grouped: &Grouped) -> String {
    let size = bytes(grouped.bytes.value);
    let time = ms(if grouped.is_wait {
        grouped.ms.value
    } else {
        grouped.interval
    });
    match grouped.rule {
        Rule::Size => format!("released in groups of {size}"),
        Rule::Time if grouped.events < 2.0 => format!("each event is held for {time}"),
        Rule::Time if grouped.is_wait => {
            format!("released {time} after the first event of a group")
        }
        Rule::Time => format!("released every {time}"),
        Rule::Either if grouped.is_wait => format!("released in groups of {size} or after {time}"),
        Rule::Either => format!("released in groups of {size} or every {time}"),
        Rule::Irregular => format!("released in groups of no fixed size, held up to {time}"),
    }
}

pub(crate) fn gloss_of_behind(behind: &Behind) -> String {
    if behind.tracks_next {
        "one event behind: each event arrives when the next one is written".into()
    } else {
        format!(
            "each event is held for {}: one behind, or a timer of just that length",
            ms(behind.wait)
        )
    }
}

fn gloss_of_first(pause: &Pause) -> String {
    let events = plural(pause.events as u64, "event");
    format!(
        "the first {events} held for {}, all later ones as they were written",
        ms(pause.held)
    )
}

fn gloss_of_live(live: &Live) -> String {
    if live.median_wait.is_some() {
        "each event was handed on as it was written".into()
    } else {
        "each event came by itself".into()
    }
}

fn gloss_of_cut(cut: &Cut) -> String {
    let after = match cut.limit {
        Limit::Idle => format!("after {} without an event", ms(cut.silence)),
        Limit::Total | Limit::Unknown => format!("after {}", ms(cut.age)),
    };
    match cut.proof {
        Proof::Framing(EndKind::Reset) => format!("the connection was reset {after}"),
        Proof::Framing(EndKind::GoAway) => format!("the server gave the connection up {after}"),
        Proof::Framing(EndKind::BadFraming) => format!("the framing broke {after}"),
        Proof::Framing(_) => format!("the connection closed before the end of the message {after}"),
        Proof::More => format!("ended {after} although more was to come"),
        Proof::Twice => format!("ended {after}, twice"),
    }
}

fn gloss_of_undecided(reason: Reason, conclusion: &Conclusion) -> String {
    let timeline = &conclusion.shown().timeline;
    let events = plural(timeline.events.len() as u64, "event");
    let watched = ms(timeline.end);
    match reason {
        Reason::Empty => format!("the response ended after {watched} without an event"),
        Reason::NoEvents => format!(
            "{} and no event in {watched}",
            bytes(timeline.body_bytes() as f64)
        ),
        Reason::FewEvents => format!("only {events} in {watched}; cannot tell"),
        Reason::FewReleases => format!("{events} were held, but too few releases to say how"),
        Reason::Instant => {
            format!("{events} at once and the end after {watched}: nothing to judge")
        }
        Reason::OwnMachine => "this machine was too busy to tell".into(),
        Reason::Silence | Reason::Irregular | Reason::ClockStep => {
            format!("{events} in {watched}, late in no regular way")
        }
    }
}

/// The facts behind the word, one line each.
pub(crate) fn evidence(conclusion: &Conclusion) -> Vec<String> {
    let timeline = &conclusion.shown().timeline;
    let mut lines = match &conclusion.delivery.signature {
        Signature::Whole(whole) => of_whole(whole),
        Signature::Grouped(grouped) => of_groups(grouped),
        Signature::Behind(behind) => of_behind(behind),
        Signature::FirstLate(pause) => of_first(pause),
        Signature::Live(live) => of_live(live, timeline)
            .into_iter()
            .chain(of_streams_beside(conclusion))
            .collect(),
        Signature::Silence(silence) => of_silence(silence),
        Signature::NoStream(_) => of_no_stream(timeline),
        Signature::Undecided(_) => of_undecided(timeline),
    };
    if conclusion.delivery.is_compressor {
        lines.push("late with Accept-Encoding, live without it".into());
    }
    if conclusion.delivery.shown_times > 1 {
        lines.push(format!(
            "the same on {} probes",
            conclusion.delivery.shown_times
        ));
    }
    lines.extend(conclusion.cut.as_ref().map(of_cut));
    lines.extend(of_head(timeline));
    lines
}

fn of_no_stream(timeline: &Timeline) -> Vec<String> {
    let Some(head) = &timeline.probe.head else {
        return Vec::new();
    };
    let media_type = head
        .media_type()
        .unwrap_or_else(|| "no content type".into());
    let after = ms(timeline.head.unwrap_or_default());
    vec![format!(
        "status {}, {media_type}, after {after}",
        head.status
    )]
}

fn of_whole(whole: &Whole) -> Vec<String> {
    let mut lines = vec![format!(
        "{} and {} arrived together at {}, {} before the end of the response",
        plural(whole.events as u64, "event"),
        bytes(whole.bytes as f64),
        ms(whole.at),
        ms(whole.end - whole.at),
    )];
    lines.extend(
        whole
            .first_wait
            .map(|wait| format!("the first of them had waited {}", ms(wait))),
    );
    if whole.has_length {
        lines.push("Content-Length: the whole body was known before the head was sent".into());
    }
    let head = if whole.head_was_early() {
        "at once"
    } else {
        "with the body"
    };
    lines.push(format!("the head came {head}, after {}", ms(whole.head)));
    lines
}

fn of_groups(grouped: &Grouped) -> Vec<String> {
    let steady = |is_steady| if is_steady { "always about" } else { "about" };
    let mut lines = vec![format!(
        "{}, {} {} each",
        plural(grouped.releases as u64, "release"),
        steady(grouped.bytes.is_steady),
        bytes(grouped.bytes.value),
    )];
    lines.push(if grouped.is_wait {
        let wait = ms(grouped.ms.value);
        format!(
            "the first event of a release waited {} {wait}",
            steady(grouped.ms.is_steady)
        )
    } else {
        let interval = ms(grouped.interval);
        format!(
            "they came {} {interval} apart",
            steady(grouped.ms.is_steady)
        )
    });
    if grouped.cuts_events {
        lines.push("the releases end in the middle of events".into());
    }
    if grouped.rule == Rule::Either {
        lines.push("size and time are not separated: that takes a second rate".into());
    }
    lines
}

fn of_behind(behind: &Behind) -> Vec<String> {
    let mut lines = vec![format!(
        "{} waited {} each, which is the time to the next one ({})",
        plural(behind.events as u64, "event"),
        ms(behind.wait),
        ms(behind.gap),
    )];
    if !behind.tracks_next {
        lines.push("a constant hold of that time would look the same at this rate".into());
    }
    lines
}

fn of_first(pause: &Pause) -> Vec<String> {
    vec![format!(
        "the first {} waited up to {} and came together at {}",
        plural(pause.events as u64, "event"),
        ms(pause.held),
        ms(pause.at)
    )]
}

fn of_live(live: &Live, timeline: &Timeline) -> Vec<String> {
    let paused: usize = live.pauses.iter().map(|pause| pause.events).sum();
    let good = live.good;
    let judged = plural(live.judged.saturating_sub(paused) as u64, "event");
    let mut lines = vec![match (live.median_wait, live.longest_wait) {
        (Some(median), Some(longest)) => {
            format!(
                "{good} of {judged} on time: median {}, slowest {}",
                ms(median),
                ms(longest)
            )
        }
        _ => format!("{good} of {judged} came alone"),
    }];
    if paused > 0 {
        lines.push(format!(
            "{} more came in a pause",
            plural(paused as u64, "event")
        ));
    }
    lines.push(format!("watched over {}", ms(live.watched)));
    let vague = timeline.events.len().saturating_sub(live.judged);
    if vague > 0 {
        let vague = plural(vague as u64, "event");
        lines.push(format!(
            "{vague} arrived at a time not known well enough to judge"
        ));
    }
    lines
}

/// Streams at the same time that were live too.
fn of_streams_beside(conclusion: &Conclusion) -> Option<String> {
    let (mut streams, mut good, mut judged) = (0, 0, 0);
    for live in conclusion.live_beside() {
        streams += 1;
        good += live.good;
        judged += live.judged as u64;
    }
    let events = plural(judged, "event");
    (streams > 0).then(|| {
        let streams = plural(streams, "other stream");
        format!("{good} of {events} on {streams} at the same time")
    })
}

/// What the server made while nothing came, by its own log.
fn made(silence: &Silence) -> String {
    let events = plural(silence.emitted_events.unwrap_or_default(), "event");
    match silence.emitted_bytes {
        Some(held) => format!("{events} of {}", bytes(held as f64)),
        None => events,
    }
}

fn of_silence(silence: &Silence) -> Vec<String> {
    let mut lines = vec![match silence.head {
        Some(_) if silence.comments > 0 => format!(
            "{} and no event in {}",
            plural(silence.comments as u64, "comment"),
            ms(silence.watched)
        ),
        Some(head) => format!(
            "the head came after {}, then nothing for {}",
            ms(head),
            ms(silence.watched - head)
        ),
        None => format!("not even a head within {}", ms(silence.watched)),
    }];
    if silence.emitted_events.is_some() {
        lines.push(format!(
            "the server's own log: {} in that time",
            made(silence)
        ));
    }
    lines
}

fn of_undecided(timeline: &Timeline) -> Vec<String> {
    vec![format!(
        "{} and {} in {}",
        plural(timeline.events.len() as u64, "event"),
        bytes(timeline.body_bytes() as f64),
        ms(timeline.end)
    )]
}

fn of_cut(cut: &Cut) -> String {
    let last = ms(cut.silence);
    match cut.limit {
        Limit::Total => format!(
            "two responses ended at the age of {}, whatever they carried",
            ms(cut.age)
        ),
        Limit::Idle => format!("two responses of different age ended after {last} of silence"),
        Limit::Unknown => format!(
            "ended at the age of {}, {last} after the last byte",
            ms(cut.age)
        ),
    }
}

/// The head in one line: it never decides, but it chooses between causes.
fn of_head(timeline: &Timeline) -> Option<String> {
    let head = timeline.probe.head.as_ref()?;
    let framing = match (head.content_length(), head.is_chunked()) {
        (Some(length), _) => format!("Content-Length: {length}"),
        (None, true) => "chunked".into(),
        (None, false) if head.version == Version::Http2 => "HTTP/2".into(),
        (None, false) => "neither length nor chunks".into(),
    };
    let coding = head
        .content_coding()
        .map(|coding| format!(", {coding}"))
        .unwrap_or_default();
    let server = head
        .header("server")
        .map(|server| format!(", Server: {server}"))
        .unwrap_or_default();
    let stamps = match timeline.role {
        _ if timeline.events.is_empty() => "",
        Role::Cooperating => "; send times known",
        Role::Rhythm => "; send times on a clock of unknown offset",
        Role::Foreign => "; no send times",
    };
    Some(format!("{framing}{coding}{server}{stamps}"))
}
