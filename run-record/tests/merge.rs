//! Invariant 9: everything in a record has one merge, commutative and associative, and the shards
//! of a run merge to what one observer would have recorded.

mod common;

use common::{happenings, recorded};
use proptest::prelude::*;
use run_record::record::RunRecord;

fn merged(one: &RunRecord, other: &RunRecord) -> RunRecord {
    let mut sum = one.clone();
    sum.merge(other);
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn merge_is_commutative_and_associative(
        a in happenings(), b in happenings(), c in happenings(),
    ) {
        let (a, b, c) = (recorded(&a, 1), recorded(&b, 2), recorded(&c, 3));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
    }

    #[test]
    fn a_run_lasts_from_its_first_to_its_last_shard(order in Just([1, 2, 3]).prop_shuffle()) {
        let shards = order.map(|number| recorded(&[], number));
        let sum = merged(&merged(&shards[0], &shards[1]), &shards[2]);
        prop_assert_eq!(sum.started, recorded(&[], 1).started);
        prop_assert_eq!(sum.ended, recorded(&[], 3).ended);
        prop_assert_eq!(sum.environments.len(), 3);
    }

    #[test]
    fn shards_merge_to_the_whole(all in happenings(), cut in 0_usize..25) {
        let (one, other) = all.split_at(cut.min(all.len()));
        let whole = recorded(&all, 1);
        let sum = merged(&recorded(one, 1), &recorded(other, 1));
        prop_assert_eq!(&sum.measured.groups, &whole.measured.groups);
        prop_assert_eq!(&sum.measured.remotes, &whole.measured.remotes);
        prop_assert_eq!(&sum.measured.by_header, &whole.measured.by_header);
        prop_assert_eq!(&sum.measured.timeline, &whole.measured.timeline);
        prop_assert_eq!(&sum.measured.fanout, &whole.measured.fanout);
        prop_assert_eq!(&sum.measured.traces, &whole.measured.traces);
        prop_assert_eq!(&sum.measured.worst, &whole.measured.worst);
        prop_assert_eq!(&sum.measured.errors, &whole.measured.errors);
        prop_assert_eq!(&sum.measured.hiccups, &whole.measured.hiccups);
        // A merge sorts the probes, and of two that are the same keeps one.
        prop_assert_eq!(&sum.probes, &merged(&whole, &whole).probes);
        prop_assert_eq!(&sum.self_check, &whole.self_check);
        prop_assert_eq!(&sum.limits, &whole.limits);
        prop_assert_eq!(sum.plan.connections, 2 * whole.plan.connections);
    }

    #[test]
    fn a_record_merged_after_reading_equals_one_merged_before_writing(
        a in happenings(), b in happenings(),
    ) {
        let (a, b) = (recorded(&a, 1), recorded(&b, 2));
        let reread = |record: &RunRecord| RunRecord::read(&record.write().unwrap()).unwrap();
        prop_assert_eq!(merged(&reread(&a), &reread(&b)), reread(&merged(&a, &b)));
    }
}
