//! From observations to the verdict: weigh the probes, choose the word by
//! precedence, and put beside it all that supports it.

use run_record::verdict::{Confidence, Hold, HoldBy, Reason, Verdict, Word};

use crate::causes;
use crate::conclusion::Conclusion;
use crate::confidence;
use crate::cut;
use crate::findings;
use crate::not_tested;
use crate::observations::Observations;
use crate::sentences;
use crate::signature::{Grouped, Rule, Signature, Whole};
use crate::weigh::Readings;

/// The verdict about the stream that these probes saw.
///
/// Total: any observations give a verdict, none give INCONCLUSIVE. The same
/// observations always give the same verdict.
///
/// Source: DESIGN section 4 and the decision order of causes section 6.
#[must_use]
pub fn diagnose(observations: &Observations) -> Verdict {
    if let Some(step) = observations.own.clock_step {
        return invalid(step.as_micros_f64() / 1e3);
    }
    let readings = Readings::of(observations);
    let Some(delivery) = readings.weigh() else {
        return nothing_seen();
    };
    let cut = cut::find(&readings);
    let conclusion = Conclusion::of(&readings, delivery, cut);
    Verdict {
        word: conclusion.word,
        gloss: sentences::gloss(&conclusion),
        hold: hold(&conclusion),
        confidence: confidence::of(&conclusion),
        reason: conclusion.reason,
        evidence: sentences::evidence(&conclusion),
        causes: causes::find(&conclusion),
        findings: findings::find(&conclusion),
        not_tested: not_tested::list(&conclusion),
    }
}

fn hold(conclusion: &Conclusion) -> Option<Hold> {
    match (&conclusion.delivery.signature, conclusion.word) {
        (Signature::Whole(whole), _) => Some(hold_of_whole(whole)),
        (Signature::Silence(silence), Word::Buffered) => Some(Hold {
            bytes: silence.emitted_bytes,
            low: silence.emitted_bytes,
            events: silence.emitted_events,
            ..Hold::by(HoldBy::End)
        }),
        (Signature::Grouped(grouped), _) => Some(hold_of_groups(grouped)),
        // Only where one behind is told from a timer of just that length.
        (Signature::Behind(behind), _) => behind.tracks_next.then(|| Hold {
            events: Some(1),
            ms: Some(whole_number(behind.wait)),
            ..Hold::by(HoldBy::Event)
        }),
        (Signature::FirstLate(pause), _) => Some(Hold {
            ms: Some(whole_number(pause.held)),
            events: Some(pause.events as u64),
            ..Hold::by(HoldBy::First)
        }),
        _ => None,
    }
}

fn hold_of_whole(whole: &Whole) -> Hold {
    Hold {
        bytes: Some(whole.bytes),
        low: Some(whole.held),
        events: Some(whole.events as u64),
        ms: whole.first_wait.map(whole_number),
        ..Hold::by(HoldBy::End)
    }
}

fn hold_of_groups(grouped: &Grouped) -> Hold {
    let (by, bounds) = match grouped.rule {
        Rule::Size => (HoldBy::Size, Some(grouped.bytes)),
        Rule::Time => (HoldBy::Time, Some(grouped.ms)),
        Rule::Either | Rule::Irregular => (HoldBy::SizeOrTime, None),
    };
    let shows_bytes = grouped.rule != Rule::Time;
    Hold {
        by,
        bytes: shows_bytes.then(|| whole_number(grouped.bytes.value)),
        ms: Some(whole_number(grouped.ms.value)),
        events: Some(whole_number(grouped.events).max(1)),
        low: bounds.map(|bounds| bounds.low.max(0.0).floor() as u64),
        high: bounds.map(|bounds| bounds.high.max(0.0).ceil() as u64),
    }
}

fn whole_number(value: f64) -> u64 {
    value.max(0.0).round() as u64
}

fn invalid(step_ms: f64) -> Verdict {
    Verdict {
        word: Word::Invalid,
        gloss: "the clock of this machine stepped during the check".into(),
        hold: None,
        confidence: Confidence::High,
        reason: Some(Reason::ClockStep),
        evidence: vec![format!(
            "the wall clock moved by {}",
            crate::text::ms(step_ms)
        )],
        causes: Vec::new(),
        findings: Vec::new(),
        not_tested: Vec::new(),
    }
}

fn nothing_seen() -> Verdict {
    Verdict {
        word: Word::Inconclusive,
        gloss: "no request was made".into(),
        hold: None,
        confidence: Confidence::Low,
        reason: Some(Reason::Silence),
        evidence: Vec::new(),
        causes: Vec::new(),
        findings: Vec::new(),
        not_tested: Vec::new(),
    }
}
