//! `empty`: an event stream that ends properly before its first byte.

use super::action::Actions;
use super::{Entry, Mode, Needs, factory};
use crate::clock::Nanos;
use crate::frame::Frame;

pub(crate) const ENTRY: Entry = Entry {
    name: "empty",
    value: None,
    needs: Needs::Nothing,
    prepare: |_| Ok(factory(|| Empty)),
};

#[derive(Debug)]
struct Empty;

impl Mode for Empty {
    fn open(&mut self, _now: Nanos, actions: &mut Actions) {
        actions.head();
        actions.end();
    }

    fn frame(&mut self, _now: Nanos, _frame: Frame, _actions: &mut Actions) {}
}

#[cfg(test)]
mod tests {
    use crate::modes::script::{events, play};

    #[test]
    fn it_ends_with_its_head() {
        assert_eq!(play("empty", &events(3, 10)), ["0 head", "0 end"]);
    }
}
