//! The block of lines being collected, and what of it outlives an input.
//!
//! A part of a block lies in the current input, where it is only borrowed, or in
//! a buffer that outlives the input. Knows no line ends and no limits.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Most capacity, in bytes, that each of the decoder's buffers (line, data, event
/// name, ID and last event ID) keeps for its next use once its content is done with.
///
/// Chosen to hold a stock price, an LLM chunk or one network packet without a
/// new allocation. It bounds what an idle connection holds to five times this and
/// about 100 bytes; usual streams need a tenth of it.
pub const RETAINED_BYTES: usize = 2048;

/// The parts of the block that is open while lines of one input are read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Block<'i> {
    data: Part<'i>,
    name: Part<'i>,
    id: Part<'i>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Part<'i> {
    #[default]
    Absent,
    /// Lies whole in the current input.
    Input(&'i [u8]),
    /// Lies in the buffer of the same name in [`Kept`].
    Kept,
}

/// What outlives an input. Between inputs a buffer belongs to the open block only if
/// its flag is set.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The start of a line whose end has not come; empty if there is none.
    pub(super) line: Vec<u8>,
    /// Data lines so far, joined by LF, without a last LF.
    data: Vec<u8>,
    name: Vec<u8>,
    id: Vec<u8>,
    has_data: bool,
    has_name: bool,
    has_id: bool,
}

impl<'i> Block<'i> {
    pub(super) fn is_empty(&self) -> bool {
        [self.data, self.name, self.id]
            .iter()
            .all(|part| matches!(part, Part::Absent))
    }

    /// Length of data, name and ID together.
    #[inline]
    pub(super) fn bytes(&self, kept: Option<&Kept>) -> usize {
        self.data(kept).map_or(0, <[u8]>::len)
            + self.name(kept).len()
            + self.id(kept).map_or(0, <[u8]>::len)
    }

    /// The data lines joined by LF; `None` if there was no data field.
    #[inline]
    pub(super) fn data<'a>(&self, kept: Option<&'a Kept>) -> Option<&'a [u8]>
    where
        'i: 'a,
    {
        self.data.bytes(kept.map(|kept| &kept.data))
    }

    /// Empty if there is none.
    #[inline]
    pub(super) fn name<'a>(&self, kept: Option<&'a Kept>) -> &'a [u8]
    where
        'i: 'a,
    {
        self.name
            .bytes(kept.map(|kept| &kept.name))
            .unwrap_or_default()
    }

    #[inline]
    pub(super) fn id<'a>(&self, kept: Option<&'a Kept>) -> Option<&'a [u8]>
    where
        'i: 'a,
    {
        self.id.bytes(kept.map(|kept| &kept.id))
    }

    /// The only line of data so far is borrowed; from the second on they are joined in a buffer.
    #[inline]
    pub(super) fn add_data(&mut self, line: &'i [u8], kept: &mut Option<Box<Kept>>) {
        self.data = match self.data {
            Part::Absent => Part::Input(line),
            Part::Input(first) => {
                let data = &mut kept.get_or_insert_default().data;
                refill(data, first);
                join(data, line)
            }
            Part::Kept => join(&mut kept.get_or_insert_default().data, line),
        };
    }

    pub(super) fn set_name(&mut self, name: &'i [u8]) {
        self.name = Part::Input(name);
    }

    pub(super) fn set_id(&mut self, id: &'i [u8]) {
        self.id = Part::Input(id);
    }
}

impl<'i> Part<'i> {
    #[inline]
    fn bytes<'a>(self, kept: Option<&'a Vec<u8>>) -> Option<&'a [u8]>
    where
        'i: 'a,
    {
        match self {
            Part::Absent => None,
            Part::Input(bytes) => Some(bytes),
            Part::Kept => kept.map(Vec::as_slice),
        }
    }

    /// Copies the part out of the input; gives whether there is one.
    fn keep(self, buffer: &mut Vec<u8>) -> bool {
        match self {
            Part::Absent => false,
            Part::Input(bytes) => {
                refill(buffer, bytes);
                true
            }
            Part::Kept => true,
        }
    }
}

impl Kept {
    /// Takes over the open block, so that it can outlive its input.
    pub(super) fn keep(&mut self, block: Block<'_>) {
        self.has_data = block.data.keep(&mut self.data);
        self.has_name = block.name.keep(&mut self.name);
        self.has_id = block.id.keep(&mut self.id);
    }

    /// The block kept last, to go on with.
    pub(super) fn block(&self) -> Block<'static> {
        let part = |present| if present { Part::Kept } else { Part::Absent };
        Block {
            data: part(self.has_data),
            name: part(self.has_name),
            id: part(self.has_id),
        }
    }

    /// Forgets line and block, and gives back what grew large.
    pub(super) fn clear(&mut self) {
        (self.has_data, self.has_name, self.has_id) = (false, false, false);
        for buffer in [&mut self.line, &mut self.data, &mut self.name, &mut self.id] {
            empty(buffer);
        }
    }

    pub(super) fn capacity(&self) -> usize {
        [&self.line, &self.data, &self.name, &self.id]
            .iter()
            .map(|buffer| buffer.capacity())
            .sum()
    }
}

/// Empties a buffer for its next use and gives its memory back if that is large.
#[inline]
pub(super) fn empty(buffer: &mut Vec<u8>) {
    buffer.clear();
    if buffer.capacity() > RETAINED_BYTES {
        *buffer = Vec::new();
    }
}

fn refill(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(bytes);
}

fn join(data: &mut Vec<u8>, line: &[u8]) -> Part<'static> {
    data.push(b'\n');
    data.extend_from_slice(line);
    Part::Kept
}
