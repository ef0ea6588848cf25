//! The answer to "is it live?" with its evidence, as `check --json` prints it.
//!
//! Types only: which word is right is the business of the `verdict` crate, how
//! it looks that of `reports`. Keys that do not apply are absent, never zero.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was found about one stream, with everything that led to it.
///
/// Shape: one word, the sentence that explains it, and facts beside it. The
/// struct is flattened into the documents of `check --json` and the record, so
/// its keys stand beside theirs. Lists are in the order in which they should be
/// read and may be empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The one word.
    #[serde(rename = "verdict")]
    pub word: Word,
    /// What the word means here, one line without a full stop:
    /// "released in groups of 4,096 bytes".
    pub gloss: String,
    /// What kept events back. Absent where nothing did, or where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// How sure the word is. [`Confidence::High`] needs more than arrival times.
    pub confidence: Confidence,
    /// Why there is no better word; only with [`Word::Inconclusive`] and [`Word::Invalid`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The measured facts behind the word, one line each, with figures.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Explanations that fit, the best first; empty where none is certain enough.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// What else was seen, sorted by code.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What this word does not speak about, one line each, with the option that would test it.
    #[serde(default)]
    pub not_tested: Vec<String>,
}

impl Verdict {
    /// The verdict of two observations of the same stream: the worse word with
    /// its evidence, and the findings of both.
    ///
    /// Commutative, associative and idempotent, like every merge of a record.
    /// Source: the precedence of DESIGN section 4.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let (mut worse, milder) = if self.rank() >= other.rank() {
            (self, other)
        } else {
            (other, self)
        };
        worse.findings.extend(milder.findings);
        worse.findings.sort();
        worse.findings.dedup();
        worse
    }

    /// A total order: precedence, then confidence, then the text itself, so that
    /// a merge never depends on which side came first.
    fn rank(&self) -> (Word, Confidence, String) {
        let text = format!(
            "{}{:?}{:?}{:?}{:?}{:?}",
            self.gloss, self.hold, self.reason, self.evidence, self.causes, self.not_tested
        );
        (self.word, self.confidence, text)
    }
}

/// The word of a verdict; a later one outranks an earlier one.
///
/// Source: the vocabulary and the precedence of DESIGN section 4. `Invalid`
/// stands above all: a run that this machine spoiled says nothing about a server.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Cannot tell yet.
    Inconclusive,
    /// Each event was handed on as it was written.
    Live,
    /// Ended or truncated before its time.
    Cut,
    /// Held and released in groups.
    Batched,
    /// Nothing until the end of the response.
    Buffered,
    /// A response that is no event stream, or no connection.
    NoStream,
    /// The machine that measured was the limit.
    Invalid,
}

impl Word {
    /// Every word, in the order of precedence.
    pub const ALL: [Self; 7] = [
        Self::Inconclusive,
        Self::Live,
        Self::Cut,
        Self::Batched,
        Self::Buffered,
        Self::NoStream,
        Self::Invalid,
    ];

    /// The word as a person reads it: `LIVE`, `NO STREAM`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Live => "LIVE",
            Self::Cut => "CUT",
            Self::Batched => "BATCHED",
            Self::Buffered => "BUFFERED",
            Self::NoStream => "NO STREAM",
            Self::Invalid => "INVALID",
        }
    }

    /// The sign before the word; `ascii` where the terminal has no better one.
    ///
    /// Source: report.md section 2.1.
    #[must_use]
    pub const fn symbol(self, charset: Charset) -> &'static str {
        match (self, charset) {
            (Self::Inconclusive, _) => "?",
            (Self::Invalid, _) => "!",
            (Self::Live, Charset::Unicode) => "●",
            (Self::Live, Charset::Ascii) => "*",
            (Self::Cut, Charset::Unicode) => "✂",
            (Self::Cut, Charset::Ascii) => "/",
            (Self::Batched, Charset::Unicode) => "▲",
            (Self::Batched, Charset::Ascii) => "^",
            (Self::Buffered, Charset::Unicode) => "■",
            (Self::Buffered, Charset::Ascii) => "#",
            (Self::NoStream, Charset::Unicode) => "✕",
            (Self::NoStream, Charset::Ascii) => "x",
        }
    }
}

/// Which characters a sink can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Any character.
    Unicode,
    /// Seven bits.
    Ascii,
}

/// What kept events back: by which rule they were released, and its parameter.
///
/// `low` and `high` bound the parameter that `by` names (bytes for `size`,
/// milliseconds for `time` and `first`, events for `event`, bytes held for
/// `end`); both are inclusive, and an unknown bound is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// The rule of release.
    pub by: HoldBy,
    /// Bytes of body (transfer coding removed) that one release brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Milliseconds that the first event of a release waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// Events that one release brings; with `by: event`, how many events behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Lower bound of the parameter that `by` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<u64>,
    /// Upper bound of the parameter that `by` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<u64>,
}

impl Hold {
    /// A hold of which nothing but the rule is known.
    #[must_use]
    pub const fn by(by: HoldBy) -> Self {
        Self {
            by,
            bytes: None,
            ms: None,
            events: None,
            low: None,
            high: None,
        }
    }
}

/// By which rule held events are released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HoldBy {
    /// When so many bytes have gathered.
    Size,
    /// When so much time has passed.
    Time,
    /// At so many bytes or after so much time; also where one rate could not separate the two.
    SizeOrTime,
    /// When the next event is written.
    Event,
    /// At the end of the response.
    End,
    /// Only the first events were held, all later ones came as they were written.
    First,
}

