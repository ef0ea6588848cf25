//! The verdict that a setup must get: word, rule of release, and its parameter within a tenth.
//! Pure; it must not know where it is written.

use std::fmt;

use run_record::verdict::{Hold, HoldBy, Verdict, Word};
use thiserror::Error;

/// A verdict, as exactly as it is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The word.
    pub word: Word,
    /// What holds events back; any hold will do if this is absent.
    pub hold: Option<DemandedHold>,
}

/// What holds events back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemandedHold {
    /// The rule of release.
    pub by: HoldBy,
    /// The parameter of that rule: bytes for `size`, milliseconds for `time` and `first`, events for `event`; the others
    /// have none. What is found may differ by a tenth.
    pub amount: Option<u64>,
}

/// Why words are no demand.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DemandError {
    /// This is no verdict about a stream.
    #[error("verdict `{0}`: live, batched, buffered, cut or no-stream is expected")]
    Word(String),
    /// This is no rule.
    #[error("by `{0}`: size, time, size-or-time, event, end or first is expected")]
    Hold(String),
    /// The amount is not one of that rule.
    #[error(
        "bytes go with by = \"size\", ms with \"time\" and \"first\", events with \"event\"; nothing goes with others"
    )]
    Amount,
}

const WORDS: [(&str, Word); 5] = [
    ("live", Word::Live),
    ("batched", Word::Batched),
    ("buffered", Word::Buffered),
    ("cut", Word::Cut),
    ("no-stream", Word::NoStream),
];

const HOLDS: [(&str, HoldBy); 6] = [
    ("size", HoldBy::Size),
    ("time", HoldBy::Time),
    ("size-or-time", HoldBy::SizeOrTime),
    ("event", HoldBy::Event),
    ("end", HoldBy::End),
    ("first", HoldBy::First),
];

impl Demand {
    /// A verdict by its name, a rule by its name, and what is given of bytes, milliseconds and events.
    pub fn of(
        word: &str,
        by: Option<&str>,
        amounts: [Option<u64>; 3],
    ) -> Result<Self, DemandError> {
        let verdict = find(&WORDS, word).ok_or_else(|| DemandError::Word(word.to_owned()))?;
        let Some(by) = by else {
            let is_bare = amounts == [None; 3];
            let demand = Self {
                word: verdict,
                hold: None,
            };
            return is_bare.then_some(demand).ok_or(DemandError::Amount);
        };
        let by = find(&HOLDS, by).ok_or_else(|| DemandError::Hold(by.to_owned()))?;
        let amount = match (by, amounts) {
            (_, [None, None, None]) => None,
            (HoldBy::Size, [Some(amount), None, None])
            | (HoldBy::Time | HoldBy::First, [None, Some(amount), None])
            | (HoldBy::Event, [None, None, Some(amount)]) => Some(amount),
            _ => return Err(DemandError::Amount),
        };
        let hold = Some(DemandedHold { by, amount });
        Ok(Self {
            word: verdict,
            hold,
        })
    }

    /// Whether this is the verdict demanded, whatever its confidence.
    pub fn is_met_by(&self, verdict: &Verdict) -> bool {
        self.word == verdict.word
            && self.hold.is_none_or(|demanded| {
                let found = verdict.hold.as_ref();
                found.is_some_and(|found| demanded.is_met_by(found))
            })
    }
}

impl DemandedHold {
    fn is_met_by(&self, found: &Hold) -> bool {
        let value = match self.by {
            HoldBy::Size => found.bytes,
            HoldBy::Time | HoldBy::First => found.ms,
            HoldBy::Event => found.events,
            HoldBy::SizeOrTime | HoldBy::End => None,
        };
        let is_near =
            |wanted: u64| value.is_some_and(|value| value.abs_diff(wanted) * 10 <= wanted);
        self.by == found.by && self.amount.is_none_or(is_near)
    }
}

