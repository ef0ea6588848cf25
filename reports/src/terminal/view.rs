//! What of the live view is shown, and what keys change about it. It must not read a key.

/// The windows of time for which quantiles are told, in slices of the timeline.
const WINDOWS: [usize; 5] = [1, 5, 15, 60, 300];

/// What of the live view is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Keys are listened to.
    pub keys: bool,
    /// The frame stays as it is; measuring goes on.
    pub paused: bool,
    /// Below the frame: what went wrong, grouped.
    pub errors: bool,
    /// Below the frame: what the keys do.
    pub help: bool,
    /// Which of the windows.
    window: usize,
}

impl Default for View {
    fn default() -> Self {
        Self {
            keys: false,
            paused: false,
            errors: false,
            help: false,
            window: 1,
        }
    }
}

impl View {
    /// The same where keys are listened to.
    #[must_use]
    pub fn with_keys(self) -> Self {
        Self { keys: true, ..self }
    }

    /// Slices of the timeline that quantiles are told for.
    pub fn slices(&self) -> usize {
        WINDOWS[self.window]
    }

    /// A key was pressed; whether the run is to stop.
    pub fn press(&mut self, key: u8) -> bool {
        match key {
            b'q' => return true,
            b'p' => self.paused = !self.paused,
            b'+' | b'=' => self.window = (self.window + 1).min(WINDOWS.len() - 1),
            b'-' => self.window = self.window.saturating_sub(1),
            b'e' => self.errors = !self.errors,
            b'?' | b'h' => self.help = !self.help,
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_change_what_is_shown_and_one_stops() {
        let mut view = View::default();
        assert_eq!(view.slices(), 5);
        for _ in 0..9 {
            assert!(!view.press(b'+'));
        }
        assert_eq!(view.slices(), 300);
        for _ in 0..9 {
            view.press(b'-');
        }
        assert_eq!(view.slices(), 1);
        for key in [b'p', b'e', b'?', b'x', 0x1b] {
            assert!(!view.press(key));
        }
        assert!(view.paused && view.errors && view.help);
        view.press(b'p');
        assert!(!view.paused);
        assert!(view.press(b'q'));
    }
}
