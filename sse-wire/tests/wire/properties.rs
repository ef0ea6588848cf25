//! Properties over hostile streams: the rules are followed, whatever the split.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{Decoder, Limits};

use crate::model::meaning_of;
use crate::observed::{Observed, cut, observe};
use crate::streams::{hostile, with_cuts};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_stream_means_what_the_rules_say(stream in hostile(), id in "[a-z]{0,3}") {
        let observed = observe(Limits::default(), &id, [&*stream]);
        prop_assert_eq!(observed.meaning(), meaning_of(&stream, &id));
    }

    #[test]
    fn no_split_changes_anything((stream, cuts) in with_cuts(hostile()), limits in limits()) {
        let whole = observe(limits, "", [&*stream]);
        prop_assert_eq!(&observe(limits, "", cut(&stream, &cuts)), &whole);
        prop_assert_eq!(&observe(limits, "", stream.chunks(1)), &whole);
    }

    #[test]
    fn unfinished_is_what_a_blank_line_would_dispatch(stream in hostile()) {
        let observe = |stream: &[u8]| observe(Limits::default(), "", [stream]);
        let Observed { unfinished, .. } = observe(&stream);
        let dispatched = observe(&stream).meaning().events.len();
        // One LF ends the line or belongs to a CR, the other is the blank line.
        let ended = observe(&[&*stream, b"\n\n"].concat()).meaning().events.len();
        prop_assert_eq!(ended - dispatched, usize::from(unfinished.event));
        let line_ended = stream.is_empty() || stream.ends_with(b"\n") || stream.ends_with(b"\r");
        prop_assert_eq!(unfinished.line_bytes == 0, line_ended || stream == b"\xEF\xBB\xBF");
    }

    #[test]
    fn random_bytes_hold_no_more_than_the_limits_allow(
        chunks in vec(vec(byte(), 0..200), 0..20),
        line in 0..64usize,
        event in 0..64usize,
    ) {
        let limits = Limits { max_line_bytes: line, max_event_bytes: event };
        let mut decoder = Decoder::new(limits);
        for chunk in &chunks {
            let outcome = decoder.decode(chunk, |_| {});
            let unfinished = decoder.finish();
            // A part of a BOM may stand where a line would not yet be refused.
            prop_assert!(unfinished.line_bytes <= line.max(2));
            prop_assert!(unfinished.data_bytes <= event);
            prop_assert!(decoder.heap_bytes() <= 4 * line + 12 * event + 200);
            if outcome.is_err() {
                prop_assert_eq!(decoder.decode(b"data: x\n\n", |_| {}), outcome);
            }
        }
    }
}

/// Any byte, but more often one that a decoder looks at.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        any::<u8>(),
        select(b"data:id: event: \n\n\n\r\0".as_slice())
    ]
}

/// Often small enough to be passed.
fn limits() -> impl Strategy<Value = Limits> {
    prop_oneof![
        Just(Limits::default()),
        (0..20usize, 0..20usize).prop_map(|(line, event)| Limits {
            max_line_bytes: line,
            max_event_bytes: event
        }),
    ]
}
