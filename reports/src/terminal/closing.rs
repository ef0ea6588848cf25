//! How a page closes: how what it is about ended, and the exit code.

use run_record::end::{End, EndReason, Exit};
use unicode_width::UnicodeWidthStr;

use super::line::{Line, words};
use crate::sanitise::sanitise;
use crate::style::{Style, Tone};

/// That it ended otherwise than planned; nothing to say where it did not.
pub(super) fn ended(end: &End) -> Option<Line> {
    if end.reason == EndReason::Completed {
        return None;
    }
    let text = sanitise(&end.text);
    let colon = if text.is_empty() { "" } else { ": " };
    let reason = reason(end.reason);
    Some(Line::new("  ").toned(Tone::Warn, format!("{reason}{colon}{text}")))
}

/// The exit code on the right, its reason above where it is not 0.
///
/// Beside the code stands `left`, or the end of the reason where `left` is empty; what leaves no
/// room for the code has a line of its own.
pub(super) fn exit(exit: Option<&Exit>, left: Line, style: &Style) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(exit) = exit else {
        lines.extend((left.columns() > 0).then_some(left));
        return lines;
    };
    if exit.code != 0 && !exit.reason.is_empty() {
        let reason = words(&sanitise(&exit.reason), style.width.saturating_sub(2));
        let reason = reason.into_iter();
        lines.extend(reason.map(|line| Line::new("  ").toned(Tone::Bad, line)));
    }
    if lines.is_empty() || left.columns() > 0 {
        lines.push(left);
    }
    let code = format!("exit {}", exit.code);
    let room = style.width.saturating_sub(code.width());
    let beside = lines.pop_if(|last| last.columns() < room);
    let tone = if exit.code == 0 {
        Tone::Good
    } else {
        Tone::Bad
    };
    lines.push(beside.unwrap_or_default().up_to(room).toned(tone, code));
    lines
}

fn reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Completed => "completed",
        EndReason::TargetGone => "the target went away",
        EndReason::CircuitBreaker => "stopped by itself",
        EndReason::Refused => "not started",
        EndReason::Interrupted => "interrupted",
        EndReason::Internal => "stopped by a fault of this tool",
    }
}
