//! What is different from an earlier run: in words, for all pages. It must not call a difference more than that: one run
//! is no proof.

use run_record::baseline::Baseline;
use run_record::limits::{LimitResult, LimitStatus, Side};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::RunRecord;
use run_record::time::Nanos;

use crate::number;

/// A time that both have: its name, then and now.
pub(crate) struct Compared {
    pub(crate) name: String,
    pub(crate) then: Nanos,
    pub(crate) now: Nanos,
}

impl Compared {
    /// How much more or less, in percent of what it was.
    pub(crate) fn change(&self) -> String {
        change(self.now.0 as f64, self.then.0 as f64)
    }
}

/// The median, p99 and largest of the way of events and of the first event, as far as both have them.
pub(crate) fn times(baseline: &Baseline, total: &Group) -> Vec<Compared> {
    let has = |metric: &Metric| {
        total.histograms.count(*metric) > 0 && baseline.total.histograms.count(*metric) > 0
    };
    let way = [Metric::Delivery, Metric::Transit, Metric::Gap];
    let metrics = [Metric::FirstEvent].into_iter().filter(has);
    metrics
        .chain(way.into_iter().find(has))
        .flat_map(|metric| of_metric(baseline, total, metric))
        .collect()
}

/// The same of one metric.
pub(crate) fn of_metric(baseline: &Baseline, total: &Group, metric: Metric) -> Vec<Compared> {
    let (then, now) = (&baseline.total.histograms, &total.histograms);
    let quantile = |quantile: Quantile| {
        Some(Compared {
            name: format!("{}.{quantile}", metric.name()),
            then: then.quantile(metric, quantile)?,
            now: now.quantile(metric, quantile)?,
        })
    };
    let largest = || {
        Some(Compared {
            name: format!("{}.max", metric.name()),
            then: then.max(metric)?,
            now: now.max(metric)?,
        })
    };
    let told = [quantile(Quantile::P50), quantile(Quantile::P99), largest()];
    told.into_iter().flatten().collect()
}

/// `+6 %`, `-40 %`, `3.2 times`, or `the same`.
pub(crate) fn change(now: f64, then: f64) -> String {
    let factor = now / then;
    let percent = ((factor - 1.0) * 100.0).round();
    match percent {
        _ if now == then || percent == 0.0 => "the same".to_owned(),
        _ if !factor.is_finite() => "from none".to_owned(),
        _ if factor >= 2.0 => format!("{} times", number::significant(factor)),
        more if more > 0.0 => format!("+{more} %"),
        less => format!("{less} %"),
    }
}

/// A difference of counts, with its sign.
pub(crate) fn difference(now: u64, then: u64) -> String {
    match now.checked_sub(then) {
        Some(0) => "the same".to_owned(),
        Some(more) => format!("+{}", number::count(more)),
        None => format!("-{}", number::count(then - now)),
    }
}

/// What of the outcome is not as it was: the verdict, and the states of limits; empty where all is as before, and where
/// there is no baseline.
///
/// A limit that the baseline did not have counts if it is not met.
pub fn changes(record: &RunRecord) -> Vec<String> {
    let Some(baseline) = &record.baseline else {
        return Vec::new();
    };
    let label = |word: Option<run_record::verdict::Word>| word.map_or("none", |word| word.label());
    let now = record.verdict.as_ref().map(|verdict| verdict.word);
    let verdict = (now != baseline.verdict)
        .then(|| format!("verdict: {}, was {}", label(now), label(baseline.verdict)));
    let limits = record.limits.iter().filter_map(|limit| {
        let before = |it: &&LimitResult| it.side == limit.side && it.expression == limit.expression;
        let was = baseline.limits.iter().find(before).map(|it| it.status);
        let has_changed = match was {
            Some(was) => was != limit.status,
            None => limit.status != LimitStatus::Met,
        };
        let was = was.map_or("was not asked for", |status| match status {
            LimitStatus::Met => "was met",
            LimitStatus::Missed => "was missed",
            LimitStatus::NotMeasured => "was not measured",
        });
        has_changed.then(|| format!("{}: {}, {was}", expression(limit), status(limit.status)))
    });
    verdict.into_iter().chain(limits).collect()
}

fn expression(limit: &LimitResult) -> String {
    let side = match limit.side {
        Side::Max => "max",
        Side::Min => "min",
    };
    format!("{side} {}", limit.expression)
}

fn status(status: LimitStatus) -> &'static str {
    match status {
        LimitStatus::Met => "met",
        LimitStatus::Missed => "missed",
        LimitStatus::NotMeasured => "not measured",
    }
}

/// How a limit that is relative to a baseline was given: `baseline+10%`.
pub(crate) fn relative(limit: &LimitResult) -> Option<&str> {
    let (_, value) = limit.expression.split_once('=')?;
    value.starts_with("baseline").then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_in_the_form_that_can_be_read() {
        assert_eq!(change(106.0, 100.0), "+6 %");
        assert_eq!(change(60.0, 100.0), "-40 %");
        assert_eq!(change(320.0, 100.0), "3.2 times");
        assert_eq!(change(100.2, 100.0), "the same");
        assert_eq!(change(0.0, 0.0), "the same");
        assert_eq!(change(1.0, 0.0), "from none");
        assert_eq!(difference(88, 0), "+88");
        assert_eq!(difference(0, 1_000), "-1,000");
    }
}
