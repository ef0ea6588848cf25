//! Limits on what was measured: `--max delivery.p99=100ms`, `--min connections=5000`.
//!
//! A limit that could not be measured is never met. The text of a limit is free of characters
//! that a shell reads. This file must not know exit codes or how a result is shown.

mod amount;
mod change;
mod subject;

pub use amount::{Amount, BadAmount};
use change::Change;
pub use subject::{Statistic, Subject};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measured::Group;
use crate::quantile::NotAQuantile;
use crate::time::Nanos;

/// Whether a limit is the largest or the smallest value that is allowed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// `--max`.
    Max,
    /// `--min`.
    Min,
}

/// One limit, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    side: Side,
    text: String,
    subject: Subject,
    value: Value,
}

/// What is allowed at most or at least.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    Fixed(Amount),
    /// So much more or less than a baseline had.
    Baseline(Change),
}

impl Limit {
    /// Understand the argument of `--max`, such as `delivery.p99=100ms` or `lost=0`.
    pub fn parse_max(text: &str) -> Result<Self, BadLimit> {
        Self::parse(Side::Max, text)
    }

    /// Understand the argument of `--min`, such as `connections=5000` or `reach=99.99%`.
    pub fn parse_min(text: &str) -> Result<Self, BadLimit> {
        Self::parse(Side::Min, text)
    }

    fn parse(side: Side, text: &str) -> Result<Self, BadLimit> {
        let (name, value) = text.split_once('=').ok_or_else(|| BadLimit::NoValue {
            text: text.to_owned(),
        })?;
        let subject = Subject::parse(name)?;
        let parsed = match value.strip_prefix("baseline") {
            Some(change) => Change::parse(change, &subject).map(Value::Baseline),
            None => subject.parse_amount(value).map(Value::Fixed),
        };
        let value = parsed.map_err(|reason| BadLimit::Value {
            name: name.to_owned(),
            reason,
        })?;
        Ok(Self {
            side,
            text: text.to_owned(),
            subject,
            value,
        })
    }

    /// Whether it takes a baseline to know what is allowed: [`Limit::against`].
    pub fn is_relative(&self) -> bool {
        matches!(self.value, Value::Baseline(_))
    }

    /// The limit with what it allows worked out from what a baseline measured; one that is fixed stays as it is.
    ///
    /// Errors: why the baseline did not measure it.
    pub fn against(&self, baseline: &Group) -> Result<Self, String> {
        let value = match self.value {
            Value::Fixed(value) => value,
            Value::Baseline(change) => change.applied(self.subject.value(baseline)?, self.side),
        };
        Ok(Self {
            value: Value::Fixed(value),
            ..self.clone()
        })
    }

    /// Hold what was measured against the limit.
    ///
    /// `total` is the sum of all groups, as `RunRecord::total` makes it. `clock_bound` is how far the
    /// clocks of server and client may stand apart unseen: times between the two are known no better.
    pub fn evaluate(&self, total: &Group, clock_bound: Nanos) -> LimitResult {
        let Value::Fixed(value) = self.value else {
            return LimitResult::not_measured(
                self.side,
                &self.text,
                "it is relative to a baseline, and there is none".to_owned(),
            );
        };
        let (status, measured, why) = match self.subject.measure(total) {
            Err(why) => (LimitStatus::NotMeasured, None, Some(why)),
            Ok(range) => self.judge(value, range, clock_bound),
        };
        let margin = measured.map(|measured| match self.side {
            Side::Max => value.minus(measured),
            Side::Min => measured.minus(value),
        });
        LimitResult {
            side: self.side,
            expression: self.text.clone(),
            limit: Some(value),
            measured,
            margin,
            status,
            why,
        }
    }

    /// As [`Limit::evaluate`], and a quantile of fewer samples than it takes to be told is judged by those there are: for
    /// looking for a limit again and again, not for a pass.
    pub fn evaluate_plainly(&self, total: &Group, clock_bound: Nanos) -> LimitResult {
        let told = self.evaluate(total, clock_bound);
        let Some(range) = self.subject.measure_few(total) else {
            return told;
        };
        let Value::Fixed(limit) = self.value else {
            return told;
        };
        if told.status != LimitStatus::NotMeasured {
            return told;
        }
        let worse = match self.side {
            Side::Max => range.upper,
            Side::Min => range.lower,
        };
        let status = if self.allows(limit, worse) {
            LimitStatus::Met
        } else {
            LimitStatus::Missed
        };
        LimitResult {
            measured: Some(worse),
            status,
            why: None,
            ..told
        }
    }

