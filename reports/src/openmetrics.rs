//! `.prom`: what was measured as an OpenMetrics text, for Prometheus and what reads its files.
//!
//! Names are those of OpenTelemetry, converted as its "Prometheus and OpenMetrics Compatibility" says: dots become
//! underscores and the unit a suffix. Histograms have fixed buckets, because no text format carries exponential ones. A
//! stream's lifetime is none of `http.client.request.duration`: it would poison the percentiles of ordinary requests.
//! Types are those that Prometheus's older text format knows too (the verdict is a gauge, no state set) and no sample has
//! a time, so that node_exporter takes the file as it is.
//!
//! Source: OpenMetrics 1.0.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hdrhistogram::Histogram;
use run_record::limits::{LimitStatus, Side};
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use run_record::verdict::Word;

use crate::sanitise::sanitise;

/// Upper bounds of the buckets in nanoseconds, from 0.1 ms to 5 min; one without a bound comes last.
const BOUNDS: [u64; 20] = [
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
    120_000_000_000,
    300_000_000_000,
];

/// Something counted: its OpenTelemetry name, unit, meaning, and how many; nothing where it was not looked for.
type Counted = (&'static str, Unit, &'static str, fn(&Group) -> Option<u64>);

const COUNTED: [Counted; 12] = [
    (
        "event.received",
        Unit::None,
        "Events dispatched, second copies included",
        |all| Some(all.counters.events.received),
    ),
    (
        "event.lost",
        Unit::None,
        "Events never received although later ones of their stream were",
        |all| sequenced(all, all.counters.events.lost),
    ),
    (
        "event.duplicated",
        Unit::None,
        "Events received again by the same subscriber",
        |all| sequenced(all, all.counters.events.duplicated),
    ),
    (
        "event.reordered",
        Unit::None,
        "Events received after a later one of their stream",
        |all| sequenced(all, all.counters.events.reordered),
    ),
    (
        "event.missed_between_streams",
        Unit::None,
        "Events written while their subscriber was reconnecting",
        |all| sequenced(all, all.counters.events.missed_between_streams),
    ),
    (
        "stream.stalls",
        Unit::None,
        "Silences longer than 3 times the usual gap of their stream",
        |all| {
            let is_judged = all.counters.stalls.judged_streams > 0;
            is_judged.then(|| all.histograms.count(Metric::Stall))
        },
    ),
    (
        "stream.opened",
        Unit::None,
        "Attempts to connect that became a stream",
        |all| Some(all.counters.connections.opened),
    ),
    (
        "stream.failed",
        Unit::None,
        "Attempts to connect that became none",
        |all| Some(all.counters.connections.failed),
    ),
    (
        "stream.reconnects",
        Unit::None,
        "Attempts to connect after the first one of their subscriber",
        |all| Some(all.counters.connections.reconnects),
    ),
    (
        "stream.closed_by_server",
        Unit::None,
        "Streams that the other side ended",
        |all| Some(all.counters.connections.closed_by_server),
    ),
    (
        "subscriber.connected",
        Unit::None,
        "Subscribers that got a stream at least once",
        |all| Some(all.counters.subscribers.connected),
    ),
    (
        "stream.received",
        Unit::Bytes,
        "Bytes from sockets, heads and framing included",
        |all| Some(all.counters.bytes.wire),
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    None,
    Seconds,
    Bytes,
}

/// The whole text, ending in `# EOF`.
///
/// What was not measured is absent. Where arrivals are known only as intervals, histograms hold the latest instants.
pub fn openmetrics(record: &RunRecord) -> String {
    let total = record.total();
    let mut text = Text::default();
    run(record, &mut text);
    outcome(record, &mut text);
    for (name, unit, help, count) in COUNTED {
        if let Some(count) = count(&total) {
            let name = text.family(name, "counter", unit, help);
            text.sample(&format!("{name}_total"), &[], &count.to_string());
        }
    }
    errors(record, &mut text);
    for metric in Metric::ALL {
        if let Some(samples) = total.histograms.get(metric) {
            histogram(metric, samples, &mut text);
        }
    }
    text.lines + "# EOF\n"
}

/// What was measured, when, and by what.
fn run(record: &RunRecord, text: &mut Text) {
    let tools: Vec<&str> = record
        .environments
        .iter()
        .map(|environment| environment.tool.as_str())
        .collect();
    let name = text.family("run", "info", Unit::None, "What was measured, and by what");
    let labels = [
        ("url", record.plan.url.as_str()),
        ("method", &record.plan.method),
        ("tool", &tools.join(", ")),
    ];
    text.sample(&format!("{name}_info"), &labels, "1");
    let seconds = |nanos: u64| format!("{:.6}", nanos as f64 / 1e9);
    let started = record.started.epoch_us;
    let name = text.family(
        "run.start_time",
        "gauge",
        Unit::Seconds,
        "When the run began, since the epoch",
    );
    text.sample(&name, &[], &seconds(started.0));
    let name = text.family("run.duration", "gauge", Unit::Seconds, "How long it lasted");
    text.sample(&name, &[], &seconds((record.ended.epoch_us - started).0));
    let name = text.family(
        "subscriber.asked",
        "gauge",
        Unit::None,
        "Subscribers that were asked for",
    );
    text.sample(&name, &[], &record.plan.connections.to_string());
}

/// What came of it: the verdict, each limit, the self-check, the exit code.
fn outcome(record: &RunRecord, text: &mut Text) {
    if let Some(verdict) = &record.verdict {
        let name = text.family(
            "verdict",
            "gauge",
            Unit::None,
            "1 for the verdict, 0 for every other word",
        );
        for word in Word::ALL {
            let label = word.label().to_lowercase().replace(' ', "_");
            let is_it = if word == verdict.word { "1" } else { "0" };
            text.sample(&name, &[("verdict", &label)], is_it);
        }
    }
    if !record.limits.is_empty() {
        let name = text.family(
            "limit",
            "gauge",
            Unit::None,
            "1 for what became of each limit: met, missed or not_measured",
        );
        for limit in &record.limits {
            let side = match limit.side {
                Side::Max => "max",
                Side::Min => "min",
            };
            let status = match limit.status {
                LimitStatus::Met => "met",
                LimitStatus::Missed => "missed",
                LimitStatus::NotMeasured => "not_measured",
            };
            let labels = [
                ("limit", limit.expression.as_str()),
                ("side", side),
                ("status", status),
            ];
            text.sample(&name, &labels, "1");
        }
    }
    let name = text.family(
        "self_check",
        "gauge",
        Unit::None,
        "0 where the generator was fit to measure, 1 for a warning, 2 where it was the limit",
    );
    let status = match record.self_check.status() {
        CheckStatus::Ok => "0",
        CheckStatus::Warn => "1",
        CheckStatus::Invalid => "2",
    };
    text.sample(&name, &[], status);
    if let Some(exit) = &record.exit {
        let name = text.family(
            "exit_code",
            "gauge",
            Unit::None,
            "What the command exited with",
        );
        text.sample(&name, &[], &exit.code.to_string());
    }
}

fn errors(record: &RunRecord, text: &mut Text) {
    let errors = record.measured.errors.by_count();
    if errors.is_empty() {
        return;
    }
    let name = text.family("errors", "counter", Unit::None, "What went wrong, by kind");
    for (kind, group) in errors {
        let labels = [("kind", kind.to_string())];
        let labels = labels
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        text.sample(&format!("{name}_total"), &labels, &group.count.to_string());
    }
}

/// The samples of a metric up to each bound; as everywhere, what a histogram cannot tell from a bound is at it.
fn histogram(metric: Metric, samples: &Histogram<u64>, text: &mut Text) {
    let name = text.family(
        otel_name(metric),
        "histogram",
        Unit::Seconds,
        metric.definition(),
    );
    let mut recorded = samples.iter_recorded().peekable();
    let (mut below, mut sum) = (0_u64, 0.0);
    for bound in BOUNDS {
        while let Some(bucket) = recorded
            .next_if(|bucket| samples.lowest_equivalent(bucket.value_iterated_to()) <= bound)
        {
            let middle = samples.median_equivalent(bucket.value_iterated_to());
            below += bucket.count_at_value();
            sum += middle as f64 * bucket.count_at_value() as f64;
        }
        let le = format!("{:?}", bound as f64 / 1e9);
        text.sample(
            &format!("{name}_bucket"),
            &[("le", &le)],
            &below.to_string(),
        );
    }
    for bucket in recorded {
        sum += samples.median_equivalent(bucket.value_iterated_to()) as f64
            * bucket.count_at_value() as f64;
    }
    let count = samples.len().to_string();
    text.sample(&format!("{name}_bucket"), &[("le", "+Inf")], &count);
    text.sample(&format!("{name}_count"), &[], &count);
    text.sample(&format!("{name}_sum"), &[], &format!("{:.9}", sum / 1e9));
}

/// The name in OpenTelemetry, below `streamgauge`; the unit is a second.
const fn otel_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Connect => "stream.connect",
        Metric::Tls => "stream.tls",
        Metric::Headers => "stream.headers",
        Metric::FirstByte => "stream.first_byte",
        Metric::FirstEvent => "stream.first_event",
        Metric::ConnectDue => "stream.connect_due",
        Metric::HeadersDue => "stream.headers_due",
        Metric::FirstByteDue => "stream.first_byte_due",
        Metric::FirstEventDue => "stream.first_event_due",
        Metric::Gap => "event.gap",
        Metric::Stall => "stream.stall",
        Metric::Delivery => "event.delivery",
        Metric::Transit => "event.transit",
        Metric::GeneratorLag => "generator.lag",
        Metric::FanoutSpread => "fanout.spread",
        Metric::Reconnect => "stream.reconnect",
        Metric::StreamDuration => "stream.duration",
        Metric::ScheduleLag => "generator.schedule_lag",
        Metric::TimerLag => "generator.timer_lag",
        Metric::IntervalWidth => "event.interval_width",
    }
}

