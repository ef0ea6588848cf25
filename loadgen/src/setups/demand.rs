//! The verdict that a setup must get, in one line: `batched time 200 220`.
//! Pure; it must not know where the line stands.

use std::fmt;
use std::str::FromStr;

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
    /// The lowest and the highest parameter of that rule: bytes for `size`, milliseconds for `time` and `first`, events
    /// for `event`; the others have none.
    pub range: Option<(u64, u64)>,
}

/// Why a line is no demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DemandError {
    /// The first word is no verdict about a stream.
    #[error("a verdict is expected first: live, batched, buffered, cut or no-stream")]
    Word,
    /// The second word is no rule.
    #[error("a hold is expected second: size, time, size-or-time, event, end or first")]
    Hold,
    /// What follows is no range.
    #[error(
        "two whole numbers are expected third, the lower one first; only size, time, event and first have them"
    )]
    Range,
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
        let fits = |(low, high)| value.is_some_and(|value| (low..=high).contains(&value));
        self.by == found.by && self.range.is_none_or(fits)
    }
}

impl FromStr for Demand {
    type Err = DemandError;

    fn from_str(line: &str) -> Result<Self, DemandError> {
        let mut words = line.split_whitespace();
        let word = words.next().and_then(|name| find(&WORDS, name));
        let word = word.ok_or(DemandError::Word)?;
        let Some(name) = words.next() else {
            return Ok(Self { word, hold: None });
        };
        let by = find(&HOLDS, name).ok_or(DemandError::Hold)?;
        let range = range(by, &words.collect::<Vec<_>>())?;
        let hold = Some(DemandedHold { by, range });
        Ok(Self { word, hold })
    }
}

/// As it is written in the line.
impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(&WORDS, self.word))?;
        let Some(hold) = self.hold else {
            return Ok(());
        };
        write!(f, " {}", name(&HOLDS, hold.by))?;
        match hold.range {
            Some((low, high)) => write!(f, " {low} {high}"),
            None => Ok(()),
        }
    }
}

fn range(by: HoldBy, words: &[&str]) -> Result<Option<(u64, u64)>, DemandError> {
    let number = |word: &str| word.parse::<u64>().map_err(|_| DemandError::Range);
    match words {
        [] => Ok(None),
        [low, high] if !matches!(by, HoldBy::SizeOrTime | HoldBy::End) => {
            let (low, high) = (number(low)?, number(high)?);
            let is_range = low <= high;
            is_range
                .then_some(Some((low, high)))
                .ok_or(DemandError::Range)
        }
        _ => Err(DemandError::Range),
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

    fn demand(line: &str) -> Demand {
        line.parse().unwrap()
    }

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
    fn a_demand_is_printed_as_it_is_read() {
        for line in [
            "live",
            "no-stream",
            "buffered end",
            "batched size-or-time",
            "batched time 200 220",
        ] {
            assert_eq!(demand(line).to_string(), line);
        }
    }

    #[test]
    fn what_is_no_demand_is_refused_at_its_word() {
        let error = |line: &str| line.parse::<Demand>().unwrap_err();
        for line in ["", "LIVE", "inconclusive"] {
            assert_eq!(error(line), DemandError::Word, "{line}");
        }
        assert_eq!(error("batched 200"), DemandError::Hold);
        for line in [
            "batched time 200",
            "batched time 220 200",
            "batched time 2 20 200",
            "batched time -1 2",
            "buffered end 1 2",
        ] {
            assert_eq!(error(line), DemandError::Range, "{line}");
        }
    }

    #[test]
    fn word_rule_and_range_must_all_fit() {
        let demanded = demand("batched time 200 220");
        for ms in [200, 210, 220] {
            assert!(demanded.is_met_by(&batched(HoldBy::Time, ms)), "{ms}");
        }
        for ms in [199, 221] {
            assert!(!demanded.is_met_by(&batched(HoldBy::Time, ms)), "{ms}");
        }
        assert!(!demanded.is_met_by(&batched(HoldBy::First, 210)));
        assert!(!demanded.is_met_by(&verdict(Word::Batched, None)));
        assert!(!demanded.is_met_by(&verdict(Word::Live, None)));
        let unknown = verdict(Word::Batched, Some(Hold::by(HoldBy::Time)));
        assert!(!demanded.is_met_by(&unknown));
        assert!(demand("batched time").is_met_by(&unknown));
        assert!(demand("batched").is_met_by(&verdict(Word::Batched, None)));
    }
}
