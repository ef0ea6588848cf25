//! A decoder run over a stream in given chunks, with all that it showed.

use sse_wire::{DecodeError, Decoder, Item, Limits, Unfinished};

use crate::model::Meaning;

/// An item that outlives its call, with `end` counted from the start of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owned {
    Event {
        name: String,
        data: String,
        id: String,
        end: usize,
    },
    Comment {
        text: String,
        end: usize,
    },
    Retry {
        ms: u64,
        end: usize,
    },
}

/// Everything that a run over one stream showed and that no split may change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    pub(crate) items: Vec<Owned>,
    pub(crate) last_event_id: Vec<u8>,
    pub(crate) retry_ms: Option<u64>,
    pub(crate) unfinished: Unfinished,
    pub(crate) refused: Option<Refusal>,
}

/// The limit that was passed, without the size, which depends on the split.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Line(usize),
    Event(usize),
}

impl Observed {
    pub(crate) fn meaning(&self) -> Meaning {
        let mut meaning = Meaning {
            last_event_id: String::from_utf8_lossy(&self.last_event_id).into_owned(),
            retry_ms: self.retry_ms,
            ..Meaning::default()
        };
        for item in &self.items {
            match item.clone() {
                Owned::Event { name, data, id, .. } => meaning.events.push((name, data, id)),
                Owned::Comment { text, .. } => meaning.comments.push(text),
                Owned::Retry { .. } => {}
            }
        }
        meaning
    }
}

/// Decodes `chunks` up to the first error. Every item must end in the chunk that brought it.
pub(crate) fn observe<'a>(
    limits: Limits,
    last_event_id: &str,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Observed {
    let mut decoder = Decoder::with_last_event_id(limits, last_event_id.as_bytes());
    let mut items = Vec::new();
    let mut refused = None;
    let mut base = 0;
    for chunk in chunks {
        let outcome = decoder.decode(chunk, |item| {
            assert!(
                (1..=chunk.len()).contains(&end_of(&item)),
                "{item:?} ends in its chunk"
            );
            items.push(owned(item, base));
        });
        base += chunk.len();
        if let Err(error) = outcome {
            refused = Some(refusal(error));
            break;
        }
    }
    Observed {
        items,
        last_event_id: decoder.last_event_id().to_vec(),
        retry_ms: decoder.retry_ms(),
        unfinished: decoder.finish(),
        refused,
    }
}

/// `input` cut at the given offsets, which must rise.
pub(crate) fn cut<'a>(input: &'a [u8], offsets: &[usize]) -> Vec<&'a [u8]> {
    let starts = std::iter::once(0).chain(offsets.iter().copied());
    let ends = offsets.iter().copied().chain(std::iter::once(input.len()));
    starts
        .zip(ends)
        .map(|(start, end)| &input[start..end])
        .collect()
}

fn end_of(item: &Item<'_>) -> usize {
    match item {
        Item::Event(event) => event.end,
        Item::Comment { end, .. } | Item::Retry { end, .. } => *end,
    }
}

fn owned(item: Item<'_>, base: usize) -> Owned {
    let end = base + end_of(&item);
    match item {
        Item::Event(event) => Owned::Event {
            name: event.name().into_owned(),
            data: event.data().into_owned(),
            id: event.id().into_owned(),
            end,
        },
        Item::Comment { text, .. } => Owned::Comment {
            text: String::from_utf8_lossy(text).into_owned(),
            end,
        },
        Item::Retry { ms, .. } => Owned::Retry { ms, end },
    }
}

fn refusal(error: DecodeError) -> Refusal {
    match error {
        DecodeError::LineTooLong { limit, bytes } => {
            assert!(bytes > limit, "{error}");
            Refusal::Line(limit)
        }
        DecodeError::EventTooLong { limit, bytes } => {
            assert!(bytes > limit, "{error}");
            Refusal::Event(limit)
        }
    }
}
