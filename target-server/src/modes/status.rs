//! `status:N`: a status instead of a stream.

use super::action::{Actions, Piece};
use super::{Entry, Mode, Needs, Response, factory};
use crate::clock::Nanos;
use crate::frame::Frame;
use crate::values;

pub(crate) const ENTRY: Entry = Entry {
    name: "status",
    value: Some("CODE"),
    needs: Needs::Nothing,
    prepare: |value| {
        let status = values::number(201, 599)(value)?;
        Ok(factory(move || Status { status }))
    },
};

#[derive(Debug)]
struct Status {
    status: u16,
}

impl Mode for Status {
    fn response(&self) -> Response {
        Response {
            status: self.status,
            content_type: "text/plain; charset=utf-8",
            content_encoding: None,
        }
    }

    fn open(&mut self, _now: Nanos, actions: &mut Actions) {
        // These have no body (RFC 9110, sections 15.3.5 and 15.4.5).
        if matches!(self.status, 204 | 304) {
            actions.head();
        } else {
            let text = format!("status {}, as asked for\n", self.status);
            actions.head_with_length(text.len());
            actions.chunk(vec![Piece::unmarked(text)]);
        }
        actions.end();
    }

    fn frame(&mut self, _now: Nanos, _frame: Frame, _actions: &mut Actions) {}
}

#[cfg(test)]
mod tests {
    use crate::modes::ModeSpec;
    use crate::modes::script::{events, mode, play};

    #[test]
    fn the_answer_is_complete_at_once() {
        assert_eq!(mode("status:503").response().status, 503);
        let expected = ["0 head length 25", "0 chunk of 25 with []", "0 end"];
        assert_eq!(play("status:503", &events(1, 10)), expected);
        assert_eq!(play("status:204", &[]), ["0 head", "0 end"]);
    }

    #[test]
    fn a_status_that_is_a_stream_or_no_answer_is_refused() {
        for bad in [
            "status:200",
            "status:101",
            "status:600",
            "status:",
            "status",
        ] {
            assert!(bad.parse::<ModeSpec>().is_err(), "{bad}");
        }
    }
}
