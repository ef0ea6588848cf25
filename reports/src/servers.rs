//! Results by remote address and by the value of a response header, as rows: what terminal and page show of them.

use run_record::breakdown::{Breakdown, Portion};
use run_record::measured::Measured;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::time::Nanos;

/// One breakdown, those with the most connections first.
pub(crate) struct Servers<'a> {
    /// What tells them apart: `remote address`, or the name of a header; may be foreign.
    pub(crate) by: &'a str,
    /// By how much events were late, by the better of the two clocks that are known; nothing where none is.
    pub(crate) lateness: Option<Metric>,
    /// Names, which are foreign, and what was measured.
    pub(crate) rows: Vec<(Name<'a>, &'a Portion)>,
}

/// Whose row it is.
#[derive(Clone, Copy)]
pub(crate) enum Name<'a> {
    /// An address, or what the server says.
    Own(&'a str),
    /// Of streams without the header.
    Without,
    /// Of all that are not kept apart.
    Others,
}

impl<'a> Servers<'a> {
    /// Every breakdown that tells anything: one address alone does not.
    pub(crate) fn of(measured: &'a Measured) -> Vec<Self> {
        let remotes = &measured.remotes;
        let mut all: Vec<Self> = (!remotes.is_single())
            .then(|| Self::by("remote address", remotes))
            .into_iter()
            .collect();
        let headers = measured.by_header.iter();
        all.extend(headers.map(|(header, values)| Self::by(header, values)));
        all
    }

    fn by(by: &'a str, breakdown: &'a Breakdown) -> Self {
        let mut rows: Vec<_> = breakdown
            .iter()
            .map(|(name, portion)| match name {
                "" => (Name::Without, portion),
                name => (Name::Own(name), portion),
            })
            .collect();
        // Stable: equal ones stay in the order of their names.
        rows.sort_by_key(|(_, portion)| std::cmp::Reverse(portion.connections));
        rows.extend(breakdown.rest().map(|rest| (Name::Others, rest)));
        let has = |metric: &Metric| {
            let mut portions = rows.iter();
            portions.any(|(_, portion)| portion.histograms.count(*metric) > 0)
        };
        Self {
            by,
            lateness: [Metric::Delivery, Metric::Transit].into_iter().find(has),
            rows,
        }
    }

    /// Whether an attempt at any of them has failed.
    pub(crate) fn has_failures(&self) -> bool {
        self.rows.iter().any(|(_, portion)| portion.failed > 0)
    }
}

/// Median and 99th percentile of a time; each absent with too few samples.
pub(crate) fn quantiles(portion: &Portion, metric: Metric) -> [Option<Nanos>; 2] {
    [Quantile::P50, Quantile::P99].map(|quantile| portion.histograms.quantile(metric, quantile))
}
