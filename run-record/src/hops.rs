//! One stream watched at several places of its way, from the origin outwards, and which of them holds it back.
//!
//! Types only: which hop is to blame is the business of the `verdict` crate. The requests of a hop stand among the
//! record's probes, by their numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Nanos;
use crate::verdict::Verdict;

/// What one hop does to the stream.
///
/// Shape: the keys of its verdict stand beside the others, as in `check --json`. Keys that do not apply are absent.
/// Its causes are those that are left once the hops before it are known: what a live origin excludes is not named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Hop")]
pub struct HopRecord {
    /// Its place on the way, from 1, the origin first.
    pub number: u16,
    /// What the user calls it.
    pub name: String,
    /// What was asked there, redacted.
    pub url: String,
    /// How the stream comes out of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Its part in what users see.
    pub standing: Standing,
    /// What it made of the response head of the hop before it, in the order of this hop's head; empty for the origin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers_changed: Vec<HeaderChange>,
    /// How much later events came out of it than out of the hop before it; absent where no event was seen at both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<Added>,
    /// Arrival minus the time an event was sent, the longest; absent without send times on a known clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transit_max_us: Option<Nanos>,
    /// The numbers of its requests in `probes`, in their order.
    pub probes: Vec<u16>,
}

/// What a hop has to do with what comes out of it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It hands on what it gets: its verdict is no worse than that of the hop before it.
    Passes,
    /// The first whose verdict is worse than that of the hop before it; of the origin, worse than LIVE.
    HoldsBack,
    /// Behind a bad hop, and it makes the stream still worse.
    Worsens,
    /// As bad as the hop before it: nothing can be said about its own part, and it is not blamed.
    Behind,
    /// There is no word about it, or none about the hop before it.
    Unknown,
}

/// One response header that differs between two neighbouring hops.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct HeaderChange {
    /// Its name, as the hop that has it spells it.
    pub name: String,
    /// What became of it.
    pub change: Change,
    /// Its value at the hop before; absent where it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its value at this hop; absent where it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What became of a header on its way through a hop.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Only this hop has it.
    Added,
    /// Only the hop before has it.
    Removed,
    /// Both have it, with other values.
    Changed,
    /// Both are chunked, in chunks of other sizes.
    ReChunked,
}

/// How much later the same events came out of one hop than out of the one before it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Added {
    /// Events that were seen at both, by their number; at least 1.
    pub events: u64,
    /// Median.
    pub p50_us: Nanos,
    /// The longest.
    pub max_us: Nanos,
}

/// Add the hops of another shard: each once, by number. Of two accounts of the same hop the worse is kept.
///
/// Commutative, associative and idempotent.
pub(crate) fn merge(hops: &mut Vec<HopRecord>, others: &[HopRecord]) {
    hops.extend_from_slice(others);
    hops.sort_by_cached_key(|hop| {
        (
            hop.number,
            std::cmp::Reverse((hop.verdict.word, format!("{hop:?}"))),
        )
    });
    hops.dedup_by_key(|hop| hop.number);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Confidence, Word};

    fn hop(number: u16, name: &str, word: Word) -> HopRecord {
        HopRecord {
            number,
            name: name.to_owned(),
            url: "http://h/".to_owned(),
            verdict: Verdict {
                word,
                gloss: String::new(),
                hold: None,
                confidence: Confidence::High,
                reason: None,
                evidence: Vec::new(),
                causes: Vec::new(),
                findings: Vec::new(),
                not_tested: Vec::new(),
            },
            standing: Standing::Passes,
            headers_changed: Vec::new(),
            added: None,
            transit_max_us: None,
            probes: vec![number],
        }
    }

    #[test]
    fn hops_merge_in_any_order_and_the_worse_account_stays() {
        let shards = [
            vec![hop(1, "origin", Word::Live), hop(2, "edge", Word::Live)],
            vec![hop(2, "edge", Word::Batched)],
            vec![hop(1, "origin", Word::Live), hop(3, "cdn", Word::Cut)],
        ];
        let merged = |order: [usize; 3]| {
            let mut all = Vec::new();
            order.iter().for_each(|at| merge(&mut all, &shards[*at]));
            all
        };
        let first = merged([0, 1, 2]);
        let words: Vec<_> = first.iter().map(|hop| hop.verdict.word).collect();
        assert_eq!(words, [Word::Live, Word::Batched, Word::Cut]);
        for order in [[2, 1, 0], [1, 0, 2], [0, 2, 1]] {
            assert_eq!(merged(order), first);
        }
    }

    #[test]
    fn a_hop_is_spelled_as_the_contract_spells_it_and_comes_back() {
        let json = serde_json::to_value(hop(2, "edge", Word::Batched)).unwrap();
        assert_eq!(json["verdict"], "batched");
        assert_eq!(json["standing"], "passes");
        assert!(json.get("added").is_none());
        assert_eq!(
            serde_json::from_value::<HopRecord>(json).unwrap(),
            hop(2, "edge", Word::Batched)
        );
    }
}
