//! Frames that a mode keeps back, bounded: whoever holds more than this loses the connection, not the machine.

use std::collections::VecDeque;

use super::action::Actions;
use crate::frame::Frame;

/// The most bytes that one subscriber's mode holds back.
pub(crate) const MAX_HELD: usize = 16 << 20;

/// Frames in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Held {
    frames: VecDeque<Frame>,
    bytes: usize,
}

impl Held {
    /// Keeps a frame; cuts the response if that is too much.
    pub(crate) fn push(&mut self, frame: Frame, actions: &mut Actions) {
        self.bytes += frame.chunk().len();
        self.frames.push_back(frame);
        if self.bytes > MAX_HELD {
            self.frames.clear();
            actions.cut();
        }
    }

    /// The frame that is held longest.
    pub(crate) fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.chunk().len();
        Some(frame)
    }

    /// All frames, oldest first.
    pub(crate) fn take(&mut self) -> Vec<Frame> {
        self.bytes = 0;
        self.frames.drain(..).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_cuts_the_response() {
        let mut held = Held::default();
        let mut actions = Actions::default();
        let frame = Frame::comment(&"x".repeat(1 << 20));
        for _ in 0..15 {
            held.push(frame.clone(), &mut actions);
        }
        assert_eq!(actions.drain().count(), 0);
        assert!(held.pop().is_some());
        for _ in 0..2 {
            held.push(frame.clone(), &mut actions);
        }
        assert_eq!(actions.drain().count(), 1);
        assert!(held.take().is_empty());
    }
}
