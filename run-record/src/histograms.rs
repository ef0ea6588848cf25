//! The histograms of one group of subscribers: one slot for each metric, filled when needed.
//!
//! This is the recorder of the hot path: an array index, a branch, the record. It allocates at
//! the first sample of a metric and never again. It must not know who measured what.

use hdrhistogram::Histogram;

use crate::metric::Metric;
use crate::quantile::Quantile;
use crate::time::Nanos;

/// The largest time a histogram can tell apart: 1 h. Larger samples are kept as this value and
/// counted as saturated.
pub const LONGEST: Nanos = Nanos::from_secs(3_600);

/// Significant decimal digits of a histogram: a quantile is at most 0.1 % too high.
pub const SIGNIFICANT_DIGITS: u8 = 3;

/// Digits where there is one set for each of many servers: a quantile is at most 1 % too high.
pub(crate) const COARSE_DIGITS: u8 = 2;

/// One histogram for each metric, 1 ns to 1 h with three significant digits, 264 KiB each when
/// used. A metric without a sample has no histogram.
///
/// `Delivery` and `Transit` have a second histogram of lower edges from the first sample on whose
/// edges differ; until then the lower edges are equal to the upper ones and take no memory. Both
/// always hold the same number of samples.
#[derive(Clone, Debug)]
pub struct Histograms {
    slots: [Slot; Metric::COUNT],
    saturated: u64,
    /// Digits of those that are made here.
    digits: u8,
}

impl Default for Histograms {
    fn default() -> Self {
        Self {
            slots: Default::default(),
            saturated: 0,
            digits: SIGNIFICANT_DIGITS,
        }
    }
}

impl Histograms {
    /// With two significant digits, 36 KiB each.
    pub fn coarse() -> Self {
        Self {
            digits: COARSE_DIGITS,
            ..Self::default()
        }
    }

    /// Record a sample known exactly. Allocates only at the first sample of the metric.
    #[inline]
    pub fn record(&mut self, metric: Metric, sample: Nanos) {
        self.count_saturated(sample);
        let slot = &mut self.slots[metric as usize];
        slot.upper
            .get_or_insert_with(|| new_histogram(self.digits))
            .saturating_record(sample.0);
        if metric.has_edges()
            && let Some(lower) = &mut slot.lower
        {
            lower.saturating_record(sample.0);
        }
    }

    /// Record a sample of `Delivery` or `Transit` that lies between `lower` and `upper`.
    ///
    /// For any other metric only the upper edge is recorded.
    #[inline]
    pub fn record_edges(&mut self, metric: Metric, lower: Nanos, upper: Nanos) {
        if lower == upper || !metric.has_edges() {
            return self.record(metric, upper);
        }
        self.count_saturated(upper);
        let slot = &mut self.slots[metric as usize];
        slot.lower_mut(self.digits)
            .saturating_record(lower.0.min(upper.0));
        slot.upper
            .get_or_insert_with(|| new_histogram(self.digits))
            .saturating_record(upper.0);
    }

