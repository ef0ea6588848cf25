//! One quantity: its value in each run, and what its comparison says.

use run_record::diff::{Change, DiffQuantity, Outcome, Spread};
use run_record::limits::{Amount, BadLimit, Subject};
use run_record::measured::Group;

use crate::comparison::{self, Comparison, Quantity, Scale, interval};
use crate::number;

/// What is compared, by the name that limits have for it: `delivery.p99`, `lost`.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    name: String,
    subject: Subject,
}

/// The values of one quantity on both sides.
pub(super) struct Sample {
    measure: Measure,
    /// As a sentence calls it.
    spoken: String,
    unit: Unit,
    base: Vec<f64>,
    new: Vec<f64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Micros,
    Percent,
    Bytes,
    Count,
}

/// Counted things of which more are better.
const MORE_IS_BETTER: [&str; 4] = ["events", "reach", "connections", "stream_duration"];

impl Measure {
    /// Understand `METRIC.STATISTIC` or the name of something counted.
    ///
    /// Errors: a name that nothing has; the message lists those there are.
    pub fn parse(name: &str) -> Result<Self, BadLimit> {
        let subject = Subject::parse(name)?;
        Ok(Self {
            name: name.to_owned(),
            subject,
        })
    }

    /// As limits call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value in each run; or why it cannot be compared, where a run has none.
    pub(super) fn sample(
        &self,
        base: &[Group],
        new: &[Group],
    ) -> Result<Sample, Box<DiffQuantity>> {
        let mut unit = Unit::Micros;
        let mut values = |runs: &[Group]| -> Result<Vec<f64>, String> {
            let amounts = runs.iter().map(|run| self.subject.value(run));
            amounts
                .map(|amount| {
                    let amount = amount?;
                    unit = Unit::of(amount);
                    Ok(amount.value())
                })
                .collect()
        };
        let sides = values(base).and_then(|base| Ok((base, values(new)?)));
        let (base, new) = sides.map_err(|why| Box::new(self.unmeasured(&why)))?;
        Ok(Sample {
            measure: self.clone(),
            spoken: spoken(&self.name),
            unit,
            base,
            new,
        })
    }

    fn unmeasured(&self, why: &str) -> DiffQuantity {
        DiffQuantity {
            name: self.name.clone(),
            unit: String::new(),
            outcome: Outcome::Refused,
            sentence: format!(
                "{} cannot be compared: not measured in each run ({why})",
                spoken(&self.name)
            ),
            base: None,
            new: None,
            change: None,
            p: None,
        }
    }

    fn is_better_higher(&self) -> bool {
        let metric = self.name.split('.').next().unwrap_or_default();
        MORE_IS_BETTER.contains(&metric)
    }

    fn is_measured(&self, runs: &[Group]) -> bool {
        !runs.is_empty() && runs.iter().all(|run| self.subject.value(run).is_ok())
    }
}

/// What is compared unless the user says: how late events were, how long the first one took, and what was lost.
///
/// Few, because each more takes from what can be shown of the others. The first of delivery, transit and gap that
/// every run has; of it the p99 and the median. The most telling first.
pub fn defaults(base: &[Group], new: &[Group]) -> Vec<Measure> {
    let measure = |name: &str| Measure::parse(name).ok();
    let everywhere = |measure: &Measure| measure.is_measured(base) && measure.is_measured(new);
    let lateness = ["delivery", "transit", "gap"].into_iter().find(|metric| {
        measure(&format!("{metric}.p50")).is_some_and(|measure| everywhere(&measure))
    });
    let mut chosen: Vec<Measure> = lateness
        .iter()
        .flat_map(|metric| ["p99", "p50"].map(|statistic| format!("{metric}.{statistic}")))
        .chain(["first_event.p50".to_owned()])
        .filter_map(|name| measure(&name))
        .filter(everywhere)
        .collect();
    // Where nothing was lost there is nothing to tell apart.
    let loses = |measure: &Measure| {
        let mut runs = base.iter().chain(new);
        runs.any(|run| {
            measure
                .subject
                .value(run)
                .is_ok_and(|lost| lost.value() > 0.0)
        })
    };
    let lost = measure("lost").filter(everywhere).filter(loses);
    chosen.extend(lost);
    chosen
}

impl Sample {
    /// What goes into the comparison.
    pub(super) fn quantity(&self, floor_us: f64) -> Quantity<'_> {
        Quantity {
            name: &self.spoken,
            write: self.unit.write(),
            base: &self.base,
            new: &self.new,
            floor: if self.unit == Unit::Micros {
                floor_us
            } else {
                0.0
            },
        }
    }

    /// What came out of it.
    pub(super) fn told(&self, comparison: &Comparison<'_>) -> DiffQuantity {
        let change = comparison.change;
        let is_higher = change.typical > 0.0;
        let outcome = match comparison.outcome {
            comparison::Outcome::Different if is_higher == self.measure.is_better_higher() => {
                Outcome::Better
            }
            comparison::Outcome::Different => Outcome::Worse,
            comparison::Outcome::NotShown => Outcome::NotShown,
            comparison::Outcome::BelowFloor => Outcome::BelowFloor,
        };
        DiffQuantity {
            change: Some(Change {
                unit: match change.scale {
                    Scale::Percent => "%",
                    Scale::Unit => self.unit.name(),
                }
                .to_owned(),
                typical: change.typical,
                low: change.low,
                high: change.high,
            }),
            p: Some(comparison.p),
            ..self.with(outcome, comparison.to_string())
        }
    }

    /// That it could not be compared, and why.
    pub(super) fn refused(&self, why: String) -> DiffQuantity {
        self.with(Outcome::Refused, why)
    }

    fn with(&self, outcome: Outcome, sentence: String) -> DiffQuantity {
        DiffQuantity {
            name: self.measure.name.clone(),
            unit: self.unit.name().to_owned(),
            outcome,
            sentence,
            base: spread(&self.base),
            new: spread(&self.new),
            change: None,
            p: None,
        }
    }
}

fn spread(values: &[f64]) -> Option<Spread> {
    if values.is_empty() {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(Spread {
        values: values.to_vec(),
        median: interval::median_of_sorted(&sorted),
        interval: interval::of_runs(values)
            .ok()
            .map(|interval| [interval.low, interval.high]),
    })
}

impl Unit {
    fn of(amount: Amount) -> Self {
        match amount {
            Amount::Us(_) => Self::Micros,
            Amount::Percent(_) => Self::Percent,
            Amount::Bytes(_) => Self::Bytes,
            Amount::Count(_) => Self::Count,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Micros => "us",
            Self::Percent => "%",
            Self::Bytes => "B",
            Self::Count => "",
        }
    }

    fn write(self) -> fn(f64) -> String {
        match self {
            Self::Micros => number::micros,
            Self::Percent => number::percent,
            Self::Bytes => |value| format!("{} B", number::significant(value)),
            Self::Count => number::significant,
        }
    }
}

/// `p99 of delivery` for `delivery.p99`.
fn spoken(name: &str) -> String {
    match name.split_once('.') {
        Some((metric, statistic)) => format!("{statistic} of {metric}"),
        None => name.to_owned(),
    }
}
