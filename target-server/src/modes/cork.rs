//! `cork`: every event written at once, and held back by the kernel (TCP_CORK) until a segment is full or 200 ms have
//! passed, as Puma does. What this server can see of it is on time.

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;

pub(crate) const ENTRY: Entry = Entry {
    name: "cork",
    value: None,
    needs: Needs::Tcp,
    prepare: |_| Ok(factory(|| Cork)),
};

#[derive(Debug)]
struct Cork;

impl Mode for Cork {
    fn wants_cork(&self) -> bool {
        true
    }

    fn frame(&mut self, now: Nanos, frame: Frame, actions: &mut Actions) {
        actions.pass(frame, now);
    }
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{events, mode, play};

    #[test]
    fn events_are_on_time_above_the_kernel() {
        assert!(mode("cork").wants_cork());
        assert_eq!(
            play("cork", &events(2, 100)),
            ["0 head", "100 event 1", "200 event 2"]
        );
    }
}
