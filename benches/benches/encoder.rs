//! What it costs to write an event.

use std::hint::black_box;

use benches::samples::{EVENTS, llm_chunks, stock_prices};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sse_wire::{Decoder, Frame, Item, Limits};

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encoder");
    for (kind, events) in [("stock-price", stock_prices()), ("llm-chunk", llm_chunks())] {
        let stream = events.concat();
        group.throughput(Throughput::ElementsAndBytes {
            elements: EVENTS as u64,
            bytes: stream.len() as u64,
        });
        let texts = data_of(&stream);
        group.bench_function(kind, |bencher| {
            let mut out = Vec::with_capacity(stream.len() * 2);
            bencher.iter(|| {
                out.clear();
                for data in &texts {
                    let frame = Frame {
                        name: Some("price"),
                        id: Some("100000"),
                        data: Some(black_box(data)),
                        ..Frame::default()
                    };
                    frame.encode(&mut out).expect("no line ends in name or id");
                }
                out.len()
            });
        });
    }
    group.finish();
}

fn data_of(stream: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    let outcome = Decoder::new(Limits::default()).decode(stream, |item| {
        if let Item::Event(event) = item {
            texts.push(event.data().to_string());
        }
    });
    outcome.expect("events are far below the limits");
    texts
}

criterion_group!(benches, encode);
criterion_main!(benches);
