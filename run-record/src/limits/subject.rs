//! What a limit can be about: each name, and how it is measured.

use hdrhistogram::Histogram;

use super::BadLimit;
use super::amount::{self, Amount, BadAmount};
use crate::counters::Counters;
use crate::histograms::empty_histogram;
use crate::measured::Group;
use crate::metric::Metric;
use crate::quantile::Quantile;
use crate::time::Nanos;

/// A number out of the samples of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// A quantile; told from 10/(1-q) samples on.
    Quantile(Quantile),
    /// The largest sample.
    Max,
    /// The smallest sample.
    Min,
    /// How many samples.
    Count,
}

/// What a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A statistic of a measured time.
    Time(Metric, Statistic),
    /// A number or a share that is counted; by its place in the table of counted names.
    Counted(&'static Counted),
}

/// Something counted, by the name it has in limits.
#[derive(Debug)]
pub struct Counted {
    name: &'static str,
    parse: fn(&str) -> Result<Amount, BadAmount>,
    measure: fn(&Counters) -> Result<Amount, &'static str>,
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Counted {}

impl Counted {
    const fn count(
        name: &'static str,
        measure: fn(&Counters) -> Result<Amount, &'static str>,
    ) -> Self {
        Self {
            name,
            parse: amount::parse_count,
            measure,
        }
    }

    const fn share(
        name: &'static str,
        measure: fn(&Counters) -> Result<Amount, &'static str>,
    ) -> Self {
        Self {
            name,
            parse: amount::parse_share,
            measure,
        }
    }
}

/// Everything counted that a limit can be about.
static COUNTED: [Counted; 12] = [
    Counted::count("events", |c| Ok(Amount::count(c.events.received))),
    Counted::count("lost", |c| sequenced(c, c.events.lost)),
    Counted::count("duplicated", |c| sequenced(c, c.events.duplicated)),
    Counted::count("reordered", |c| sequenced(c, c.events.reordered)),
    Counted::count("missed_between_streams", |c| {
        sequenced(c, c.events.missed_between_streams)
    }),
    Counted::share("reach", reach),
    Counted::count("connections", |c| {
        Ok(Amount::count(c.subscribers.connected))
    }),
    Counted::count("failed", |c| Ok(Amount::count(c.connections.failed))),
    Counted::count("reconnects", |c| {
        Ok(Amount::count(c.connections.reconnects))
    }),
    Counted::count("closed_by_server", |c| {
        Ok(Amount::count(c.connections.closed_by_server))
    }),
    Counted::share("stall.share", stall_share),
    Counted {
        name: "bytes",
        parse: amount::parse_bytes,
        measure: |c| Ok(Amount::bytes(c.bytes.wire)),
    },
];

/// What was measured: once, or as a range where arrivals are intervals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) lower: Amount,
    pub(super) upper: Amount,
}

impl Subject {
    /// The names that a limit can be about, for an error message.
    pub fn known_names() -> String {
        let times = Metric::ALL.into_iter().map(Metric::name);
        let names: Vec<_> = times
            .chain(COUNTED.iter().map(|counted| counted.name))
            .collect();
        names.join(", ")
    }

    /// What was measured; where arrivals are intervals, by their upper edges.
    ///
    /// Errors: why it was not measured, such as too few samples for a quantile.
    pub fn value(&self, total: &Group) -> Result<Amount, String> {
        self.measure(total).map(|range| range.upper)
    }

    /// Understand `METRIC`, `METRIC.STATISTIC` or the name of something counted.
    ///
    /// Errors: a name that nothing has; the message lists those there are.
    pub fn parse(name: &str) -> Result<Self, BadLimit> {
        if let Some(counted) = COUNTED.iter().find(|counted| counted.name == name) {
            return Ok(Self::Counted(counted));
        }
        let (metric_name, statistic) = name.split_once('.').unwrap_or((name, "max"));
        if let Some(counted) = COUNTED.iter().find(|counted| counted.name == metric_name) {
            let statistic = statistic.to_owned();
            return Err(BadLimit::NoStatistic {
                metric: counted.name,
                statistic,
            });
        }
        let metric: Metric = metric_name.parse().map_err(|_| BadLimit::UnknownMetric {
            name: metric_name.to_owned(),
        })?;
        let statistic = match statistic {
            "max" => Statistic::Max,
            "min" => Statistic::Min,
            "count" => Statistic::Count,
            quantile => Statistic::Quantile(quantile.parse().map_err(|source| {
                let statistic = quantile.to_owned();
                BadLimit::UnknownStatistic {
                    metric: metric.name(),
                    statistic,
                    source,
                }
            })?),
        };
        Ok(Self::Time(metric, statistic))
    }

    /// Understand a value in the unit of the subject.
    pub(super) fn parse_amount(&self, text: &str) -> Result<Amount, BadAmount> {
        match self {
            Self::Time(_, Statistic::Count) => amount::parse_count(text),
            Self::Time(..) => amount::parse_time(text),
            Self::Counted(counted) => (counted.parse)(text),
        }
    }

    /// What was measured, or why it was not.
    pub(super) fn measure(&self, total: &Group) -> Result<Range, String> {
        match *self {
            Self::Counted(counted) => {
                let value = (counted.measure)(&total.counters)?;
                Ok(Range {
                    lower: value,
                    upper: value,
                })
            }
            Self::Time(metric, statistic) => measure_time(total, metric, statistic),
        }
    }

