//! How fast events are decoded, beside the peers `eventsource-stream` and `sse-stream`.
//!
//! Two kinds of stream (stock prices, LLM chunks), read in three ways: one event a read,
//! as a server that flushes is seen; one TCP segment a read; and 64 KiB a read, as a
//! busy connection is. All decoders give out the data as text.

use std::hint::black_box;
use std::time::Duration;

use benches::samples::{EVENTS, llm_chunks, stock_prices};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eventsource_stream::Eventsource as _;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use sse_stream::SseByteStream;
use sse_wire::{Decoder, Item, Limits};

/// Payload of one TCP segment on Ethernet with time stamps.
const SEGMENT_BYTES: usize = 1448;

/// What a worker reads at most at once.
const READ_BYTES: usize = 64 * 1024;

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20);
    targets = decode
}
criterion_main!(benches);

fn decode(criterion: &mut Criterion) {
    for (kind, events) in [("stock-price", stock_prices()), ("llm-chunk", llm_chunks())] {
        let stream = events.concat();
        let mut group = criterion.benchmark_group(format!("decoder/{kind}"));
        group.throughput(Throughput::ElementsAndBytes {
            elements: EVENTS as u64,
            bytes: stream.len() as u64,
        });
        for (reads, chunks) in [
            ("event", events.iter().map(Vec::as_slice).collect()),
            ("segment", stream.chunks(SEGMENT_BYTES).collect()),
            ("64KiB", stream.chunks(READ_BYTES).collect::<Vec<_>>()),
        ] {
            let owned: Vec<Bytes> = chunks
                .iter()
                .map(|chunk| Bytes::copy_from_slice(chunk))
                .collect();
            let seen = text_bytes_ours(&chunks);
            assert_eq!(seen, text_bytes_eventsource_stream(&chunks));
            assert_eq!(seen, text_bytes_sse_stream(&owned));
            group.bench_function(BenchmarkId::new("sse-wire", reads), |bencher| {
                bencher.iter(|| text_bytes_ours(black_box(&chunks)));
            });
            group.bench_function(BenchmarkId::new("eventsource-stream", reads), |bencher| {
                bencher.iter(|| text_bytes_eventsource_stream(black_box(&chunks)));
            });
            group.bench_function(BenchmarkId::new("sse-stream", reads), |bencher| {
                bencher.iter(|| text_bytes_sse_stream(black_box(&owned)));
            });
        }
        group.finish();
    }
}

/// Events, and bytes of data in them.
fn text_bytes_ours(chunks: &[&[u8]]) -> (usize, usize) {
    let mut decoder = Decoder::new(Limits::default());
    let (mut events, mut bytes) = (0, 0);
    for chunk in chunks {
        let outcome = decoder.decode(chunk, |item| {
            if let Item::Event(event) = item {
                events += 1;
                bytes += black_box(event.data()).len();
            }
        });
        outcome.expect("events are far below the limits");
    }
    (events, bytes)
}

fn text_bytes_eventsource_stream(chunks: &[&[u8]]) -> (usize, usize) {
    stream::iter(chunks.iter().map(Ok::<_, std::io::Error>))
        .eventsource()
        .fold((0, 0), |(events, bytes), event| {
            let event = black_box(event.expect("the stream is valid"));
            std::future::ready((events + 1, bytes + event.data.len()))
        })
        .now_or_never()
        .expect("a stream over memory never waits")
}

fn text_bytes_sse_stream(chunks: &[Bytes]) -> (usize, usize) {
    SseByteStream::new(stream::iter(
        chunks.iter().cloned().map(Ok::<_, std::io::Error>),
    ))
    .fold((0, 0), |(events, bytes), event| {
        let event = black_box(event.expect("the stream is valid"));
        let length = event.data.map_or(0, |data| data.len());
        std::future::ready((events + 1, bytes + length))
    })
    .now_or_never()
    .expect("a stream over memory never waits")
}
