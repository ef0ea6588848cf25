//! What it costs to take the chunked framing off a stream: one event a chunk, as servers write them.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loadgen::session::framing::{Framing, Piece};
use std::hint::black_box;

const EVENTS: u64 = 1_000;

fn stream() -> Vec<u8> {
    let mut stream = Vec::new();
    for seq in 0..EVENTS {
        let event = format!(
            "event: price\nid: {seq}\ndata: {{\"seq\":{seq},\"symbol\":\"ACME\",\"price\":101.25}}\n\n"
        );
        stream.extend_from_slice(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
    }
    stream
}

/// Bytes of payload, so that the work cannot be left out.
fn drain(framing: &mut Framing, mut input: &[u8]) -> usize {
    let mut bytes = 0;
    while let Ok(Some(piece)) = framing.next(&mut input) {
        if let Piece::Data(data) = piece {
            bytes += data.len();
        }
    }
    bytes
}

fn framing(criterion: &mut Criterion) {
    let stream = stream();
    let mut group = criterion.benchmark_group("framing");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("whole", |bencher| {
        bencher.iter(|| drain(&mut Framing::chunked(), black_box(&stream)));
    });
    group.bench_function("reads of 1,448 bytes", |bencher| {
        bencher.iter(|| {
            let mut framing = Framing::chunked();
            stream
                .chunks(1_448)
                .map(|read| drain(&mut framing, black_box(read)))
                .sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, framing);
criterion_main!(benches);
