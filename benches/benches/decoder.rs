//! How fast events are decoded, beside the peer `eventsource-stream`.
//!
//! Two kinds of stream (stock prices, LLM chunks), read in three ways: one event a read,
//! as a server that flushes is seen; one TCP segment a read; and 64 KiB a read, as a
//! busy connection is. Both decoders give out the data as text.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eventsource_stream::Eventsource as _;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use sse_wire::{Decoder, Frame, Item, Limits};

const EVENTS: usize = 2000;

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
            assert_eq!(
                text_bytes_ours(&chunks),
                text_bytes_peer(&chunks),
                "both see the same"
            );
            group.bench_function(BenchmarkId::new("sse-wire", reads), |bencher| {
                bencher.iter(|| text_bytes_ours(black_box(&chunks)));
            });
            group.bench_function(BenchmarkId::new("eventsource-stream", reads), |bencher| {
                bencher.iter(|| text_bytes_peer(black_box(&chunks)));
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

fn text_bytes_peer(chunks: &[&[u8]]) -> (usize, usize) {
    stream::iter(chunks.iter().map(Ok::<_, std::io::Error>))
        .eventsource()
        .fold((0, 0), |(events, bytes), event| {
            let event = black_box(event.expect("the stream is valid"));
            std::future::ready((events + 1, bytes + event.data.len()))
        })
        .now_or_never()
        .expect("a stream over memory never waits")
}

/// About 120 bytes each: what target-server sends, with its stamps cut short.
fn stock_prices() -> Vec<Vec<u8>> {
    let price = |seq: usize| {
        let due = 1_700_000_000_000_000_000 + seq as u64 * 100_000_000;
        let cents = 10_000 + seq * 37 % 900;
        let data = format!(
            r#"{{"seq":{seq},"due":{due},"symbol":"ACME","price":{}.{:02},"size":{}}}"#,
            cents / 100,
            cents % 100,
            seq % 50 * 10
        );
        encoded(Frame {
            name: Some("price"),
            id: Some(&seq.to_string()),
            data: Some(&data),
            ..Frame::default()
        })
    };
    (100_000..100_000 + EVENTS).map(price).collect()
}

/// About 250 bytes each: the chunks of an OpenAI chat completion.
fn llm_chunks() -> Vec<Vec<u8>> {
    const TOKENS: [&str; 6] = [" the", " river", " rises", ",", " caf\u{e9}", " slowly"];
    let chunk = |index: usize| {
        let token = TOKENS[index % TOKENS.len()];
        let data = format!(
            r#"{{"id":"chatcmpl-9xKfT2mVbQ7LwRzY4cHnD8sJpA","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini-2024-07-18","system_fingerprint":"fp_0ba0d124f1","choices":[{{"index":0,"delta":{{"content":"{token}"}},"finish_reason":null}}]}}"#
        );
        encoded(Frame {
            data: Some(&data),
            ..Frame::default()
        })
    };
    (0..EVENTS).map(chunk).collect()
}

fn encoded(frame: Frame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    frame
        .encode(&mut out)
        .expect("names and IDs here have no line ends");
    out
}