    /// Add the samples of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.saturated = self.saturated.saturating_add(other.saturated);
        for (slot, theirs) in self.slots.iter_mut().zip(&other.slots) {
            slot.merge(theirs);
        }
    }

    /// Forget all samples, keep the memory.
    pub fn clear(&mut self) {
        self.saturated = 0;
        for slot in &mut self.slots {
            for histogram in [&mut slot.upper, &mut slot.lower].into_iter().flatten() {
                // Most metrics have no sample in most seconds, and each has a quarter of a MiB.
                if !histogram.is_empty() {
                    // `reset`, not `clear`: the latter keeps the old minimum and maximum.
                    histogram.reset();
                }
            }
        }
    }

    /// The samples of a metric, with the upper edges where it has two; `None` without a sample.
    pub fn get(&self, metric: Metric) -> Option<&Histogram<u64>> {
        self.slots[metric as usize]
            .upper
            .as_deref()
            .filter(|histogram| !histogram.is_empty())
    }

    /// The lower edges of a metric; the same as [`Histograms::get`] where all samples were exact.
    pub fn lower(&self, metric: Metric) -> Option<&Histogram<u64>> {
        let slot = &self.slots[metric as usize];
        slot.lower
            .as_deref()
            .filter(|histogram| !histogram.is_empty())
            .or(self.get(metric))
    }

    /// Whether the lower edges of a metric differ from the upper ones.
    pub fn edges_differ(&self, metric: Metric) -> bool {
        self.lower(metric) != self.get(metric)
    }

    /// How many samples a metric has.
    pub fn count(&self, metric: Metric) -> u64 {
        self.get(metric).map_or(0, Histogram::len)
    }

    /// The smallest sample, at most 0.1 % too low.
    pub fn min(&self, metric: Metric) -> Option<Nanos> {
        self.get(metric).map(|histogram| Nanos(histogram.min()))
    }

    /// The largest sample, at most 0.1 % too high.
    pub fn max(&self, metric: Metric) -> Option<Nanos> {
        self.get(metric).map(|histogram| Nanos(histogram.max()))
    }

    /// A quantile, at most 0.1 % too high; `None` with fewer samples than it needs.
    pub fn quantile(&self, metric: Metric, quantile: Quantile) -> Option<Nanos> {
        self.get(metric)
            .and_then(|histogram| quantile.of(histogram))
    }

    /// How many samples were longer than [`LONGEST`] and stand in their histogram as that.
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    /// Put a whole histogram in place, as a reader of records does; the former one is dropped.
    ///
    /// `lower` is `None` where all samples were exact; it must have as many samples as `upper`.
    pub(crate) fn insert(
        &mut self,
        metric: Metric,
        upper: Histogram<u64>,
        lower: Option<Histogram<u64>>,
    ) {
        self.slots[metric as usize] = Slot {
            upper: Some(Box::new(upper)),
            lower: lower.map(Box::new),
        };
    }

    pub(crate) fn add_saturated(&mut self, samples: u64) {
        self.saturated = self.saturated.saturating_add(samples);
    }

    #[inline]
    fn count_saturated(&mut self, sample: Nanos) {
        if sample > LONGEST {
            self.saturated = self.saturated.saturating_add(1);
        }
    }
}

/// Two sets are equal when they hold the same samples, whatever memory they keep.
impl PartialEq for Histograms {
    fn eq(&self, other: &Self) -> bool {
        self.saturated == other.saturated
            && Metric::ALL.into_iter().all(|metric| {
                self.get(metric) == other.get(metric) && self.lower(metric) == other.lower(metric)
            })
    }
}

#[derive(Clone, Debug, Default)]
struct Slot {
    upper: Option<Box<Histogram<u64>>>,
    /// Absent while every sample was exact. Where present it has as many samples as `upper`.
    lower: Option<Box<Histogram<u64>>>,
}

impl Slot {
    fn merge(&mut self, other: &Self) {
        let Some(their_upper) = other.upper.as_ref().filter(|upper| !upper.is_empty()) else {
            return;
        };
        if self.lower.is_some() || other.lower.is_some() {
            let their_lower = other.lower.as_ref().unwrap_or(their_upper);
            let own = self.lower.take().or_else(|| self.upper.clone());
            self.lower = Some(sum(own, their_lower));
        }
        self.upper = Some(sum(self.upper.take(), their_upper));
    }

    /// The lower edges, made as a copy of the upper ones when first needed.
    fn lower_mut(&mut self, digits: u8) -> &mut Histogram<u64> {
        self.lower
            .get_or_insert_with(|| self.upper.clone().unwrap_or_else(|| new_histogram(digits)))
    }
}

#[cold]
fn new_histogram(digits: u8) -> Box<Histogram<u64>> {
    Box::new(of_digits(digits))
}