/// A count that needs sequence numbers: without them it would be zero for want of looking.
fn sequenced(total: &Group, count: u64) -> Option<u64> {
    (total.counters.events.sequenced > 0).then_some(count)
}

#[derive(Default)]
struct Text {
    lines: String,
    /// Names and labels of the samples that are there.
    samples: BTreeSet<String>,
}

impl Text {
    /// The lines before the samples of a family; its name in OpenMetrics.
    fn family(&mut self, otel_name: &str, kind: &str, unit: Unit, help: &str) -> String {
        let (suffix, unit) = match unit {
            Unit::None => ("", None),
            Unit::Seconds => ("_seconds", Some("seconds")),
            Unit::Bytes => ("_bytes", Some("bytes")),
        };
        let name = format!("streamgauge_{}{suffix}", otel_name.replace('.', "_"));
        // Writing to a string cannot fail.
        let _ = writeln!(self.lines, "# TYPE {name} {kind}");
        if let Some(unit) = unit {
            let _ = writeln!(self.lines, "# UNIT {name} {unit}");
        }
        let _ = writeln!(self.lines, "# HELP {name} {}.", escaped(help));
        name
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: &str) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(&sanitise(value))))
            .collect();
        let labels = match labels.is_empty() {
            true => String::new(),
            false => format!("{{{}}}", labels.join(",")),
        };
        let sample = format!("{name}{labels}");
        // Cleaning can make two texts equal, and a sample that is there twice spoils the whole file.
        if !self.samples.contains(&sample) {
            let _ = writeln!(self.lines, "{sample} {value}");
            self.samples.insert(sample);
        }
    }
}

/// A text that is clean already, so that it has no line break.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own() {
        let mut names: Vec<_> = Metric::ALL.into_iter().map(otel_name).collect();
        names.extend(COUNTED.iter().map(|(name, ..)| *name));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
