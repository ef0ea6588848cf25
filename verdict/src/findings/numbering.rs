//! Events that are missing, doubled or out of order, by their numbers.

use run_record::verdict::Finding;

use super::warn;
use crate::conclusion::Conclusion;
use crate::loss;
use crate::observations::Probe;
use crate::text::plural;

/// What the numbers of one probe say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Numbering {
    lost: u64,
    duplicated: u64,
    reordered: u64,
}

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let numbering = numbering(conclusion.shown().timeline.probe);
    let counts = [
        (
            numbering.lost,
            "loss.silent",
            "missing between events that arrived",
        ),
        (numbering.duplicated, "order.duplicate", "arrived twice"),
        (
            numbering.reordered,
            "order.reordered",
            "arrived after a later one",
        ),
    ];
    findings.extend(lost_on_the_way(conclusion));
    for (count, code, what) in counts.into_iter().filter(|(count, ..)| *count > 0) {
        findings.push(warn(code, format!("{} {what}", plural(count, "event"))));
    }
}

/// What only a log or another version of HTTP can tell: nothing in the stream itself is missing.
fn lost_on_the_way(conclusion: &Conclusion) -> Option<Finding> {
    let by_log = loss::written_and_lost(&conclusion.shown().timeline).map(|lost| {
        let events = plural(lost, "event");
        format!("the server's own log: {events} written that never came")
    });
    by_log
        .or_else(|| loss::over_http10(conclusion.readings))
        .map(|text| warn("loss.silent", text))
}

/// Compares the numbers that came with those that should have, between the
/// smallest and the largest: what was not yet sent cannot be missing.
fn numbering(probe: &Probe) -> Numbering {
    let came: Vec<u64> = probe.events.iter().filter_map(|event| event.seq).collect();
    let mut distinct = came.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let (Some(first), Some(last)) = (distinct.first(), distinct.last()) else {
        return Numbering::default();
    };
    let mut highest = None;
    let mut reordered = 0;
    for seq in &came {
        reordered += u64::from(highest.is_some_and(|highest| *seq < highest));
        highest = highest.max(Some(*seq));
    }
    let distinct_count = distinct.len() as u64;
    Numbering {
        lost: (last - first + 1).saturating_sub(distinct_count),
        duplicated: came.len() as u64 - distinct_count,
        reordered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::Event;

    fn numbers(seqs: &[u64]) -> Numbering {
        let event = |seq: &u64| Event {
            read: 0,
            bytes: 1,
            end_offset: 0,
            seq: Some(*seq),
            due: None,
            emitted: None,
            named: false,
            digest: None,
        };
        numbering(&Probe {
            events: seqs.iter().map(event).collect(),
            ..Probe::default()
        })
    }

    #[test]
    fn each_fault_is_counted_by_itself() {
        assert_eq!(numbers(&[4, 5, 6]), Numbering::default());
        assert_eq!(
            numbers(&[4, 6, 9]),
            Numbering {
                lost: 3,
                ..Numbering::default()
            }
        );
        assert_eq!(
            numbers(&[4, 5, 5]),
            Numbering {
                duplicated: 1,
                ..Numbering::default()
            }
        );
        assert_eq!(
            numbers(&[4, 6, 5, 7]),
            Numbering {
                reordered: 1,
                ..Numbering::default()
            }
        );
        assert_eq!(numbers(&[]), Numbering::default());
    }
}
