//! What a mode asks for: actions on one response, in order, without doing them.

use bytes::Bytes;

use crate::clock::Nanos;
use crate::frame::Frame;

/// The end of an event inside released bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The event that is complete with the last byte of its piece.
    pub seq: u64,
    /// When the mode let that byte go.
    pub released: Nanos,
}

/// Bytes that are sent together, and the event they complete, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The bytes; may be a part of an event.
    pub bytes: Bytes,
    /// Present if the last of the bytes completes an event.
    pub mark: Option<Mark>,
}

impl Piece {
    /// A whole frame as it stands in the stream, before any framing.
    pub(crate) fn of(frame: &Frame, released: Nanos) -> Self {
        Self {
            bytes: frame.plain(),
            mark: mark(frame, released),
        }
    }

    /// Bytes that complete no event.
    pub(crate) fn unmarked(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            mark: None,
        }
    }
}

/// One thing to do to a response.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Send the head; with a length the body is framed by it, else by the protocol's way for streams.
    Head {
        /// The value of Content-Length.
        length: Option<usize>,
    },
    /// Send a frame as it is, one chunk.
    Frame {
        /// The frame.
        frame: Frame,
        /// When it was let go.
        released: Nanos,
    },
    /// Send all pieces as one chunk, in one write.
    Chunk(Vec<Piece>),
    /// Send a chunk whose head promises more bytes than follow.
    Torn {
        /// The bytes that do follow.
        pieces: Vec<Piece>,
        /// What the chunk's head says.
        promised: usize,
    },
    /// End the body properly, then the connection.
    End,
    /// End the connection, and with it the body, as it is.
    Cut,
}

/// A list of actions, in order.
#[derive(Debug, Default)]
pub(crate) struct Actions(Vec<Action>);

impl Actions {
    /// Sends the head, the body's length unknown.
    pub(crate) fn head(&mut self) {
        self.0.push(Action::Head { length: None });
    }

    /// Sends the head with a Content-Length.
    pub(crate) fn head_with_length(&mut self, length: usize) {
        self.0.push(Action::Head {
            length: Some(length),
        });
    }

    /// Lets a frame go as it is.
    pub(crate) fn pass(&mut self, frame: Frame, released: Nanos) {
        self.0.push(Action::Frame { frame, released });
    }

    /// Lets pieces go as one chunk; nothing if there is no byte in them.
    pub(crate) fn chunk(&mut self, pieces: Vec<Piece>) {
        if pieces.iter().any(|piece| !piece.bytes.is_empty()) {
            self.0.push(Action::Chunk(pieces));
        }
    }

    /// Lets frames go together, as one chunk.
    pub(crate) fn together(&mut self, frames: &[Frame], released: Nanos) {
        self.chunk(
            frames
                .iter()
                .map(|frame| Piece::of(frame, released))
                .collect(),
        );
    }

    /// Lets pieces go in a chunk that promises more.
    pub(crate) fn torn(&mut self, pieces: Vec<Piece>, promised: usize) {
        self.0.push(Action::Torn { pieces, promised });
    }

    /// Ends the body properly.
    pub(crate) fn end(&mut self) {
        self.0.push(Action::End);
    }

    /// Ends the connection as it is.
    pub(crate) fn cut(&mut self) {
        self.0.push(Action::Cut);
    }

    /// Takes all actions out, oldest first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Action> + '_ {
        self.0.drain(..)
    }
}

/// The mark of a whole frame; absent if it dispatches nothing.
pub(crate) fn mark(frame: &Frame, released: Nanos) -> Option<Mark> {
    frame.stamp().map(|stamp| Mark {
        seq: stamp.seq,
        released,
    })
}
