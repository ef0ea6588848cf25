//! `comments-only`: a comment where each event should be: bytes flow, and nothing ever happens in the browser.

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;

pub(crate) const ENTRY: Entry = Entry {
    name: "comments-only",
    value: None,
    needs: Needs::Nothing,
    prepare: |_| Ok(factory(|| CommentsOnly)),
};

#[derive(Debug)]
struct CommentsOnly;

impl Mode for CommentsOnly {
    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        let comment = match frame.stamp() {
            Some(stamp) => Frame::comment(&format!("event {} withheld", stamp.seq)),
            None => frame,
        };
        actions.pass(comment, now);
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{events, play};

    #[test]
    fn no_event_is_dispatched() {
        let expected = [
            "0 head",
            "10 comment : event 1 withheld",
            "20 comment : event 2 withheld",
        ];
        assert_eq!(play("comments-only", &events(2, 10)), expected);
    }
}
