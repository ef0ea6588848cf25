//! What the test files share: a decoder run to owned items, and ways to split an input.

use sse_wire::{DecodeError, Decoder, Item, Limits, Unfinished};

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
        text: Vec<u8>,
        end: usize,
    },
    Retry {
        ms: u64,
        end: usize,
    },
}

/// Everything that a run over one stream shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) items: Vec<Owned>,
    pub(crate) last_event_id: Vec<u8>,
    pub(crate) retry_ms: Option<u64>,
    pub(crate) unfinished: Unfinished,
    /// The limit that was passed; without the size, which depends on the split.
    pub(crate) refused: Option<Refusal>,
    /// Events so far after each chunk.
    pub(crate) events_after_chunk: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Line(usize),
    Event(usize),
}

impl Run {
    /// The run without what a split is allowed to change.
    pub(crate) fn result(mut self) -> Self {
        self.events_after_chunk.clear();
        self
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.items.iter().filter_map(|item| match item {
            Owned::Event { name, data, id, .. } => Some((&**name, &**data, &**id)),
            _ => None,
        })
    }
}

pub(crate) fn run<'a>(limits: Limits, id: &str, chunks: impl IntoIterator<Item = &'a [u8]>) -> Run {
    let mut decoder = Decoder::with_last_event_id(limits, id.as_bytes());
    let mut items = Vec::new();
    let mut events_after_chunk = Vec::new();
    let (mut base, mut events, mut refused) = (0, 0, None);
    for chunk in chunks {
        let outcome = decoder.decode(chunk, |item| {
            events += usize::from(matches!(item, Item::Event(_)));
            items.push(owned(item, base));
        });
        base += chunk.len();
        events_after_chunk.push(events);
        if let Err(error) = outcome {
            refused = Some(match error {
                DecodeError::LineTooLong { limit, .. } => Refusal::Line(limit),
                DecodeError::EventTooLong { limit, .. } => Refusal::Event(limit),
            });
            break;
        }
    }
    Run {
        items,
        last_event_id: decoder.last_event_id().to_vec(),
        retry_ms: decoder.retry_ms(),
        unfinished: decoder.finish(),
        refused,
        events_after_chunk,
    }
}

fn owned(item: Item<'_>, base: usize) -> Owned {
    match item {
        Item::Event(event) => Owned::Event {
            name: event.name().into_owned(),
            data: event.data().into_owned(),
            id: event.id().into_owned(),
            end: base + event.end,
        },
        Item::Comment { text, end } => Owned::Comment {
            text: text.to_vec(),
            end: base + end,
        },
        Item::Retry { ms, end } => Owned::Retry {
            ms,
            end: base + end,
        },
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
