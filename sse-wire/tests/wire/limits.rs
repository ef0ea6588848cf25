//! Limits, what an end discards, and a new stream of the same subscriber.

use sse_wire::{DecodeError, Decoder, Item, Limits, Unfinished};

const SMALL: Limits = Limits {
    max_line_bytes: 10,
    max_event_bytes: 8,
};

/// The events' data, and how it ended.
fn decode(decoder: &mut Decoder, input: &[u8]) -> (Vec<String>, Result<(), DecodeError>) {
    let mut data = Vec::new();
    let outcome = decoder.decode(input, |item| {
        if let Item::Event(event) = item {
            data.push(event.data().into_owned());
        }
    });
    (data, outcome)
}

#[test]
fn a_line_at_the_limit_passes_and_one_more_byte_does_not() {
    let passes = decode(&mut Decoder::new(SMALL), b"data:12345\n\n");
    assert_eq!(passes, (vec!["12345".to_owned()], Ok(())));
    let error = DecodeError::LineTooLong {
        limit: 10,
        bytes: 11,
    };
    let refused = decode(&mut Decoder::new(SMALL), b"data:1\n\ndata:123456\n\n");
    assert_eq!(
        refused,
        (vec!["1".to_owned()], Err(error)),
        "events before it are handed out"
    );
    let unended = decode(&mut Decoder::new(SMALL), b":1234567890");
    assert_eq!(unended.1, Err(error), "refused before its end comes");
    assert_eq!(
        error.to_string(),
        "event stream: a line has at least 11 bytes, the limit is 10; \
         raise the limit if the server means it"
    );
}

#[test]
fn a_block_is_limited_by_data_name_and_id_together() {
    let outcome = |input: &[u8]| decode(&mut Decoder::new(SMALL), input).1;
    assert_eq!(outcome(b"data:1234\ndata:567\n\n"), Ok(()));
    let error = Err(DecodeError::EventTooLong { limit: 8, bytes: 9 });
    assert_eq!(outcome(b"data:1234\ndata:5678\n\n"), error);
    assert_eq!(outcome(b"event:12\nid:345\ndata:6789\n\n"), error);
    assert_eq!(
        outcome(b"event:1234\nevent:5678\nid:1234\n\n"),
        Ok(()),
        "the last name counts"
    );
    let again = b"data:1234\n\n".repeat(3);
    assert_eq!(outcome(&again), Ok(()), "each block counts for itself");
}

#[test]
fn an_error_ends_the_stream_until_a_new_one_begins() {
    let mut decoder = Decoder::new(SMALL);
    assert_eq!(decode(&mut decoder, b"id:7\n\n").1, Ok(()));
    let error = decode(&mut decoder, b"data:1\ndata:123456").1.unwrap_err();
    assert_eq!(decoder.finish(), Unfinished::default());
    assert_eq!(decode(&mut decoder, b"data:1\n\n"), (vec![], Err(error)));
    decoder.reset_stream();
    assert_eq!(
        decode(&mut decoder, b"data:2\n\n"),
        (vec!["2".to_owned()], Ok(()))
    );
    assert_eq!(decoder.last_event_id(), b"7");
}

#[test]
fn the_end_discards_and_says_what() {
    let finish = |input: &[u8]| {
        let mut decoder = Decoder::new(Limits::default());
        decoder.decode(input, |_| {}).unwrap();
        decoder.finish()
    };
    let unfinished = |line_bytes, data_bytes, block, event| Unfinished {
        line_bytes,
        data_bytes,
        block,
        event,
    };
    assert_eq!(finish(b"data: x\n\n"), unfinished(0, 0, false, false));
    assert_eq!(finish(b"data: x\ndata: y\n"), unfinished(0, 3, true, true));
    assert_eq!(
        finish(b"data\n"),
        unfinished(0, 0, true, true),
        "empty data makes an event too"
    );
    assert_eq!(
        finish(b"data: x"),
        unfinished(7, 0, false, true),
        "its line only lacks an end"
    );
    assert_eq!(
        finish(b"data: x\nid: 4"),
        unfinished(5, 1, true, true),
        "in the block and in the line"
    );
    assert_eq!(finish(b"event: x\nid: 4"), unfinished(5, 0, true, false));
    assert_eq!(finish(b"id: 4\n"), unfinished(0, 0, true, false));
    assert_eq!(finish(b": ping\n"), unfinished(0, 0, false, false));
    assert_eq!(finish(b"\xEF\xBB"), unfinished(2, 0, false, false));
}

#[test]
fn an_event_says_whether_the_id_is_its_own() {
    let stream = b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: \0\ndata: d\n\n";
    for size in [1, stream.len()] {
        let mut own = Vec::new();
        let mut decoder = Decoder::new(Limits::default());
        for read in stream.chunks(size) {
            let outcome = decoder.decode(read, |item| {
                if let Item::Event(event) = item {
                    own.push((event.names_its_id(), event.id().into_owned()));
                }
            });
            assert_eq!(outcome, Ok(()));
        }
        let expected = [(true, "1"), (false, "1"), (true, ""), (false, "")];
        assert!(
            own.iter().map(|(own, id)| (*own, &**id)).eq(expected),
            "{own:?}"
        );
    }
}

#[test]
fn a_new_stream_keeps_only_what_the_subscriber_knows() {
    let mut decoder = Decoder::with_last_event_id(Limits::default(), b"first");
    let cut_off = b"\xEF\xBB\xBFretry: 9\nid: a\n\nid: b\nevent: lost\ndata: lost\nda";
    assert_eq!(decode(&mut decoder, cut_off), (vec![], Ok(())));
    decoder.reset_stream();
    assert_eq!(decoder.finish(), Unfinished::default());

    let mut seen = Vec::new();
    let next = b"\xEF\xBB\xBFdata: x\n\n";
    let outcome = decoder.decode(next, |item| {
        if let Item::Event(event) = item {
            seen.push((
                event.name().into_owned(),
                event.data().into_owned(),
                event.id().into_owned(),
            ));
        }
    });
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        seen,
        [("message".to_owned(), "x".to_owned(), "a".to_owned())]
    );
    assert_eq!(decoder.retry_ms(), Some(9));

    decoder.reset_stream();
    assert_eq!(decode(&mut decoder, b"\xEF").1, Ok(()));
    assert_eq!(
        decoder.finish().line_bytes,
        1,
        "a begun BOM, beside buffers of before"
    );
}

#[test]
fn an_end_lies_after_the_byte_that_dispatched() {
    let mut ends = Vec::new();
    let mut decoder = Decoder::new(Limits::default());
    let outcome = decoder.decode(b"data: x\r\n\r\n:c\r\nretry: 1\n", |item| {
        ends.push(match item {
            Item::Event(event) => event.end,
            Item::Comment { end, .. } | Item::Retry { end, .. } => end,
        });
    });
    assert_eq!(outcome, Ok(()));
    assert_eq!(ends, [10, 14, 24]);
}
