//! What a decoder holds: nothing in steady state, little when idle, borrowed where it can.

use allocation_counter::measure;
use sse_wire::{Decoder, Item, Limits, RETAINED_BYTES};

const PRICE: &[u8] =
    b"event: price\nid: 1234567\ndata: {\"seq\":1234567,\"due\":1700000000000000000,\
    \"emitted\":1700000000000012345,\"symbol\":\"ACME\",\"price\":172.25}\n\n";

#[test]
fn whole_events_are_borrowed_and_need_no_heap() {
    let stream = b"event: price\ndata: 17.25\n\n: ping\n\ndata: 17.50\r\n\r\n".repeat(100);
    let (mut events, mut borrowed) = (0, 0);
    let allocated = measure(|| {
        let mut decoder = Decoder::new(Limits::default());
        let outcome = decoder.decode(&stream, |item| {
            if let Item::Event(event) = item {
                events += 1;
                borrowed +=
                    usize::from(stream.as_ptr_range().contains(&event.data_bytes().as_ptr()));
            }
        });
        assert_eq!(outcome, Ok(()));
        assert_eq!(decoder.heap_bytes(), 0);
    });
    assert_eq!((events, borrowed, allocated.count_total), (200, 200, 0));
}

#[test]
fn steady_state_allocates_nothing_however_the_stream_is_read() {
    let two_lines = b"id: 7\ndata: one\ndata: two\n\n";
    let long = [b"data: ".as_slice(), &[b'x'; RETAINED_BYTES / 2], b"\n\n"].concat();
    for event in [PRICE, two_lines, &long] {
        let stream = event.repeat(200);
        for size in [1, 7, event.len(), 1448, stream.len()] {
            let mut decoder = Decoder::new(Limits::default());
            let mut events = 0;
            let mut pass = || {
                for read in stream.chunks(size) {
                    let outcome = decoder.decode(read, |item| {
                        events += usize::from(matches!(item, Item::Event(_)));
                    });
                    assert_eq!(outcome, Ok(()));
                }
            };
            let first = measure(&mut pass).count_total;
            let second = measure(&mut pass).count_total;
            assert_eq!(
                (events, second),
                (400, 0),
                "{} bytes by {size}",
                event.len()
            );
            assert!(
                first < 60,
                "the first pass warms the buffers: {first} allocations"
            );
        }
    }
}

#[test]
fn an_idle_decoder_gives_back_what_grew_large() {
    const BOUND: usize = 5 * RETAINED_BYTES + 120;
    let big = "x".repeat(300_000);
    let event = format!("event: {big}\nid: {big}\ndata: {big}\ndata: {big}\n:{big}\nid: 7\n\n");
    for size in [1000, 1 << 20] {
        let mut decoder = Decoder::new(Limits::default());
        for read in event.as_bytes().chunks(size) {
            decoder.decode(read, |_| {}).unwrap();
        }
        assert!(
            decoder.heap_bytes() <= BOUND,
            "{} bytes",
            decoder.heap_bytes()
        );
    }
    let mut commented = Decoder::new(Limits::default());
    for read in [b":", big.as_bytes(), b"\n"] {
        commented.decode(read, |_| {}).unwrap();
    }
    assert!(commented.heap_bytes() <= BOUND, "no blank line is needed");

    let mut cut_off = Decoder::new(Limits::default());
    cut_off
        .decode(&event.as_bytes()[..800_000], |_| {})
        .unwrap();
    assert!(cut_off.heap_bytes() > 800_000);
    cut_off.reset_stream();
    assert!(
        cut_off.heap_bytes() <= BOUND,
        "{} bytes",
        cut_off.heap_bytes()
    );
}

#[test]
fn a_large_id_is_given_back_by_the_next() {
    let mut decoder = Decoder::new(Limits::default());
    let large = format!("id: {}\n\n", "x".repeat(300_000));
    decoder.decode(large.as_bytes(), |_| {}).unwrap();
    assert!(decoder.heap_bytes() >= 300_000);
    decoder.decode(b"id: 7\n\n", |_| {}).unwrap();
    assert!(decoder.heap_bytes() < RETAINED_BYTES);
}

#[test]
fn a_decoder_is_small() {
    assert_eq!(size_of::<Decoder>(), 96);
}
