//! What it costs to merge what two workers have measured in a second, and two whole runs.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use run_record::measured::{Measured, UNNAMED_GROUP};
use run_record::metric::Metric;
use run_record::time::{Nanos, Wall};

const START: u64 = 1_700_000_000_000_000_000;
const EVENTS_PER_SECOND: u64 = 10_000;

fn measured(seconds: u64) -> Measured {
    let mut measured = Measured::default();
    for second in 0..seconds {
        for event in 0..EVENTS_PER_SECOND {
            let at = Wall(START + second * 1_000_000_000 + event * 100_000);
            let sample = Nanos(event * event % 90_000_000);
            let group = measured.group_mut(UNNAMED_GROUP);
            group.counters.events.received += 1;
            for metric in [Metric::Delivery, Metric::Transit, Metric::GeneratorLag] {
                group.histograms.record(metric, sample);
            }
            measured.timeline.slice_mut(at).events += 1;
            measured.fanout.observe(1, second * 10 + event / 1_000, at);
        }
    }
    measured
}

fn merge(criterion: &mut Criterion) {
    for (name, seconds) in [("a second of two workers", 1), ("two runs of a minute", 60)] {
        let (one, other) = (measured(seconds), measured(seconds));
        criterion.bench_function(&format!("merge/{name}"), |bencher| {
            bencher.iter_batched_ref(
                || one.clone(),
                |one| one.merge(&other),
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group!(benches, merge);
criterion_main!(benches);