/// How sure a statement is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Headers or shape alone.
    Low,
    /// One probe, one strong fact, or arrival times without send times.
    Medium,
    /// Send times known or the response itself is proof, and the rivals are excluded.
    High,
}

/// Why no better word could be said.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Not a byte of body arrived.
    Silence,
    /// The response ended without any event.
    Empty,
    /// Bytes arrived, but only comments or unfinished events.
    NoEvents,
    /// Events arrived as they should, but too few for a word.
    FewEvents,
    /// Events were held, but too few releases were seen for a word.
    FewReleases,
    /// Arrivals fit no rule.
    Irregular,
    /// Everything came at once and was over: a recording, or too short to judge.
    Instant,
    /// This machine was late where it mattered.
    OwnMachine,
    /// A clock of this machine stepped.
    ClockStep,
}

/// An explanation of the verdict from the catalogue, with its cure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// `component.cause` of the catalogue; never renamed or reused.
    pub code: String,
    /// The program that does it, as its makers write the name.
    pub component: String,
    /// How sure this explanation is; independent of the verdict's own confidence.
    pub confidence: Confidence,
    /// The facts that speak for it, one line each.
    pub evidence: Vec<String>,
    /// What to change. Absent where no cure is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

/// One change that cures a cause.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Remedy {
    /// What to do, one sentence.
    pub text: String,
    /// The exact line of configuration or the exact header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Where that line belongs: "nginx location block".
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "where")]
    pub place: Option<String>,
}

/// A fact beside the verdict.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Finding {
    /// Stable name: `cut.idle`, `streams.limit`, `head.late`.
    pub code: String,
    /// Whether somebody should act on it.
    pub severity: Severity,
    /// What was seen, one sentence with figures.
    pub text: String,
    /// What to change or to run next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

/// Whether somebody should act on a finding.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something that users of the stream will notice.
    Warn,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn batched() -> Verdict {
        Verdict {
            word: Word::Batched,
            gloss: "released in groups of 4,096 bytes".into(),
            hold: Some(Hold {
                bytes: Some(4096),
                low: Some(4081),
                high: Some(4140),
                ..Hold::by(HoldBy::Size)
            }),
            confidence: Confidence::High,
            reason: None,
            evidence: vec!["12 of 12 releases brought 4,080 to 4,140 bytes".into()],
            causes: vec![Cause {
                code: "nginx.proxy-buffering".into(),
                component: "nginx".into(),
                confidence: Confidence::High,
                evidence: vec!["chunks of 4,012, 4,096, 4,096 bytes".into()],
                remedy: Some(Remedy {
                    text: "let nginx hand on what it reads".into(),
                    config: Some("proxy_buffering off;".into()),
                    place: Some("nginx location block".into()),
                }),
            }],
            findings: vec![],
            not_tested: vec![],
        }
    }

    #[test]
    fn json_has_the_keys_of_the_contract_and_no_others() {
        let expected = json!({
            "verdict": "batched", "gloss": "released in groups of 4,096 bytes",
            "hold": {"by": "size", "bytes": 4096, "low": 4081, "high": 4140}, "confidence": "high",
            "evidence": ["12 of 12 releases brought 4,080 to 4,140 bytes"],
            "causes": [{"code": "nginx.proxy-buffering", "component": "nginx", "confidence": "high",
                "evidence": ["chunks of 4,012, 4,096, 4,096 bytes"],
                "remedy": {"text": "let nginx hand on what it reads",
                    "config": "proxy_buffering off;", "where": "nginx location block"}}],
            "findings": [], "not_tested": [],
        });
        assert_eq!(serde_json::to_value(batched()).unwrap(), expected);
    }

    #[test]
    fn words_and_reasons_are_spelled_as_the_contract_spells_them() {
        let spelled = |word: Word| serde_json::to_value(word).unwrap();
        assert_eq!(spelled(Word::NoStream), json!("no_stream"));
        assert_eq!(
            serde_json::to_value(HoldBy::SizeOrTime).unwrap(),
            json!("size-or-time")
        );
        assert_eq!(
            serde_json::to_value(Reason::Silence).unwrap(),
            json!("silence")
        );
    }

    #[test]
    fn precedence_is_that_of_the_design() {
        let order = [
            Word::NoStream,
            Word::Buffered,
            Word::Batched,
            Word::Cut,
            Word::Live,
            Word::Inconclusive,
        ];
        assert!(order.windows(2).all(|pair| pair[0] > pair[1]));
    }

    prop_compose! {
        fn any_verdict()(
            word in prop::sample::select(vec![Word::Live, Word::Batched, Word::Buffered]),
            gloss in "[ab]",
            codes in prop::collection::btree_set("[a-c]", 0..3),
        ) -> Verdict {
            let finding = |code| Finding { code, severity: Severity::Info, text: String::new(), remedy: None };
            Verdict {
                word, gloss,
                findings: codes.into_iter().map(finding).collect(),
                ..batched()
            }
        }
    }

    proptest! {
        #[test]
        fn merge_is_commutative_associative_and_idempotent(
            a in any_verdict(), b in any_verdict(), c in any_verdict(),
        ) {
            prop_assert_eq!(a.clone().merge(b.clone()), b.clone().merge(a.clone()));
            prop_assert_eq!(
                a.clone().merge(b.clone()).merge(c.clone()),
                a.clone().merge(b.merge(c))
            );
            prop_assert_eq!(a.clone().merge(a.clone()), a);
        }
    }
}
