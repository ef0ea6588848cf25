//! What a check exits with, and why in one line.

use crate::exit::Exit;
use crate::plan::Expect;
use run_record::end::{self, EndReason};
use run_record::record::RunRecord;
use run_record::verdict::{Confidence, Verdict, Word};

/// Judges a check by the verdict demanded, and writes the judgement into its record.
pub(super) fn judge(record: &mut RunRecord, expect: Expect) -> Exit {
    let (exit, reason) = match (&record.verdict, record.end.reason) {
        (_, EndReason::Interrupted) => (Exit::Interrupted, record.end.text.clone()),
        (Some(verdict), _) => of_verdict(verdict, expect),
        (None, _) => (Exit::Inconclusive, "nothing was asked".to_owned()),
    };
    record.exit = Some(end::Exit {
        code: exit.code(),
        reason,
    });
    exit
}

/// Judges a comparison: the worst hop counts. Another verdict than LIVE can only be demanded of what users see, the
/// outermost hop: those before it are asked to find out who does it.
pub(super) fn judge_hops(record: &mut RunRecord, expect: Expect) -> Exit {
    if record.end.reason == EndReason::Interrupted {
        return judge(record, expect);
    }
    let outermost = record.hops.len().saturating_sub(1);
    let is_asked = |index: usize| expect == Expect::Live || index == outermost;
    let judged = record
        .hops
        .iter()
        .enumerate()
        .filter(|(index, _)| is_asked(*index));
    let mut worst: Option<(Exit, String)> = None;
    for (_, hop) in judged {
        let (exit, reason) = of_verdict(&hop.verdict, expect);
        if worst.as_ref().is_none_or(|(known, _)| exit > *known) {
            let reason = match exit {
                Exit::AsExpected => reason,
                _ => format!("{}: {reason}", hop.name),
            };
            worst = Some((exit, reason));
        }
    }
    let (exit, reason) = worst.unwrap_or((Exit::Inconclusive, "nothing was asked".to_owned()));
    record.exit = Some(end::Exit {
        code: exit.code(),
        reason,
    });
    exit
}

/// Source: DESIGN section 5, exit codes; section 4: a foreign verdict that rests on arrival times alone exits 4,
/// unless it is the one demanded.
pub(in crate::commands) fn of_verdict(verdict: &Verdict, expect: Expect) -> (Exit, String) {
    let word = verdict.word.label();
    match verdict.word {
        Word::NoStream => (Exit::NoStream, format!("no stream: {}", verdict.gloss)),
        Word::Invalid => (Exit::Machine, format!("invalid: {}", verdict.gloss)),
        Word::Inconclusive => (Exit::Inconclusive, verdict.gloss.clone()),
        found if expect.is_met_by(found) => (Exit::AsExpected, "as expected".to_owned()),
        _ if verdict.confidence == Confidence::High => {
            (Exit::Server, format!("{word}, expected {}", label(expect)))
        }
        _ => (
            Exit::Inconclusive,
            format!(
                "consistent with {word}, not proven; expected {}",
                label(expect)
            ),
        ),
    }
}

fn label(expect: Expect) -> &'static str {
    match expect {
        Expect::Live => "LIVE",
        Expect::Batched => "BATCHED",
        Expect::Buffered => "BUFFERED",
        Expect::Cut => "CUT",
        Expect::Any => "any verdict",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(word: Word, confidence: Confidence) -> Verdict {
        Verdict {
            word,
            gloss: "because".into(),
            hold: None,
            confidence,
            reason: None,
            evidence: Vec::new(),
            causes: Vec::new(),
            findings: Vec::new(),
            not_tested: Vec::new(),
        }
    }

    fn exit(word: Word, confidence: Confidence, expect: Expect) -> Exit {
        of_verdict(&verdict(word, confidence), expect).0
    }

    #[test]
    fn only_a_proven_word_is_the_servers_fault() {
        use Confidence::{High, Low, Medium};
        assert_eq!(exit(Word::Batched, High, Expect::Live), Exit::Server);
        assert_eq!(
            exit(Word::Batched, Medium, Expect::Live),
            Exit::Inconclusive
        );
        assert_eq!(exit(Word::Live, High, Expect::Buffered), Exit::Server);
        assert_eq!(exit(Word::Live, Medium, Expect::Live), Exit::AsExpected);
        assert_eq!(exit(Word::Cut, Low, Expect::Any), Exit::AsExpected);
        assert_eq!(exit(Word::NoStream, High, Expect::Any), Exit::NoStream);
        assert_eq!(
            exit(Word::Inconclusive, Low, Expect::Any),
            Exit::Inconclusive
        );
        assert_eq!(exit(Word::Invalid, High, Expect::Any), Exit::Machine);
    }
}
