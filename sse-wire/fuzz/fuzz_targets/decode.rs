//! No bytes may panic, no split may change the result, and the result is what the rules
//! by the letter say. The same oracle as the property tests, whose files it shares.
#![no_main]

#[path = "../../tests/wire/model.rs"]
mod model;
#[path = "../../tests/wire/observed.rs"]
mod observed;

use libfuzzer_sys::fuzz_target;
use sse_wire::Limits;

use model::meaning_of;
use observed::{cut, observe};

fuzz_target!(|stream: &[u8]| {
    // Every split below is quadratic in the length.
    let stream = &stream[..stream.len().min(256)];
    let unlimited = observe(Limits::default(), "", [stream]);
    assert_eq!(unlimited.meaning(), meaning_of(stream, ""));

    let tight = Limits { max_line_bytes: 16, max_event_bytes: 24 };
    for (limits, whole) in [(Limits::default(), unlimited), (tight, observe(tight, "", [stream]))] {
        assert_eq!(observe(limits, "", stream.chunks(1)), whole);
        for at in 0..=stream.len() {
            assert_eq!(observe(limits, "", cut(stream, &[at])), whole, "cut at {at}");
        }
    }
});
