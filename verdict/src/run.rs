//! The verdict about a run, from its record: a few streams that were followed event by event, and what was counted of
//! all.
//!
//! A run keeps no reads and no chunks: what holds a stream back can be seen, by which rule and by whose fault is for a
//! check. Pure, like every diagnosis. Source: DESIGN section 4, report 2.1.

mod streams;

use run_record::counters::Counters;
use run_record::histograms::Histograms;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use run_record::verdict::{Confidence, Finding, Hold, HoldBy, Reason, Severity, Verdict, Word};

use crate::text::{ms, plural, thousands};
use streams::{Followed, follow};

/// From this share of all connections on the worse word stands in the headline; below it is told beside.
const SHARE: u64 = 100;

/// The verdict about all streams of a run.
///
/// Total: a record without traces gives INCONCLUSIVE, one that this machine spoiled INVALID.
#[must_use]
pub fn of_run(record: &RunRecord) -> Verdict {
    let total = record.total();
    let counters = &total.counters;
    if record.self_check.status() == CheckStatus::Invalid {
        let gloss = "this machine was the limit: nothing is said about the server";
        return plain(Word::Invalid, gloss, Some(Reason::OwnMachine));
    }
    if counters.connections.opened == 0 {
        return plain(Word::NoStream, "no stream was opened", None);
    }
    let streams = follow(record);
    let Some(main) = most_said(&streams) else {
        let (gloss, reason) = match counters.events.received {
            0 => ("no event came: silent, or held back", Reason::Silence),
            _ => ("no stream was followed event by event", Reason::FewEvents),
        };
        let mut verdict = plain(Word::Inconclusive, gloss, Some(reason));
        verdict.findings = findings(counters, verdict.word);
        return verdict;
    };
    let cut = cut(counters);
    let is_cut = main.verdict.word == Word::Live && cut * SHARE >= counters.connections.opened;
    let word = if is_cut { Word::Cut } else { main.verdict.word };
    Verdict {
        word,
        gloss: gloss(main, &streams, word, counters),
        hold: hold(&main.verdict),
        confidence: confidence(main, &streams, word, &total.histograms),
        reason: main.verdict.reason.filter(|_| word == Word::Inconclusive),
        evidence: evidence(main, &streams, counters, &total.histograms),
        causes: Vec::new(),
        findings: findings(counters, word),
        not_tested: not_tested(word, streams.len() as u64, counters.connections.opened),
    }
}

fn plain(word: Word, gloss: &str, reason: Option<Reason>) -> Verdict {
    Verdict {
        word,
        gloss: gloss.to_owned(),
        hold: None,
        confidence: match word {
            Word::Inconclusive => Confidence::Low,
            _ => Confidence::High,
        },
        reason,
        evidence: Vec::new(),
        causes: Vec::new(),
        findings: Vec::new(),
        not_tested: Vec::new(),
    }
}

/// The stream that speaks for most: of as many with another word, for the worse.
fn most_said(streams: &[Followed]) -> Option<&Followed> {
    let said = |word: Word| streams.iter().filter(|it| it.verdict.word == word).count();
    streams.iter().max_by_key(|it| {
        let word = it.verdict.word;
        (said(word), word, it.verdict.confidence, it.events)
    })
}

fn is_unanimous(streams: &[Followed]) -> bool {
    streams
        .windows(2)
        .all(|two| two[0].verdict.word == two[1].verdict.word)
}

/// Streams that were broken off. One that ends as HTTP wants it may have an end of its own.
fn cut(counters: &Counters) -> u64 {
    let ends = counters.ends;
    ends.truncated
        .saturating_add(ends.reset)
        .saturating_add(ends.broken)
}

fn gloss(main: &Followed, streams: &[Followed], word: Word, counters: &Counters) -> String {
    let opened = counters.connections.opened;
    let cut = cut(counters).min(opened);
    if !is_unanimous(streams) {
        let mut words: Vec<Word> = streams.iter().map(|it| it.verdict.word).collect();
        words.sort_unstable();
        words.dedup();
        let said = |word: Word| streams.iter().filter(|it| it.verdict.word == word).count();
        let mut parts: Vec<(usize, Word)> = words.into_iter().map(|it| (said(it), it)).collect();
        parts.sort_unstable_by(|one, other| other.cmp(one));
        let parts: Vec<String> = parts
            .into_iter()
            .map(|(count, word)| format!("{} on {count}", word.label()))
            .collect();
        return format!(
            "of {} followed: {}",
            plural(streams.len() as u64, "stream"),
            parts.join(", ")
        );
    }
    if main.verdict.word == Word::Live && cut > 0 {
        return format!(
            "LIVE on {}, CUT on {}",
            plural(opened.saturating_sub(cut), "connection"),
            thousands(cut)
        );
    }
    match (word, &main.verdict.hold) {
        (Word::Buffered, _) => "nothing until the end of the response".to_owned(),
        (_, Some(hold)) => match (hold.by, hold.events) {
            (HoldBy::Size | HoldBy::Time | HoldBy::SizeOrTime, events) => {
                let events = events.map_or(String::new(), |events| {
                    format!(" of about {}", plural(events, "event"))
                });
                let wait = hold.ms.filter(|_| main.longest_wait.is_some());
                let wait = wait.map_or(String::new(), |wait| {
                    format!(", the first of a group {} late", ms(wait as f64))
                });
                format!("released in groups{events}{wait}")
            }
            _ => main.verdict.gloss.clone(),
        },
        (Word::Live, None) if main.is_late => {
            "each event was handed on by itself, late under this load".to_owned()
        }
        _ => main.verdict.gloss.clone(),
    }
}