/// For people: `batched time 206 ms`.
impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(&WORDS, self.word))?;
        let Some(hold) = self.hold else {
            return Ok(());
        };
        write!(f, " {}", name(&HOLDS, hold.by))?;
        let unit = match hold.by {
            HoldBy::Size => " B",
            HoldBy::Time | HoldBy::First => " ms",
            HoldBy::Event | HoldBy::SizeOrTime | HoldBy::End => "",
        };
        match hold.amount {
            Some(amount) => write!(f, " {amount}{unit}"),
            None => Ok(()),
        }
    }
}

fn find<T: Copy>(names: &[(&str, T)], wanted: &str) -> Option<T> {
    names
        .iter()
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| *value)
}

/// Empty only for INCONCLUSIVE and INVALID, which cannot be demanded.
fn name<T: PartialEq>(names: &[(&'static str, T)], wanted: T) -> &'static str {
    let found = names.iter().find(|(_, value)| *value == wanted);
    found.map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use run_record::verdict::Confidence;

    use super::*;

    fn verdict(word: Word, hold: Option<Hold>) -> Verdict {
        Verdict {
            word,
            gloss: String::new(),
            hold,
            confidence: Confidence::High,
            reason: None,
            evidence: Vec::new(),
            causes: Vec::new(),
            findings: Vec::new(),
            not_tested: Vec::new(),
        }
    }

    fn batched(by: HoldBy, ms: u64) -> Verdict {
        let ms = Some(ms);
        verdict(Word::Batched, Some(Hold { ms, ..Hold::by(by) }))
    }

    #[test]
    fn a_demand_is_said_for_people() {
        let said = |word, by, amounts| Demand::of(word, by, amounts).unwrap().to_string();
        assert_eq!(said("no-stream", None, [None; 3]), "no-stream");
        assert_eq!(said("buffered", Some("end"), [None; 3]), "buffered end");
        let time = [None, Some(206), None];
        assert_eq!(said("batched", Some("time"), time), "batched time 206 ms");
    }

    #[test]
    fn what_is_no_demand_is_refused_at_its_word() {
        let error = |word, by, amounts| Demand::of(word, by, amounts).unwrap_err();
        for word in ["", "LIVE", "inconclusive"] {
            let expected = DemandError::Word(word.to_owned());
            assert_eq!(error(word, None, [None; 3]), expected);
        }
        let expected = DemandError::Hold("200".to_owned());
        assert_eq!(error("batched", Some("200"), [None; 3]), expected);
        for (by, amounts) in [
            (None, [Some(1), None, None]),
            (Some("time"), [Some(1), None, None]),
            (Some("size"), [Some(1), Some(2), None]),
            (Some("end"), [None, Some(2), None]),
        ] {
            assert_eq!(error("batched", by, amounts), DemandError::Amount, "{by:?}");
        }
    }

    #[test]
    fn word_rule_and_amount_must_all_fit() {
        let demanded = Demand::of("batched", Some("time"), [None, Some(200), None]).unwrap();
        for ms in [180, 200, 220] {
            assert!(demanded.is_met_by(&batched(HoldBy::Time, ms)), "{ms}");
        }
        for ms in [179, 221] {
            assert!(!demanded.is_met_by(&batched(HoldBy::Time, ms)), "{ms}");
        }
        assert!(!demanded.is_met_by(&batched(HoldBy::First, 200)));
        assert!(!demanded.is_met_by(&verdict(Word::Batched, None)));
        assert!(!demanded.is_met_by(&verdict(Word::Live, None)));
        let unknown = verdict(Word::Batched, Some(Hold::by(HoldBy::Time)));
        assert!(!demanded.is_met_by(&unknown));
        let any_time = Demand::of("batched", Some("time"), [None; 3]).unwrap();
        assert!(any_time.is_met_by(&unknown));
        let any = Demand::of("batched", None, [None; 3]).unwrap();
        assert!(any.is_met_by(&verdict(Word::Batched, None)));
    }
}
