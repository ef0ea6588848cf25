//! The names of everything that is measured as a time, each with its one-line definition.
//!
//! The same names stand in code, JSON, limits and reports. This file must not know how a metric
//! is taken or shown.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A measured time. One histogram is kept for each, per group of subscribers.
///
/// `Delivery` and `Transit` have two edges where an arrival is known only as an interval: see
/// [`Metric::has_edges`] and `Histograms::record_edges`. The connection phases exist twice: from
/// their own start (service time) and, with `_due`, from the instant at which the schedule wanted
/// the connection opened (free of coordinated omission).
/// Source: measuring sections 1.1 and 1.2.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// `connect()` called to TCP connection established.
    Connect,
    /// TCP connection established to TLS handshake complete.
    Tls,
    /// Request sent to blank line that ends the response head.
    Headers,
    /// Request sent to first byte of the body.
    FirstByte,
    /// Request sent to first complete event.
    FirstEvent,
    /// Scheduled start to TCP connection established.
    ConnectDue,
    /// Scheduled start to blank line that ends the response head.
    HeadersDue,
    /// Scheduled start to first byte of the body.
    FirstByteDue,
    /// Scheduled start to first complete event.
    FirstEventDue,
    /// Between two successive events of one stream.
    Gap,
    /// A gap longer than three times the usual one.
    Stall,
    /// Arrival minus due.
    Delivery,
    /// Arrival minus emitted.
    Transit,
    /// Read minus kernel arrival.
    GeneratorLag,
    /// First to last client for one event; derived from the fan-out samples, not recorded.
    FanoutSpread,
    /// End of a stream to the first event of its replacement.
    Reconnect,
    /// Head to end of a stream that ended within the run.
    StreamDuration,
    /// How late the generator itself started a connection or a request.
    ScheduleLag,
    /// How late the generator's timers woke.
    TimerLag,
    /// Width of the interval in which an event arrived.
    IntervalWidth,
}

impl Metric {
    /// Every metric, in the order of reports.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Connect,
        Self::Tls,
        Self::Headers,
        Self::FirstByte,
        Self::FirstEvent,
        Self::ConnectDue,
        Self::HeadersDue,
        Self::FirstByteDue,
        Self::FirstEventDue,
        Self::Gap,
        Self::Stall,
        Self::Delivery,
        Self::Transit,
        Self::GeneratorLag,
        Self::FanoutSpread,
        Self::Reconnect,
        Self::StreamDuration,
        Self::ScheduleLag,
        Self::TimerLag,
        Self::IntervalWidth,
    ];

    /// How many metrics there are.
    pub const COUNT: usize = Self::IntervalWidth as usize + 1;

    /// The name in code, JSON, limits and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Headers => "headers",
            Self::FirstByte => "first_byte",
            Self::FirstEvent => "first_event",
            Self::ConnectDue => "connect_due",
            Self::HeadersDue => "headers_due",
            Self::FirstByteDue => "first_byte_due",
            Self::FirstEventDue => "first_event_due",
            Self::Gap => "gap",
            Self::Stall => "stall",
            Self::Delivery => "delivery",
            Self::Transit => "transit",
            Self::GeneratorLag => "generator_lag",
            Self::FanoutSpread => "fanout_spread",
            Self::Reconnect => "reconnect",
            Self::StreamDuration => "stream_duration",
            Self::ScheduleLag => "schedule_lag",
            Self::TimerLag => "timer_lag",
            Self::IntervalWidth => "interval_width",
        }
    }

    /// The glossary text: what the metric is, in one line.
    pub const fn definition(self) -> &'static str {
        match self {
            Self::Connect => "TCP connection established, counted from the call that opened it",
            Self::Tls => "TLS handshake, counted from the established TCP connection",
            Self::Headers => "response head complete, counted from the sent request",
            Self::FirstByte => "first byte of the body, counted from the sent request",
            Self::FirstEvent => "first complete event, counted from the sent request",
            Self::ConnectDue => "TCP connection established, counted from the scheduled start",
            Self::HeadersDue => "response head complete, counted from the scheduled start",
            Self::FirstByteDue => "first byte of the body, counted from the scheduled start",
            Self::FirstEventDue => "first complete event, counted from the scheduled start",
            Self::Gap => "time between two successive events on one connection",
            Self::Stall => "a silence longer than 3 times the usual gap",
            Self::Delivery => "arrival minus due: what a subscriber experiences",
            Self::Transit => "arrival minus sent: what the path added",
            Self::GeneratorLag => {
                "read minus kernel arrival: how late this tool itself was, never charged to the server"
            }
            Self::FanoutSpread => "first to last client for one published event",
            Self::Reconnect => "end of one stream to the first event of its replacement",
            Self::StreamDuration => {
                "response head to the end of the stream, for streams that ended"
            }
            Self::ScheduleLag => "how late this tool opened a connection or sent a request",
            Self::TimerLag => "how late a timer of this tool fired",
            Self::IntervalWidth => "how uncertain the arrival of an event is",
        }
    }

    /// Whether the metric is recorded with a lower and an upper edge.
    pub const fn has_edges(self) -> bool {
        matches!(self, Self::Delivery | Self::Transit)
    }
}

/// A name that no metric has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric {0:?}")]
pub struct UnknownMetric(pub String);

impl FromStr for Metric {
    type Err = UnknownMetric;
    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name() == name)
            .ok_or_else(|| UnknownMetric(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_stands_at_its_index_and_is_found_by_its_name() {
        for (index, metric) in Metric::ALL.into_iter().enumerate() {
            assert_eq!(metric as usize, index);
            assert_eq!(metric.name().parse(), Ok(metric));
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
        assert!("latency".parse::<Metric>().is_err());
    }
}