    /// A quantile of however few samples; nothing for anything else, or without a sample.
    pub(super) fn measure_few(&self, total: &Group) -> Option<Range> {
        let Self::Time(metric, Statistic::Quantile(quantile)) = *self else {
            return None;
        };
        let of = |histogram: &Histogram<u64>| {
            let value = histogram.value_at_quantile(quantile.fraction());
            Amount::Us(Nanos(value).as_micros_f64())
        };
        Some(Range {
            lower: of(total.histograms.lower(metric)?),
            upper: of(total.histograms.get(metric)?),
        })
    }

    /// A range of times between the server's clock and this machine's, by as much wider as the two
    /// may stand apart; any other range as it is.
    pub(super) fn widened(&self, range: Range, clock_bound: Nanos) -> Range {
        let is_between_clocks = matches!(
            self,
            Self::Time(Metric::Delivery | Metric::Transit, statistic) if *statistic != Statistic::Count
        );
        let moved = |amount: Amount, by: f64| match amount {
            Amount::Us(us) if is_between_clocks => Amount::Us((us + by).max(0.0)),
            other => other,
        };
        let by = clock_bound.as_micros_f64();
        Range {
            lower: moved(range.lower, -by),
            upper: moved(range.upper, by),
        }
    }

    /// Whether a measured time and a limit fall into the same bucket of a histogram.
    pub(super) fn cannot_tell_apart(&self, measured: Amount, limit: Amount) -> bool {
        let (Amount::Us(measured), Amount::Us(limit)) = (measured, limit) else {
            return false;
        };
        empty_histogram().equivalent(
            (measured * 1e3).round() as u64,
            (limit * 1e3).round() as u64,
        )
    }
}

fn measure_time(total: &Group, metric: Metric, statistic: Statistic) -> Result<Range, String> {
    let histograms = &total.histograms;
    let (Some(upper), Some(lower)) = (histograms.get(metric), histograms.lower(metric)) else {
        return measure_absence(&total.counters, metric, statistic);
    };
    let of = |histogram: &Histogram<u64>| match statistic {
        Statistic::Count => Ok(Amount::count(histogram.len())),
        Statistic::Max => Ok(Amount::Us(Nanos(histogram.max()).as_micros_f64())),
        Statistic::Min => Ok(Amount::Us(Nanos(histogram.min()).as_micros_f64())),
        Statistic::Quantile(quantile) => match quantile.of(histogram) {
            Some(value) => Ok(Amount::Us(value.as_micros_f64())),
            None => Err(too_few(histogram.len(), quantile)),
        },
    };
    Ok(Range {
        lower: of(lower)?,
        upper: of(upper)?,
    })
}

/// A time without a sample: measured as nothing only where something could have been seen.
fn measure_absence(
    counters: &Counters,
    metric: Metric,
    statistic: Statistic,
) -> Result<Range, String> {
    let looked_for = match metric {
        Metric::Stall => counters.stalls.judged_streams > 0,
        // Counted as they happen; none happened.
        Metric::Reconnect | Metric::StreamDuration => statistic == Statistic::Count,
        _ => false,
    };
    if !looked_for {
        return Err(absence(metric).to_owned());
    }
    let nothing = match statistic {
        Statistic::Count => Amount::Count(0),
        _ => Amount::Us(0.0),
    };
    Ok(Range {
        lower: nothing,
        upper: nothing,
    })
}

fn absence(metric: Metric) -> &'static str {
    match metric {
        Metric::Delivery => "no event had a due time",
        Metric::Transit => "no event had a send time",
        Metric::FanoutSpread => "no event was seen by more than one subscriber",
        Metric::Stall => "no stream had enough gaps to tell what is usual",
        Metric::Tls => "no TLS handshake",
        Metric::GeneratorLag => "no kernel stamps",
        _ => "no samples",
    }
}

fn too_few(samples: u64, quantile: Quantile) -> String {
    let samples = crate::text::with_separators(samples);
    let needed = crate::text::with_separators(quantile.needed_samples());
    format!("{samples} samples, {quantile} needs {needed}")
}

/// A count that needs sequence numbers: without them it would be zero for want of looking.
fn sequenced(counters: &Counters, count: u64) -> Result<Amount, &'static str> {
    if counters.events.sequenced == 0 {
        return Err("no event had a sequence number");
    }
    Ok(Amount::count(count))
}

/// Received of what was to be received: distinct events over these and the missing ones.
fn reach(counters: &Counters) -> Result<Amount, &'static str> {
    let events = &counters.events;
    sequenced(counters, events.sequenced)?;
    let received = events.sequenced.saturating_sub(events.duplicated);
    let missing = events.lost.saturating_add(events.missed_between_streams);
    Ok(share(received, received.saturating_add(missing)))
}

fn stall_share(counters: &Counters) -> Result<Amount, &'static str> {
    if counters.stalls.judged_streams == 0 {
        return Err(absence(Metric::Stall));
    }
    Ok(share(
        counters.stalls.stalled_streams,
        counters.stalls.judged_streams,
    ))
}

fn share(part: u64, whole: u64) -> Amount {
    Amount::Percent(100.0 * part as f64 / whole.max(1) as f64)
}
