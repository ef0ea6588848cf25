//! What a selftest found about the machine it ran on: how late it is by itself, and what it can hold.
//!
//! Data only: it must not know how anything here was measured or looks.

use schemars::JsonSchema;
use serde::Serialize;

use crate::end::Exit;
use crate::environment::Environment;
use crate::histograms::Histograms;
use crate::metric::Metric;
use crate::quantile::Quantile;
use crate::self_check::SelfCheck;
use crate::time::Nanos;

/// Name and version of the document.
pub const SCHEMA: &str = "streamgauge.selftest/1";

/// One machine, measured against a target of its own.
///
/// Shape: what was not measured, because it was interrupted, is absent.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SelfTest {
    /// Name and major version of the format: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// The machine.
    pub environment: Environment,
    /// Two times that differ by less than this are the same on this machine: the p99 of the floor's transit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_us: Option<Nanos>,
    /// How much later than due a sleep ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_lateness: Option<Times>,
    /// What this machine adds to an event of an unhurried stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// What it can hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// The largest movement of the wall clock against the monotonic one.
    pub clock_step_us: Nanos,
    /// Whether it is fit to measure.
    pub self_check: SelfCheck,
    /// What the command exits with.
    pub exit: Exit,
}

/// Times in a few numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Times {
    /// Samples, at least 1.
    pub count: u64,
    /// Median; absent with too few samples to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<Nanos>,
    /// 99 of 100 are at most this; absent with too few samples to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<Nanos>,
    /// The longest.
    pub max_us: Nanos,
}

/// One stream, watched as `check` watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Floor {
    /// What was written and what arrived.
    pub events: Tally,
    /// Reads that brought events.
    pub reads: u64,
    /// Reads that had the kernel's stamp.
    pub reads_stamped: u64,
    /// Arrival minus emitted, of the last event of each read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit: Option<Times>,
    /// Width of the interval in which a read's bytes arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_width: Option<Times>,
}

/// Events as the target counts them and as loadgen does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tally {
    /// Written by the target.
    pub sent: u64,
    /// Received, the second copies included.
    pub received: u64,
    /// Received again.
    pub duplicated: u64,
}

/// More and more subscribers, held as `run` holds them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Load {
    /// In the order in which they were held; only the last one can be beyond a limit.
    pub steps: Vec<Step>,
    /// Why there was no further step.
    pub stop: Stop,
}

/// So many subscribers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// Subscribers held at once.
    pub connections: u32,
    /// What was written to all of them and what arrived.
    pub events: Tally,
    /// Events received, over the whole time of the step.
    pub events_per_s: u64,
    /// Processor time of the engine's threads, in percent of the time they ran.
    pub cpu_percent: f64,
    /// 99 of 100 events were read so soon after they had arrived.
    pub generator_lag_p99_us: Nanos,
    /// Whether everything stayed within its limit.
    pub held: bool,
}

/// Why a ramp went no further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The most that is tried was held.
    Top,
    /// A further step needs more file descriptors than this process may have.
    Descriptors,
    /// loadgen was beyond these of its limits.
    Generator(Vec<String>),
    /// The target was behind its own schedule: it shares the processors with loadgen.
    Target,
    /// By the user.
    Interrupted,
}

impl Times {
    /// The samples of one metric; `None` without any.
    pub fn of(histograms: &Histograms, metric: Metric) -> Option<Self> {
        Some(Self {
            count: histograms.count(metric),
            p50_us: histograms.quantile(metric, Quantile::P50),
            p99_us: histograms.quantile(metric, Quantile::P99),
            max_us: histograms.max(metric)?,
        })
    }
}

impl Tally {
    /// Events that are missing or too many: each is a fault of loadgen where all that was sent could arrive.
    pub fn miscounted(self) -> u64 {
        self.sent
            .abs_diff(self.received - self.duplicated.min(self.received))
            + self.duplicated
    }

    /// Add the events of another stream.
    pub fn merge(&mut self, other: &Self) {
        self.sent = self.sent.saturating_add(other.sent);
        self.received = self.received.saturating_add(other.received);
        self.duplicated = self.duplicated.saturating_add(other.duplicated);
    }
}

impl SelfTest {
    /// Everything that was written and that arrived.
    pub fn events(&self) -> Tally {
        let steps = self.load.iter().flat_map(|load| &load.steps);
        let tallies = steps.map(|step| step.events);
        let mut all = Tally::default();
        for tally in tallies.chain(self.floor.map(|floor| floor.events)) {
            all.merge(&tally);
        }
        all
    }
}

impl Load {
    /// The largest step within all limits.
    pub fn held(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_is_too_many_is_miscounted() {
        let tally = |sent, received, duplicated| Tally {
            sent,
            received,
            duplicated,
        };
        assert_eq!(tally(10, 10, 0).miscounted(), 0);
        assert_eq!(tally(10, 9, 0).miscounted(), 1);
        assert_eq!(tally(10, 11, 1).miscounted(), 1);
        assert_eq!(tally(10, 10, 1).miscounted(), 2, "one lost, one twice");
    }

    #[test]
    fn a_quantile_needs_its_samples() {
        let mut histograms = Histograms::default();
        assert_eq!(Times::of(&histograms, Metric::Transit), None);
        for sample in 1..=20 {
            histograms.record(Metric::Transit, Nanos(sample));
        }
        let times = Times::of(&histograms, Metric::Transit).unwrap();
        assert_eq!(times.p50_us, Some(Nanos(10)));
        assert_eq!((times.p99_us, times.max_us), (None, Nanos(20)));
    }
}
