//! What it costs to follow one published event over all its subscribers.
//!
//! The server's side of a fan-out is measured by `benches/compare --server`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use run_record::fanout::Fanout;
use run_record::time::Wall;

const START: u64 = 1_700_000_000_000_000_000;
const SUBSCRIBERS: u64 = 10_000;

fn observe(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fan-out");
    group.throughput(Throughput::Elements(SUBSCRIBERS));
    group.bench_function("one event at 10,000 subscribers", |bencher| {
        let mut fanout = Fanout::default();
        let mut sequence = 0;
        bencher.iter(|| {
            sequence += 1;
            for subscriber in 0..SUBSCRIBERS {
                let arrival = Wall(START + sequence * 1_000_000_000 + subscriber * 5_000);
                fanout.observe(black_box(7), sequence, arrival);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, observe);
criterion_main!(benches);
