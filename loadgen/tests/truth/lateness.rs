//! Criterion 3: whatever the generator does with an event, the arrival is the kernel's.

use crate::gate::{Found, alone, hold, is_full, was_quiet};
use crate::support::total;
use crate::witness::{quantile, run};
use loadgen::engine::Instrument;
use loadgen::session::recorder::Class;
use run_record::metric::Metric;
use std::time::Duration;

const MS: u64 = 1_000_000;

#[test]
fn criterion_3_the_slowness_of_the_generator_is_not_charged_to_the_server() {
    let _alone = alone();
    let count = if is_full() { 200 } else { 25 };
    let slow = Instrument {
        work_per_event: Duration::from_micros(100),
        ..Instrument::default()
    };
    hold("3", || {
        let run = run(&format!("/prices?interval=200ms&count={count}"), 500, slow);
        let of_class = |class| run.events.iter().filter(move |event| event.class == class);
        let transit = |q| {
            quantile(
                of_class(Class::Exact).map(|event| event.arrival - event.written),
                q,
            )
        };
        let lateness = run.events.iter().map(|event| event.read - event.written);
        let really_late = quantile(lateness, 0.5);
        let told_late = total(&run.outcome)
            .histograms
            .get(Metric::GeneratorLag)
            .expect("each read has a stamp")
            .value_at_quantile(0.5);
        // 250 events of a tick wait for each other in each of the two workers.
        assert!(
            really_late > 5 * MS,
            "the generator was not slow: {really_late} ns"
        );
        let found = vec![
            Found::share(
                "slow generator: exact arrivals",
                of_class(Class::Exact).count(),
                run.events.len(),
                90.0,
            ),
            Found::at_most(
                "slow generator: arrival - written p99",
                transit(0.99),
                MS / 10,
            ),
            Found::at_most(
                "slow generator: arrival - written p99.9",
                transit(0.999),
                MS,
            ),
            Found::at_most(
                format!(
                    "slow generator: lateness p50 of {} told, apart from the truth",
                    crate::gate::us(told_late)
                ),
                told_late.abs_diff(really_late),
                really_late / 10,
            ),
        ];
        (was_quiet(&run.outcome), found)
    });
}
