//! `wrong-type`: all is well but the media type, which makes a browser's EventSource give up.

use super::action::Actions;
use super::{Entry, Mode, Needs, Response, factory};
use crate::clock::Nanos;
use crate::frame::Frame;

pub(crate) const ENTRY: Entry = Entry {
    name: "wrong-type",
    value: None,
    needs: Needs::Nothing,
    prepare: |_| Ok(factory(|| WrongType)),
};

#[derive(Debug)]
struct WrongType;

impl Mode for WrongType {
    fn response(&self) -> Response {
        // Plain text would still be judged as a stream of lines; a page would not.
        Response {
            content_type: "text/html; charset=utf-8",
            ..Response::default()
        }
    }

    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        actions.pass(frame, now);
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{events, mode, play};

    #[test]
    fn only_the_type_is_wrong() {
        assert_eq!(
            mode("wrong-type").response().content_type,
            "text/html; charset=utf-8"
        );
        assert_eq!(mode("wrong-type").response().status, 200);
        assert_eq!(play("wrong-type", &events(1, 10)), ["0 head", "10 event 1"]);
    }
}
