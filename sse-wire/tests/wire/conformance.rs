//! The conformance cases, as given and split in every way that must not matter.
//!
//! Choices in cases marked ambiguous: the last event ID of an earlier connection is
//! carried into the next (`cr-construct-with-id`, `own-init-id-cleared`: so do Chromium
//! and Firefox); an empty `retry` is ignored (`cr-retry-no-value`, `rx-empty-retry`:
//! so do OkHttp and eventsource-parser); a `retry` line without its end is discarded
//! (`own-retry-unterminated-line`: the ABNF needs the end of line).

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sse_wire::{Decoder, Item, Limits};

use crate::observed::{Observed, Owned, cut, observe};

#[derive(Deserialize)]
struct Case {
    id: String,
    input_b64: String,
    split_at: Vec<usize>,
    initial_last_event_id: String,
    expect: Vec<Expected>,
    last_event_id: String,
    retry_ms: Option<u64>,
    dispatched_after_chunk: Vec<usize>,
}

#[derive(Deserialize)]
struct Expected {
    event: String,
    data: String,
    id: String,
}

#[test]
fn criterion_12_cases_hold_in_every_split() {
    let cases = cases();
    assert_eq!(cases.len(), 229, "every case is read");
    let mut splits = 0;
    for case in &cases {
        let input = BASE64_STANDARD.decode(&case.input_b64).unwrap();
        let decode =
            |chunks: Vec<&[u8]>| observe(Limits::default(), &case.initial_last_event_id, chunks);

        let given = decode(cut(&input, &case.split_at));
        assert_expected(case, &given);
        let chunk_ends = case.split_at.iter().copied().chain([input.len()]);
        let dispatched: Vec<usize> = chunk_ends.map(|end| events_until(&given, end)).collect();
        assert_eq!(dispatched, case.dispatched_after_chunk, "{}", case.id);

        for size in [1, 2, input.len().max(1)] {
            assert_eq!(
                decode(input.chunks(size).collect()),
                given,
                "{} by {size}",
                case.id
            );
        }
        for at in 0..=input.len() {
            assert_eq!(decode(cut(&input, &[at])), given, "{} cut at {at}", case.id);
        }
        splits += input.len() + 5;
    }
    println!(
        "truth | 12 | {} conformance cases decoded in every split | {splits} times the same events | all the same",
        cases.len()
    );
}

fn assert_expected(case: &Case, observed: &Observed) {
    let meaning = observed.meaning();
    let events = meaning
        .events
        .iter()
        .map(|(name, data, id)| [name, data, id]);
    let expected = case
        .expect
        .iter()
        .map(|event| [&event.event, &event.data, &event.id]);
    assert!(events.eq(expected), "{}: {:?}", case.id, meaning.events);
    assert_eq!(meaning.last_event_id, case.last_event_id, "{}", case.id);
    assert_eq!(meaning.retry_ms, case.retry_ms, "{}", case.id);
}

/// How many events had ended at this offset of the stream.
fn events_until(observed: &Observed, offset: usize) -> usize {
    let ended = |item: &&Owned| matches!(item, Owned::Event { end, .. } if *end <= offset);
    observed.items.iter().filter(ended).count()
}

fn cases() -> Vec<Case> {
    lines_of(include_str!("../data/parser-cases.jsonl"))
}

#[derive(Deserialize)]
struct LargeCase {
    id: String,
    segments: Vec<(String, usize)>,
    split_at: SplitAt,
    /// In characters.
    expect_data_len: Option<usize>,
    expect_data_sha256: Option<String>,
    expect_events: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SplitAt {
    Offsets(Vec<usize>),
    /// "every N bytes"
    Every(String),
}

#[test]
fn large_cases_hold_with_the_default_limits() {
    let cases: Vec<LargeCase> = lines_of(include_str!("../data/parser-cases-large.jsonl"));
    assert_eq!(cases.len(), 6, "every case is read");
    for case in &cases {
        let input: Vec<u8> = case
            .segments
            .iter()
            .flat_map(|(text, count)| text.repeat(*count).into_bytes())
            .collect();
        let chunks = match &case.split_at {
            SplitAt::Offsets(offsets) => cut(&input, offsets),
            SplitAt::Every(text) => {
                let size = text.split(' ').nth(1).and_then(|word| word.parse().ok());
                input.chunks(size.expect("\"every N bytes\"")).collect()
            }
        };
        assert_large(case, &chunks);
        assert_large(case, &[&input]);
    }
}

fn assert_large(case: &LargeCase, chunks: &[&[u8]]) {
    let mut decoder = Decoder::new(Limits::default());
    let mut events = Vec::new();
    for chunk in chunks {
        let outcome = decoder.decode(chunk, |item| {
            if let Item::Event(event) = item {
                let data = event.data();
                let hash = Sha256::digest(data.as_bytes());
                events.push((data.chars().count(), hex(&hash)));
            }
        });
        outcome.expect("a large event is below the default limits");
    }
    let expected = case.expect_data_len.zip(case.expect_data_sha256.clone());
    assert_eq!(events.len(), case.expect_events.unwrap_or(1), "{}", case.id);
    assert_eq!(events.pop(), expected, "{}", case.id);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lines_of<'a, T: Deserialize<'a>>(text: &'a str) -> Vec<T> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a case as described"))
        .collect()
}