    /// The same, where it is relative and was worked out before.
    fn fixed_at(self, value: Option<Amount>) -> Self {
        match (self.value, value) {
            (Value::Baseline(_), Some(value)) => Self {
                value: Value::Fixed(value),
                ..self
            },
            _ => self,
        }
    }

    /// The limit as given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Both edges decide: a value known only as a range must lie wholly on one side.
    fn judge(
        &self,
        limit: Amount,
        range: subject::Range,
        clock_bound: Nanos,
    ) -> (LimitStatus, Option<Amount>, Option<String>) {
        let ends = |subject::Range { lower, upper }| match self.side {
            Side::Max => (upper, lower),
            Side::Min => (lower, upper),
        };
        let (worse, better) = ends(range);
        let (worst, best) = ends(self.subject.widened(range, clock_bound));
        if self.allows(limit, worst) {
            (LimitStatus::Met, Some(worse), None)
        } else if !self.allows(limit, best) {
            (LimitStatus::Missed, Some(worse), None)
        } else if self.allows(limit, worse) || !self.allows(limit, better) {
            let why = format!(
                "the offset of the server's clock is known to {} us, and the limit is nearer than that",
                clock_bound.as_micros_f64()
            );
            (LimitStatus::NotMeasured, None, Some(why))
        } else {
            let why =
                "arrivals are known only as intervals, and the limit lies between their edges";
            (LimitStatus::NotMeasured, None, Some(why.to_owned()))
        }
    }

    fn allows(&self, limit: Amount, measured: Amount) -> bool {
        // A histogram tells times apart to 0.1 %: what it cannot tell from the limit is at the limit.
        let at_the_limit = self.subject.cannot_tell_apart(measured, limit);
        at_the_limit
            || match self.side {
                Side::Max => measured.value() <= limit.value(),
                Side::Min => measured.value() >= limit.value(),
            }
    }
}

/// Hold a record against several limits; see [`Limit::evaluate`]. Sorted by side and expression.
pub fn evaluate_all(limits: &[Limit], total: &Group, clock_bound: Nanos) -> Vec<LimitResult> {
    let evaluate = |limit: &Limit| limit.evaluate(total, clock_bound);
    let mut results: Vec<_> = limits.iter().map(evaluate).collect();
    settle(&mut results);
    results
}

/// The limits of both sides, held against what both measured together.
///
/// A limit that this version does not understand is not measured.
pub(crate) fn merge(
    mine: &mut Vec<LimitResult>,
    theirs: &[LimitResult],
    total: &Group,
    clock_bound: Nanos,
) {
    mine.extend_from_slice(theirs);
    for result in mine.iter_mut() {
        *result = match Limit::parse(result.side, &result.expression) {
            Ok(limit) => limit.fixed_at(result.limit).evaluate(total, clock_bound),
            Err(error) => {
                LimitResult::not_measured(result.side, &result.expression, error.to_string())
            }
        };
    }
    settle(mine);
}

fn settle(results: &mut Vec<LimitResult>) {
    results.sort_by(|a, b| (a.side, &a.expression).cmp(&(b.side, &b.expression)));
    results.dedup_by(|a, b| (a.side, &a.expression) == (b.side, &b.expression));
}

/// What became of a limit.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LimitStatus {
    /// Measured, and beyond the limit.
    Missed,
    /// Not measured: no pass.
    NotMeasured,
    /// Measured, and within the limit.
    Met,
}

/// A limit with what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LimitResult {
    /// Which side of the limit is allowed.
    pub side: Side,
    /// The limit as given, such as `delivery.p99=100ms`.
    pub expression: String,
    /// Its value; absent where this version does not understand the expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Amount>,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Amount>,
    /// The room that is left; negative where the limit is missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<Amount>,
    /// What became of it.
    pub status: LimitStatus,
    /// Why it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl LimitResult {
    fn not_measured(side: Side, expression: &str, why: String) -> Self {
        Self {
            side,
            expression: expression.to_owned(),
            limit: None,
            measured: None,
            margin: None,
            status: LimitStatus::NotMeasured,
            why: Some(why),
        }
    }
}