/// Without reads and chunks the bytes of a release are not known, and at one rate size is not told from time.
fn hold(verdict: &Verdict) -> Option<Hold> {
    let hold = verdict.hold.as_ref()?;
    let by = match hold.by {
        HoldBy::Size | HoldBy::Time => HoldBy::SizeOrTime,
        other => other,
    };
    let keeps_bounds = by == hold.by && by != HoldBy::End;
    Some(Hold {
        ms: hold.ms,
        events: hold.events,
        low: hold.low.filter(|_| keeps_bounds),
        high: hold.high.filter(|_| keeps_bounds),
        ..Hold::by(by)
    })
}

fn confidence(
    main: &Followed,
    streams: &[Followed],
    word: Word,
    histograms: &Histograms,
) -> Confidence {
    if word == Word::Cut && main.verdict.word != Word::Cut {
        return Confidence::High;
    }
    let all_alike = is_unanimous(streams) && speaks_for_all(streams, histograms, word);
    if all_alike && !main.is_late {
        main.verdict.confidence
    } else {
        main.verdict.confidence.min(Confidence::Medium)
    }
}

/// Whether all other streams are as late as those that were followed, as far as their times tell.
fn speaks_for_all(streams: &[Followed], histograms: &Histograms, word: Word) -> bool {
    const TIMES: f64 = 2.0;
    const LITTLE: f64 = 20.0;
    let followed = streams
        .iter()
        .filter_map(|it| it.longest_wait)
        .fold(0.0, f64::max);
    let all = histograms
        .quantile(Metric::Transit, Quantile::P99)
        .or_else(|| histograms.max(Metric::Transit));
    let Some(all) = all.map(|all| all.as_micros_f64() / 1e3) else {
        return true;
    };
    // A hold that all others are free of would show as times that are shorter.
    match word {
        Word::Live => all <= (TIMES * followed).max(LITTLE),
        _ => all * TIMES >= followed,
    }
}

fn evidence(
    main: &Followed,
    streams: &[Followed],
    counters: &Counters,
    histograms: &Histograms,
) -> Vec<String> {
    let events: u64 = streams.iter().map(|it| it.events).sum();
    let mut lines = vec![format!(
        "{} of {} followed event by event, {}",
        thousands(streams.len() as u64),
        plural(counters.connections.opened, "stream"),
        plural(events, "event")
    )];
    if main.is_late {
        lines.push(
            "no two events were released together, but more were late than without load".into(),
        );
    }
    let known = [Metric::Transit, Metric::Delivery]
        .into_iter()
        .find(|metric| histograms.count(*metric) > 0);
    if let Some(metric) = known {
        let at = |quantile| histograms.quantile(metric, quantile);
        let text = |value: run_record::time::Nanos| ms(value.as_micros_f64() / 1e3);
        if let (Some(half), Some(most)) = (at(Quantile::P50), at(Quantile::P99)) {
            lines.push(format!(
                "on all streams {} p50 {}, p99 {}",
                metric.name(),
                text(half),
                text(most)
            ));
        }
    }
    lines
}

fn findings(counters: &Counters, word: Word) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |code: &str, severity, text: String| {
        findings.push(Finding {
            code: code.into(),
            severity,
            text,
            remedy: None,
        });
    };
    let opened = counters.connections.opened;
    let cut = cut(counters);
    if cut > 0 {
        let text = format!(
            "{} of {} ended without their end: {} truncated, {} reset, {} broken",
            thousands(cut),
            plural(opened, "stream"),
            thousands(counters.ends.truncated),
            thousands(counters.ends.reset),
            thousands(counters.ends.broken)
        );
        say("cut.truncated", Severity::Warn, text);
    }
    if matches!(word, Word::Batched | Word::Buffered) {
        let text = "loadgen check says by which rule, names the cause and the line that cures it";
        say("run.next", Severity::Info, text.to_owned());
    }
    let waiting = counters
        .subscribers
        .started
        .saturating_sub(counters.subscribers.connected)
        .saturating_sub(counters.subscribers.given_up);
    if waiting > 0 && counters.connections.failed == 0 {
        let text = format!(
            "{} of {} were served; {} waited for a response until the end",
            thousands(counters.subscribers.connected),
            plural(counters.subscribers.started, "connection"),
            thousands(waiting)
        );
        say("streams.limit", Severity::Warn, text);
    }
    findings.sort();
    findings
}

fn not_tested(word: Word, followed: u64, opened: u64) -> Vec<String> {
    let others = opened.saturating_sub(followed);
    if word != Word::Live || others == 0 {
        return Vec::new();
    }
    vec![format!(
        "the other {} event by event (--trace 16 follows more)",
        plural(others, "stream")
    )]
}
