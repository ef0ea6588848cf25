//! What it costs to make the page of a run from its record, and to read that record.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use run_record::environment::Environment;
use run_record::metric::Metric;
use run_record::plan::PlanRecord;
use run_record::record::{Kind, RunRecord};
use run_record::time::{Nanos, Wall};

const START: Wall = Wall(1_700_000_000_000_000_000);

/// Ten minutes of events whose latency has a long tail.
fn record() -> RunRecord {
    let plan = PlanRecord {
        url: "http://127.0.0.1:8080/prices".to_owned(),
        connections: 5_000,
        ..PlanRecord::default()
    };
    let mut record = RunRecord::new(Kind::Run, START, plan, Environment::default());
    for step in 1..=20_000_u64 {
        let group = record.measured.group_mut("all");
        for metric in [Metric::Delivery, Metric::Transit, Metric::GeneratorLag] {
            group.histograms.record(metric, Nanos(step * step));
        }
        group.counters.events.received += 1;
    }
    for second in 0..600 {
        let slice = record
            .measured
            .timeline
            .slice_mut(START + Nanos::from_secs(second));
        slice.events += 500;
    }
    record
}

fn render(criterion: &mut Criterion) {
    let record = record();
    let stored = record.write().expect("a record can be written");
    let page = reports::html::page(&record);
    assert!(page.starts_with("<!DOCTYPE html>"));
    criterion.bench_function("render/the page of a run", |bencher| {
        bencher.iter(|| reports::html::page(black_box(&record)));
    });
    criterion.bench_function("render/reading its record", |bencher| {
        bencher.iter(|| RunRecord::read(black_box(&stored)));
    });
}

criterion_group!(benches, render);
criterion_main!(benches);
