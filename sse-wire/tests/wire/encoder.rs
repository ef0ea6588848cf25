//! What the encoder writes, and that the decoder reads it back.

use proptest::prelude::*;
use sse_wire::{EncodeError, Frame, Limits};

use crate::observed::{Owned, observe};

fn encoded(frame: &Frame<'_>) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    frame.encode(&mut out).map(|()| out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_frame_decodes_to_itself(
        comment in proptest::option::of(text()),
        retry_ms in proptest::option::of(any::<u64>()),
        name in proptest::option::of("[ a-z:\u{20ac}\0]{0,6}"),
        id in proptest::option::of("[ a-z:\u{20ac}]{0,6}"),
        data in proptest::option::of(text()),
    ) {
        let frame = Frame {
            comment: comment.as_deref(),
            retry_ms,
            name: name.as_deref(),
            id: id.as_deref(),
            data: data.as_deref(),
        };
        let bytes = encoded(&frame).unwrap();
        let observed = observe(Limits::default(), "before", [&*bytes]);

        let meaning = observed.meaning();
        let id = id.unwrap_or("before".to_owned());
        let name = name.filter(|name| !name.is_empty()).unwrap_or("message".to_owned());
        let events: Vec<_> = data.map(|data| (name, with_lf(&data), id.clone())).into_iter().collect();
        prop_assert_eq!(meaning.events, events);
        prop_assert_eq!(meaning.last_event_id, id);
        prop_assert_eq!(meaning.retry_ms, retry_ms);
        let comments = comment.map(|comment| with_lf(&comment));
        prop_assert_eq!(meaning.comments.len(), comments.iter().flat_map(|c| c.split('\n')).count());
        prop_assert_eq!(meaning.comments.join("\n"), comments.unwrap_or_default());
        prop_assert_eq!(observed.unfinished, Default::default());
    }

    #[test]
    fn frames_in_a_row_stay_apart(texts in proptest::collection::vec(text(), 0..5)) {
        let mut out = Vec::new();
        for data in &texts {
            Frame { data: Some(data), ..Frame::default() }.encode(&mut out).unwrap();
        }
        let observed = observe(Limits::default(), "", [&*out]);
        let decoded = observed.items.iter().map(|item| match item {
            Owned::Event { data, .. } => data.clone(),
            other => format!("{other:?}"),
        });
        prop_assert!(decoded.eq(texts.iter().map(|text| with_lf(text))));
    }
}

#[test]
fn a_frame_has_its_fields_in_a_fixed_order() {
    let frame = Frame {
        comment: Some("ping"),
        retry_ms: Some(2500),
        name: Some("price"),
        id: Some("7"),
        data: Some("a\r\nb"),
    };
    let expected = b": ping\nretry: 2500\nevent: price\nid: 7\ndata: a\ndata: b\n\n";
    assert_eq!(encoded(&frame).unwrap(), expected);

    let unnamed = Frame {
        name: Some(""),
        id: Some(""),
        data: Some(""),
        ..Frame::default()
    };
    assert_eq!(
        encoded(&unnamed).unwrap(),
        b"id: \ndata: \n\n",
        "no name is no field"
    );
}

#[test]
fn what_the_format_cannot_carry_is_refused_and_nothing_is_written() {
    let name = |name| Frame {
        name: Some(name),
        data: Some("x"),
        ..Frame::default()
    };
    let id = |id| Frame {
        id: Some(id),
        data: Some("x"),
        ..Frame::default()
    };
    for (frame, error, message) in [
        (
            name("a\rb"),
            EncodeError::LineEndInName { at: 1 },
            "event name has a line end at byte 1",
        ),
        (
            name("\n"),
            EncodeError::LineEndInName { at: 0 },
            "event name has a line end at byte 0",
        ),
        (
            id("12\n"),
            EncodeError::LineEndInId { at: 2 },
            "event ID has a line end at byte 2",
        ),
        (
            id("1\r2"),
            EncodeError::LineEndInId { at: 1 },
            "event ID has a line end at byte 1",
        ),
        (
            id("\u{20ac}\0"),
            EncodeError::NulInId { at: 3 },
            "event ID has a NUL at byte 3",
        ),
    ] {
        let mut out = b"before".to_vec();
        assert_eq!(frame.encode(&mut out), Err(error));
        assert_eq!(out, b"before");
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

fn text() -> impl Strategy<Value = String> {
    "[ a-z:\u{20ac}\u{feff}\0\r\n]{0,10}"
}

fn with_lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
