//! What it costs to record one sample.

use criterion::{Criterion, criterion_group, criterion_main};
use loadgen::plan::TracePlan;
use loadgen::session::recorder::Recorder;
use run_record::metric::Metric;
use run_record::time::{Interval, Nanos, Wall};

const START: u64 = 1_700_000_000_000_000_000;

fn recorder() -> Recorder {
    Recorder::new(TracePlan {
        streams: 0,
        events_per_stream: 0,
    })
}

fn histograms(criterion: &mut Criterion) {
    let mut recorder = recorder();
    let mut sample = 0_u64;
    criterion.bench_function("recorder/one sample", |bencher| {
        bencher.iter(|| {
            // Spread over a millisecond: neither always the same counter nor all of the histogram.
            sample = sample
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            recorder.record(Metric::Transit, Nanos(sample >> 44));
        });
    });
}

/// An event of whose arrival both edges are booked, as most are where reads bring several.
fn edges(criterion: &mut Criterion) {
    let mut recorder = recorder();
    let mut sample = 0_u64;
    criterion.bench_function("recorder/both edges of a sample", |bencher| {
        bencher.iter(|| {
            sample = sample
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = Wall(START + (sample >> 40));
            let arrival = Interval::new(Wall(at.0 - 500_000), at);
            recorder.span(Metric::Transit, Wall(START - 1_000_000), arrival);
        });
    });
}

criterion_group!(benches, histograms, edges);
criterion_main!(benches);
