//! The keys of the live view: a terminal that hands over each key at once, and is as it was on every way out.
//!
//! It must not know what keys mean. A terminal whose foreground this is not is left alone: reading from it would stop
//! the run.

use nix::sys::termios::{self, LocalFlags, SetArg, SpecialCharacterIndices, Termios};
use nix::unistd::{getpgrp, tcgetpgrp};
use reports::terminal::View;
use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, IsTerminal, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Tenths of a second for which a read waits for a key.
const WAIT: u8 = 2;
/// Pause where there is nothing to read, and no wait either: the terminal has gone, or is not ours at present.
const STEP: Duration = Duration::from_millis(50);

/// Keys are listened to as long as this is there.
pub(super) struct Keys {
    shared: Arc<Shared>,
    signals: Handle,
}

struct Shared {
    view: Mutex<View>,
    /// The terminal as it was; taken when that is restored.
    before: Mutex<Option<Termios>>,
    over: AtomicBool,
}

impl Keys {
    /// Begins to listen, where there is a terminal to listen to; `stop` is set by the key that ends the run.
    pub(super) fn begin(stop: &Arc<AtomicBool>) -> Option<Keys> {
        if !(io::stdin().is_terminal() && is_foreground()) {
            return None;
        }
        // First the ears for what would end this process, then the change that must not outlive it.
        let signals = Signals::new([SIGINT, SIGTERM, SIGQUIT, SIGTSTP]).ok()?;
        let handle = signals.handle();
        let shared = Arc::new(Shared {
            view: Mutex::new(View::default().with_keys()),
            before: Mutex::new(None),
            over: AtomicBool::new(false),
        });
        let keys = Keys {
            shared: shared.clone(),
            signals: handle,
        };
        let of_signals = shared.clone();
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        let watching = named("signals").spawn(move || of_signals.obey(signals));
        watching.ok()?;
        shared.change().then_some(())?;
        let stop = stop.clone();
        let listening = named("keys").spawn(move || shared.listen(&stop));
        listening.is_ok().then_some(keys)
    }

    /// What keys have made of the view.
    pub(super) fn view(&self) -> View {
        *self
            .shared
            .view
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        self.shared.restore();
        self.signals.close();
    }
}

impl Shared {
    /// Each key at once and not shown; Ctrl-C stays what it is. Whether that could be done.
    fn change(&self) -> bool {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(was) = termios::tcgetattr(io::stdin()) else {
            return false;
        };
        let mut changed = was.clone();
        changed
            .local_flags
            .remove(LocalFlags::ICANON | LocalFlags::ECHO);
        changed.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
        changed.control_chars[SpecialCharacterIndices::VTIME as usize] = WAIT;
        let is_changed = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &changed).is_ok();
        *before = is_changed.then_some(was);
        is_changed
    }

    fn restore(&self) {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = before.take() {
            // A terminal that is gone needs nothing.
            let _ = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &before);
        }
    }

    /// Restores the terminal before a signal can end this process: a second Ctrl-C does so at once.
    fn obey(&self, mut signals: Signals) {
        for signal in signals.forever() {
            self.restore();
            if matches!(signal, SIGQUIT | SIGTSTP) {
                let _ = emulate_default_handler(signal);
            }
            // Here again after Ctrl-Z, in the foreground or not.
            if signal == SIGTSTP && is_foreground() && !self.over.load(Ordering::Relaxed) {
                self.change();
            }
        }
    }

    fn listen(&self, stop: &AtomicBool) {
        let mut key = [0];
        while !self.over.load(Ordering::Relaxed) {
            let is_ours = is_foreground() && self.is_changed();
            match is_ours.then(|| io::stdin().lock().read(&mut key)) {
                Some(Ok(1)) => {
                    let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
                    if view.press(key[0]) {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
                Some(Err(error)) if error.kind() != io::ErrorKind::Interrupted => return,
                _ => thread::sleep(STEP),
            }
        }
    }

    fn is_changed(&self) -> bool {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        before.is_some()
    }
}

/// Whether this process may read from its terminal, and change it, without being stopped.
fn is_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}
