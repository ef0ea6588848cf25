//! How a check goes, while it goes on: one line that is written over on a terminal, nothing elsewhere.

use crate::check::{Progress, Purpose};
use crate::plan::CheckPlan;
use std::io::{self, IsTerminal, Write};
use verdict::plan::Why;

/// The line.
pub(super) struct Watch {
    live: bool,
    shown: bool,
}

impl Watch {
    pub(super) fn new(plan: &CheckPlan) -> Watch {
        Watch {
            live: plan.output.progress && io::stderr().is_terminal(),
            shown: false,
        }
    }

    /// Whether a person can be seen to watch.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    pub(super) fn show(&mut self, progress: &Progress) {
        if self.live {
            self.shown = true;
            write(&format!("\r\x1b[K{}", line(progress)));
        }
    }

    /// The same for one of several hops.
    pub(super) fn show_hop(&mut self, name: &str, progress: &Progress) {
        if self.live {
            self.shown = true;
            write(&format!("\r\x1b[K{name}: {}", line(progress)));
        }
    }

    /// Takes the line off the screen: the page replaces it.
    pub(super) fn close(&mut self) {
        if self.shown {
            write("\r\x1b[K");
        }
    }
}

/// What stands on the line, at most 79 columns.
fn line(progress: &Progress) -> String {
    let left = progress.limit - progress.elapsed;
    let events = progress.events;
    let noun = if events == 1 { "event" } else { "events" };
    format!(
        "{}: {events} {noun}, at most {:.0} s left (Ctrl-C ends it)",
        purpose(progress.purpose),
        left.as_secs_f64().ceil(),
    )
}

/// What a request is for, in a few words.
pub(super) fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Question(Why::AsBrowser) => "as a browser asks",
        Purpose::Question(Why::WithoutCompression) => "without Accept-Encoding",
        Purpose::Question(Why::OtherRate) => "at another rate",
        Purpose::Question(Why::MoreBytes) => "with more bytes",
        Purpose::Question(Why::Again) => "the same once more",
        Purpose::Question(Why::LargerEvents) => "with larger events",
        Purpose::Question(Why::LoneEvents) => "with events far apart",
        Purpose::Question(Why::SmallSegments) => "in segments as on Ethernet",
        Purpose::Question(Why::OverHttp11) => "over HTTP/1.1",
        Purpose::Question(Why::OverHttp10) => "over HTTP/1.0",
        Purpose::Question(Why::SecondClient) => "a second client",
        Purpose::Companion => "a second one beside it",
        Purpose::Crowd => "many at once",
    }
}

/// A terminal that is gone is no reason to stop.
fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}
