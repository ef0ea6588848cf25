//! What is shown while a run goes on, and its form for a log: one line of keys and values.

use run_record::errors::Errors;
use run_record::metric::Metric;
use run_record::self_check::CheckStatus;
use run_record::time::Nanos;
use run_record::timeline::Timeline;
use run_record::verdict::Word;

use super::view::View;
use crate::number;

/// How a run goes, at one instant. Rates and latencies are of the last seconds, not of the run.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// What is measured, redacted; hostile text is welcome.
    pub url: &'a str,
    /// Time since the start.
    pub elapsed: Nanos,
    /// How long the run is to be, where that is known.
    pub planned: Option<Nanos>,
    /// Subscribers that were asked for.
    pub subscribers: u64,
    /// Connecting, or waiting for the response head.
    pub opening: u64,
    /// With an open stream.
    pub streaming: u64,
    /// Waiting to connect again.
    pub reconnecting: u64,
    /// Attempts that failed, since the start.
    pub failed: u64,
    /// Events per second.
    pub events_per_s: u64,
    /// Bytes per second.
    pub bytes_per_s: u64,
    /// How late events were.
    pub latency: Option<Latency>,
    /// What happened when: the picture in the live view.
    pub timeline: &'a Timeline,
    /// The verdict so far, where one is sought.
    pub verdict: Option<Word>,
    /// How the generator does.
    pub machine: Machine,
    /// What went wrong, for who asks.
    pub errors: &'a Errors,
    /// What of all this the live view shows.
    pub view: View,
}

/// How late events were, and by which metric: `delivery`, else `transit`, else `gap`.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// The metric.
    pub metric: Metric,
    /// Of how long a time until now.
    pub last: Nanos,
    /// Median; absent with too few samples, as are all quantiles.
    pub p50: Option<Nanos>,
    /// 99 of 100 are at most this.
    pub p99: Option<Nanos>,
    /// 999 of 1,000 are at most this.
    pub p99_9: Option<Nanos>,
    /// The latest.
    pub max: Nanos,
}

/// How the generator does.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Processor time of this process, in percent of one core.
    pub cpu_percent: f64,
    /// Its lateness at reading, 99th percentile.
    pub generator_lag_p99: Option<Nanos>,
    /// Descriptors in use.
    pub descriptors: u64,
    /// Descriptors that it may use.
    pub descriptor_limit: u64,
    /// The worst of its checks so far.
    pub status: CheckStatus,
}

/// One line for a log: `t=30s conns=4998/5000 events_s=24990 delivery_p50=1.8ms ... self=ok`.
///
/// No spaces within values, no separators in numbers, no colour, no foreign text.
pub fn progress_line(progress: &Progress<'_>) -> String {
    let mut fields = vec![
        format!("t={}s", progress.elapsed.0 / 1_000_000_000),
        format!("conns={}/{}", progress.streaming, progress.subscribers),
        format!("events_s={}", progress.events_per_s),
    ];
    if let Some(word) = progress.verdict {
        fields.insert(
            1,
            format!("verdict={}", word.label().to_lowercase().replace(' ', "_")),
        );
    }
    if let Some(latency) = &progress.latency {
        let quantiles = [
            ("p50", latency.p50),
            ("p99", latency.p99),
            ("max", Some(latency.max)),
        ];
        for (name, value) in quantiles {
            let value = value.map_or_else(|| "-".to_owned(), |value| compact(number::time(value)));
            fields.push(format!("{}_{name}={value}", latency.metric.name()));
        }
    }
    fields.push(format!("reconnecting={}", progress.reconnecting));
    fields.push(format!("failed={}", progress.failed));
    fields.push(format!("self={}", status_word(progress.machine.status)));
    fields.join(" ")
}

fn status_word(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Ok => "ok",
        CheckStatus::Warn => "warn",
        CheckStatus::Invalid => "invalid",
    }
}

fn compact(text: String) -> String {
    text.replace([' ', ','], "")
}
