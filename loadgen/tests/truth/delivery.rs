//! Criterion 1: injected delays are found again.

use crate::gate::{Found, alone, hold, is_full, was_quiet};
use crate::support::total;
use crate::witness::{quantile, run};
use loadgen::engine::Instrument;
use run_record::metric::Metric;

const MS: u64 = 1_000_000;
/// Quantile, and how far the tool may be from the truth: nanoseconds, and in thousandths of the value.
const THRESHOLDS: [(f64, u64, u64); 3] = [(0.5, MS / 5, 5), (0.99, MS, 10), (0.999, 3 * MS, 30)];
/// A histogram keeps three digits.
const STEP: u64 = 1_000;

/// 100,000 events of 200 connections; a tenth of that in the short form.
fn delivery_is_found(mode: &str) {
    let events = if is_full() { 500 } else { 50 };
    hold("1", || {
        let path = format!("/prices?interval=50ms&count={events}&mode={mode}");
        let run = run(&path, 200, Instrument::default());
        let total = total(&run.outcome);
        let delivery = total
            .histograms
            .get(Metric::Delivery)
            .expect("each event is due at a time");
        let mut found = Vec::new();
        for (q, most, thousandths) in THRESHOLDS {
            let told = delivery.value_at_quantile(q);
            let really = quantile(run.events.iter().map(|event| event.written - event.due), q);
            let most = most.max(really / 1_000 * thousandths);
            let what = format!("{mode}: delivery p{}, apart from the truth", q * 100.0);
            found.push(Found::at_most(what, told.abs_diff(really), most));
        }
        found.push(never_early(mode, &run.events));
        (was_quiet(&run.outcome), found)
    });
}

/// The strict floor: nothing arrives before it was written.
fn never_early(mode: &str, events: &[crate::witness::Witnessed]) -> Found {
    let early = events
        .iter()
        .map(|event| (event.written - event.due).saturating_sub(event.arrival - event.due))
        .zip(events)
        .filter(|(early, event)| *early > (event.written - event.due) / STEP)
        .count();
    Found {
        what: format!("{mode}: events that arrived before they were written"),
        measured: early.to_string(),
        threshold: "0".to_owned(),
        holds: early == 0,
    }
}

#[test]
fn criterion_1_a_constant_delay_is_found() {
    let _alone = alone();
    delivery_is_found("delay:50ms");
}

#[test]
fn criterion_1_two_delays_are_found() {
    let _alone = alone();
    delivery_is_found("delay:10ms,200ms");
}

#[test]
fn criterion_1_a_log_normal_delay_is_found() {
    let _alone = alone();
    delivery_is_found("delay:lognormal:20ms:0.8");
}

#[test]
fn criterion_1_a_heavy_tail_is_found() {
    let _alone = alone();
    delivery_is_found("delay:pareto:5ms:1.5");
}
