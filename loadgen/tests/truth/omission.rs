//! Criterion 8: one stall has quantiles that can be computed, and coordinated omission would hide them.

use crate::gate::{Found, alone, hold, is_full, was_quiet};
use crate::support::total;
use crate::witness::{quantile, run};
use loadgen::engine::Instrument;
use run_record::metric::Metric;

const MS: u64 = 1_000_000;

/// One stall of S in a run of T at a constant rate: the quantile q is S - (1 - q) T (measuring section 3).
#[test]
fn criterion_8_a_stall_is_found_with_its_closed_form() {
    let _alone = alone();
    let (stall, length) = if is_full() {
        (2_000, 60_000)
    } else {
        (500, 15_000)
    };
    hold("8", || {
        let events = length / 5;
        let at = events / 3;
        let path = format!("/prices?interval=5ms&count={events}&mode=stall:{stall}ms@{at}");
        let run = run(&path, 20, Instrument::default());
        let total = total(&run.outcome);
        let of = |metric| total.histograms.get(metric).expect("it was measured");
        let (corrected, uncorrected) = (of(Metric::Delivery), of(Metric::Gap));
        let mut found = Vec::new();
        // The closed form is of a server that stalls for just so long: one that was put aside besides did not.
        let mut is_premise = true;
        for q in [0.99, 0.999, 1.0] {
            let told = corrected.value_at_quantile(q);
            let closed = (f64::from(stall) - (1.0 - q) * f64::from(length)) * MS as f64;
            let most = (closed * 0.02) as u64;
            let really = quantile(run.events.iter().map(|event| event.written - event.due), q);
            is_premise &= really.abs_diff(closed as u64) <= most;
            let name = if q < 1.0 {
                format!("p{}", q * 100.0)
            } else {
                "max".to_owned()
            };
            found.push(Found::at_most(
                format!(
                    "stall of {stall} ms in {length} ms: delivery {name} of {:.0} ms, apart from the closed form (the gaps say {:.1} ms)",
                    told as f64 / 1e6,
                    uncorrected.value_at_quantile(q) as f64 / 1e6
                ),
                told.abs_diff(closed as u64),
                most,
            ));
        }
        (is_premise && was_quiet(&run.outcome), found)
    });
}
