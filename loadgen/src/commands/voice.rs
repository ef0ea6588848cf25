//! How commands speak: to people on stderr, to readers of the answer on stdout; and how Ctrl-C reaches them.

use crate::exit::Exit;
use crate::plan::{Color, Output};
use anyhow::{Context, Result};
use reports::style::Style;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Set by Ctrl-C and SIGTERM. The first ends the work and keeps what was measured; the second ends the process.
pub(in crate::commands) fn interrupt() -> Result<Arc<AtomicBool>> {
    let interrupt = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(
            signal,
            Exit::Interrupted.code().into(),
            interrupt.clone(),
        )
        .and_then(|_| flag::register(signal, interrupt.clone()))
        .context("cannot listen for Ctrl-C")?;
    }
    Ok(interrupt)
}

/// How a page is to look on a stream that is a terminal or is none.
pub(in crate::commands) fn style(output: &Output, is_terminal: bool) -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = match output.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && !no_color,
    };
    Style {
        colour,
        ascii: output.ascii,
        ..Style::default()
    }
}

/// Says why nothing was done.
pub(in crate::commands) fn refuse(error: &impl std::fmt::Display, exit: Exit) -> Exit {
    say(&format!("error: {error}"));
    exit
}

/// One line for people; what machines read goes to stdout. A reader that has gone away is no reason to stop.
pub(in crate::commands) fn say(line: &str) {
    let line = guarded(line.trim_end()) + "\n";
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// A workflow command for the runner of GitHub Actions; it reads both streams, and stdout may be for a machine.
pub(in crate::commands) fn command(line: &str) {
    let _ = io::stderr()
        .lock()
        .write_all(format!("{line}\n").as_bytes());
}

/// A reader that has gone away is no error: it has read what it wanted.
pub(in crate::commands) fn print(bytes: &[u8]) -> Result<()> {
    let text = std::str::from_utf8(bytes).map(guarded);
    let bytes = text.as_ref().map_or(bytes, |text| text.as_bytes());
    match io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}

/// In GitHub Actions a line of text must not be a command.
fn guarded(text: &str) -> String {
    if super::ci::is_github() {
        reports::annotations::harmless(text)
    } else {
        text.to_owned()
    }
}
