//! How far a value may be from that of a baseline: `baseline`, `baseline+10%`, `baseline-5ms`.

use super::amount::{self, Amount, BadAmount};
use super::{Side, Subject};

/// A distance from a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    /// This part of it more, in percent; below zero less.
    Percent(f64),
    /// So much more; below zero less.
    By(Amount),
}

impl Change {
    /// Understands what stands behind `baseline`.
    pub(super) fn parse(text: &str, subject: &Subject) -> Result<Self, BadAmount> {
        if text.is_empty() {
            return Ok(Self::Percent(0.0));
        }
        let bad = || BadAmount::NotAChange(format!("baseline{text}"));
        let (sign, size) = match text.split_at_checked(1) {
            Some(("+", size)) => (1.0, size),
            Some(("-", size)) => (-1.0, size),
            _ => return Err(bad()),
        };
        if let Some(percent) = size.strip_suffix('%') {
            let percent = amount::decimal(percent).ok_or_else(bad)?;
            return Ok(Self::Percent(sign * percent));
        }
        Ok(Self::By(match subject.parse_amount(size)? {
            Amount::Us(us) => Amount::Us(sign * us),
            Amount::Percent(percent) => Amount::Percent(sign * percent),
            Amount::Count(count) => Amount::Count(sign as i64 * count),
            Amount::Bytes(bytes) => Amount::Bytes(sign as i64 * bytes),
        }))
    }

    /// The value at this distance from `base`; of counts, the last whole one that the side allows.
    pub(super) fn applied(self, base: Amount, side: Side) -> Amount {
        let by = |value: f64| match self {
            Self::Percent(percent) => value + value * percent / 100.0,
            Self::By(more) => value + more.value(),
        };
        let whole = |value: i64| match side {
            Side::Max => by(value as f64).floor() as i64,
            Side::Min => by(value as f64).ceil() as i64,
        };
        match base {
            Amount::Us(us) => Amount::Us((by(us) * 1e3).round() / 1e3),
            Amount::Percent(percent) => Amount::Percent(by(percent)),
            Amount::Count(count) => Amount::Count(whole(count)),
            Amount::Bytes(bytes) => Amount::Bytes(whole(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limit, LimitStatus};
    use crate::measured::Group;
    use crate::metric::Metric;
    use crate::time::Nanos;

    fn group(millis: u64, failed: u64) -> Group {
        let mut group = Group::default();
        for _ in 0..1_000 {
            let time = Nanos::from_millis(millis);
            group.histograms.record(Metric::Delivery, time);
        }
        group.counters.connections.failed = failed;
        group
    }

    #[test]
    fn a_limit_is_worked_out_from_the_baseline() {
        for (text, at, allows, misses) in [
            ("delivery.p99=baseline+10%", 100, 109, 112),
            ("delivery.p99=baseline+5ms", 100, 104, 106),
            ("delivery.p99=baseline-50%", 100, 49, 51),
            ("delivery.p99=baseline", 100, 100, 101),
        ] {
            let limit = Limit::parse_max(text)
                .unwrap()
                .against(&group(at, 0))
                .unwrap();
            let status = |millis| limit.evaluate(&group(millis, 0), Nanos::ZERO).status;
            assert_eq!(status(allows), LimitStatus::Met, "{text}");
            assert_eq!(status(misses), LimitStatus::Missed, "{text}");
        }
    }

    #[test]
    fn counts_stay_whole_on_the_side_that_is_allowed() {
        let most = Limit::parse_max("failed=baseline+10%").unwrap();
        let most = most.against(&group(1, 15)).unwrap();
        let status = |failed| most.evaluate(&group(1, failed), Nanos::ZERO).status;
        assert_eq!(
            (status(16), status(17)),
            (LimitStatus::Met, LimitStatus::Missed)
        );
    }

    #[test]
    fn what_the_baseline_did_not_measure_is_told() {
        let limit = Limit::parse_max("transit.p99=baseline").unwrap();
        assert_eq!(
            limit.against(&group(1, 0)),
            Err("no event had a send time".to_owned())
        );
        let alone = limit.evaluate(&group(1, 0), Nanos::ZERO);
        assert_eq!(alone.status, LimitStatus::NotMeasured);
        assert!(alone.why.unwrap().contains("baseline"));
    }

    #[test]
    fn other_words_are_no_change() {
        for text in [
            "baseline*2",
            "baseline+",
            "baseline+10",
            "baselines",
            "baseline+-1%",
            "baseline +1%",
        ] {
            let told = Limit::parse_max(&format!("delivery={text}"));
            assert!(told.is_err(), "{text}: {told:?}");
        }
    }
}