/// Why the text of a limit cannot be understood: a usage error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLimit {
    /// There is no `=`.
    #[error("{text:?} is no limit: expected METRIC=LIMIT, such as delivery.p99=100ms or lost=0")]
    NoValue {
        /// The whole text.
        text: String,
    },
    /// Nothing of that name is measured.
    #[error("unknown metric {name:?}; known are {known}", known = Subject::known_names())]
    UnknownMetric {
        /// The name that was given.
        name: String,
    },
    /// The metric is a time, and what stands behind the point is no statistic of times.
    #[error(
        "unknown statistic {statistic:?} of {metric}: expected p50, p99.9 or another quantile, \
         max, min or count"
    )]
    UnknownStatistic {
        /// The metric.
        metric: &'static str,
        /// What stands behind the point.
        statistic: String,
        /// Why it is no quantile either.
        #[source]
        source: NotAQuantile,
    },
    /// The metric is a count or a share, which has no statistics.
    #[error("{metric} is one number and has no statistic {statistic:?}: write {metric}=LIMIT")]
    NoStatistic {
        /// The metric.
        metric: &'static str,
        /// What stands behind the point.
        statistic: String,
    },
    /// The value does not fit the metric.
    #[error("{name}: {reason}")]
    Value {
        /// Metric and statistic.
        name: String,
        /// What is wrong with the value.
        #[source]
        reason: BadAmount,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;

    fn total(deliveries: u64, each: Nanos) -> Group {
        let mut group = Group::default();
        (0..deliveries).for_each(|_| group.histograms.record(Metric::Delivery, each));
        group
    }

    fn max(text: &str) -> Limit {
        Limit::parse_max(text).unwrap()
    }

    #[test]
    fn a_limit_is_met_or_missed_with_its_margin() {
        let group = total(1_000, Nanos::from_millis(40));
        let met = max("delivery.p99=100ms").evaluate(&group, Nanos::ZERO);
        assert_eq!(
            (met.status, met.limit),
            (LimitStatus::Met, Some(Amount::Us(100_000.0)))
        );
        let Some(Amount::Us(margin)) = met.margin else {
            panic!("no margin: {met:?}")
        };
        assert!((59_950.0..60_000.0).contains(&margin), "{margin}");

        let missed = max("delivery.p99=10ms").evaluate(&group, Nanos::ZERO);
        assert_eq!(missed.status, LimitStatus::Missed);
        assert!(missed.margin.unwrap().value() < 0.0);
    }

    #[test]
    fn a_value_at_the_limit_meets_it_although_the_histogram_rounds_up() {
        let group = total(1_000, Nanos::from_millis(100));
        assert!(group.histograms.max(Metric::Delivery).unwrap() > Nanos::from_millis(100));
        assert_eq!(
            max("delivery=100ms").evaluate(&group, Nanos::ZERO).status,
            LimitStatus::Met
        );
        assert_eq!(
            max("delivery=99ms").evaluate(&group, Nanos::ZERO).status,
            LimitStatus::Missed
        );
    }

    #[test]
    fn what_was_not_measured_is_never_met() {
        let few = total(999, Nanos(1));
        for (group, limit) in [
            (&few, max("delivery.p99=1s")),
            (&few, max("transit=1s")),
            (&few, max("transit.count=5")),
            (&few, max("lost=0")),
            (&few, max("duplicated=0")),
            (&few, max("reordered=0")),
            (&few, max("stall.count=0")),
            (&few, max("stall.share=0%")),
            (&few, Limit::parse_min("reach=50%").unwrap()),
        ] {
            let result = limit.evaluate(group, Nanos::ZERO);
            assert_eq!(result.status, LimitStatus::NotMeasured, "{limit:?}");
            assert!(result.why.is_some() && result.measured.is_none());
        }
        assert_eq!(
            max("delivery.p99=1s")
                .evaluate(&few, Nanos::ZERO)
                .why
                .unwrap(),
            "999 samples, p99 needs 1,000"
        );
    }

    #[test]
    fn a_limit_between_the_edges_of_intervals_is_not_measured() {
        let mut group = Group::default();
        let edges = (Nanos::from_millis(10), Nanos::from_millis(30));
        group
            .histograms
            .record_edges(Metric::Delivery, edges.0, edges.1);
        let status = |limit: Limit| limit.evaluate(&group, Nanos::ZERO).status;
        assert_eq!(status(max("delivery=40ms")), LimitStatus::Met);
        assert_eq!(status(max("delivery=20ms")), LimitStatus::NotMeasured);
        assert_eq!(status(max("delivery=5ms")), LimitStatus::Missed);
        assert_eq!(
            status(Limit::parse_min("delivery.min=5ms").unwrap()),
            LimitStatus::Met
        );
        assert_eq!(
            status(Limit::parse_min("delivery.min=20ms").unwrap()),
            LimitStatus::NotMeasured
        );
    }

    #[test]
    fn a_limit_nearer_than_the_clocks_are_known_is_not_measured() {
        let group = total(1_000, Nanos::from_millis(40));
        let bound = Nanos::from_millis(5);
        let status = |limit: &str| max(limit).evaluate(&group, bound).status;
        assert_eq!(status("delivery.p99=46ms"), LimitStatus::Met);
        assert_eq!(status("delivery.p99=42ms"), LimitStatus::NotMeasured);
        assert_eq!(status("delivery.p99=38ms"), LimitStatus::NotMeasured);
        assert_eq!(status("delivery.p99=34ms"), LimitStatus::Missed);
        let why = max("delivery.p99=42ms")
            .evaluate(&group, bound)
            .why
            .unwrap();
        assert!(why.contains("known to 5000 us"), "{why}");
        assert_eq!(status("delivery.count=1000"), LimitStatus::Met);

        // Times of one clock are known however far the other one may be off.
        let mut own = Group::default();
        own.histograms.record(Metric::Gap, Nanos::from_millis(40));
        let gap = max("gap=42ms").evaluate(&own, bound).status;
        assert_eq!(gap, LimitStatus::Met);
    }

    #[test]
    fn counts_and_shares_are_judged() {
        let mut group = Group::default();
        group.counters.events.received = 100;
        group.counters.events.sequenced = 100;
        group.counters.events.duplicated = 2;
        group.counters.events.lost = 2;
        group.counters.subscribers.connected = 7;
        group.counters.stalls.judged_streams = 4;
        group.counters.stalls.stalled_streams = 1;
        let status =
            |limit: Result<Limit, BadLimit>| limit.unwrap().evaluate(&group, Nanos::ZERO).status;
        assert_eq!(status(Limit::parse_max("lost=2")), LimitStatus::Met);
        assert_eq!(status(Limit::parse_max("lost=1")), LimitStatus::Missed);
        assert_eq!(
            status(Limit::parse_min("connections=8")),
            LimitStatus::Missed
        );
        let margin = Limit::parse_min("connections=8")
            .unwrap()
            .evaluate(&group, Nanos::ZERO)
            .margin;
        assert_eq!(margin, Some(Amount::Count(-1)));
        assert_eq!(status(Limit::parse_min("reach=98%")), LimitStatus::Met);
        assert_eq!(status(Limit::parse_min("reach=98.1%")), LimitStatus::Missed);
        assert_eq!(
            status(Limit::parse_max("stall.share=25%")),
            LimitStatus::Met
        );
        assert_eq!(status(Limit::parse_max("stall.count=0")), LimitStatus::Met);
        assert_eq!(status(Limit::parse_max("stall=1ms")), LimitStatus::Met);
    }

    #[test]
    fn what_cannot_be_understood_says_what_was_expected() {
        let error = |text: &str| Limit::parse_max(text).unwrap_err().to_string();
        assert!(error("latency=5ms").starts_with("unknown metric \"latency\"; known are connect,"));
        assert!(error("latency=5ms").contains("reach"));
        assert!(error("delivery.p99").contains("expected METRIC=LIMIT"));
        assert!(error("delivery.mean=5ms").contains("unknown statistic \"mean\" of delivery"));
        assert!(error("lost.p99=5").contains("lost is one number"));
        assert!(error("delivery.p99=100").contains("needs a unit"));
        assert!(error("delivery.count=5ms").contains("a whole number"));
        assert!(error("lost=5ms").contains("a whole number"));
        assert!(error("reach=5").contains("%"));
        assert!(error("delivery=-5ms").contains("-5ms"));
    }
}