/// An empty histogram of the shape that all but those of many servers have.
pub(crate) fn empty_histogram() -> Histogram<u64> {
    of_digits(SIGNIFICANT_DIGITS)
}

/// An empty histogram of one of the two shapes that there are.
pub(crate) fn of_digits(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST.0, digits)
        .expect("constant bounds that hdrhistogram accepts")
}

/// One that has no histogram yet takes the shape of the other.
fn sum(own: Option<Box<Histogram<u64>>>, other: &Histogram<u64>) -> Box<Histogram<u64>> {
    match own {
        Some(mut own) => {
            own.add(other).expect("all histograms have the same bounds");
            own
        }
        None => Box::new(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A sample: which metric, its upper edge, and how much lower its lower edge is.
    fn samples() -> impl Strategy<Value = Vec<(Metric, u64, u64)>> {
        let metric = prop::sample::select(vec![Metric::Gap, Metric::Delivery, Metric::Transit]);
        let width = prop_oneof![3 => Just(0_u64), 1 => 0_u64..1_000_000];
        prop::collection::vec((metric, 0_u64..2 * LONGEST.0, width), 0..20)
    }

    fn recorded(samples: &[(Metric, u64, u64)]) -> Histograms {
        let mut histograms = Histograms::default();
        for &(metric, upper, width) in samples {
            let lower = Nanos(upper.saturating_sub(width));
            histograms.record_edges(metric, lower, Nanos(upper));
        }
        histograms
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn merged_shards_equal_one_recorder(a in samples(), b in samples()) {
            let whole = recorded(&[a.clone(), b.clone()].concat());
            let mut merged = recorded(&a);
            merged.merge(&recorded(&b));
            prop_assert_eq!(&merged, &whole);
            let mut other_way = recorded(&b);
            other_way.merge(&recorded(&a));
            prop_assert_eq!(&other_way, &whole);
        }

        #[test]
        fn both_edges_have_all_samples(a in samples()) {
            let histograms = recorded(&a);
            for metric in Metric::ALL {
                let uppers = histograms.get(metric).map(Histogram::len);
                prop_assert_eq!(uppers, histograms.lower(metric).map(Histogram::len));
            }
        }

        #[test]
        fn a_cleared_recorder_is_as_good_as_new(a in samples(), b in samples()) {
            let mut used = recorded(&a);
            used.clear();
            prop_assert_eq!(&used, &Histograms::default());
            for &(metric, upper, width) in &b {
                used.record_edges(metric, Nanos(upper.saturating_sub(width)), Nanos(upper));
            }
            prop_assert_eq!(used, recorded(&b));
        }
    }

    #[test]
    fn lower_edges_take_no_memory_while_all_samples_are_exact() {
        let mut histograms = Histograms::default();
        histograms.record_edges(Metric::Delivery, Nanos(5_000), Nanos(5_000));
        assert!(histograms.slots[Metric::Delivery as usize].lower.is_none());
        assert!(!histograms.edges_differ(Metric::Delivery));

        histograms.record_edges(Metric::Delivery, Nanos(1_000), Nanos(9_000));
        assert!(histograms.edges_differ(Metric::Delivery));
        let lower = histograms.lower(Metric::Delivery).unwrap();
        assert_eq!((lower.len(), lower.min()), (2, 1_000));
        assert_eq!(histograms.min(Metric::Delivery), Some(Nanos(5_000)));
    }

    #[test]
    fn a_sample_beyond_the_range_is_kept_and_counted() {
        let mut histograms = Histograms::default();
        histograms.record(Metric::Gap, Nanos(LONGEST.0 + 1));
        assert_eq!(
            (histograms.count(Metric::Gap), histograms.saturated()),
            (1, 1)
        );
        let max = histograms.max(Metric::Gap).unwrap();
        assert!(max >= LONGEST && max.0 < LONGEST.0 + LONGEST.0 / 1_000);
    }
}
