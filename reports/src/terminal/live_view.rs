//! The live view: a frame of lines for a terminal, drawn anew every second.

use run_record::self_check::CheckStatus;
use run_record::time::Nanos;
use run_record::timeline::{Slice, Timeline};

use super::line::Line;
use super::progress::{Latency, Machine, Progress};
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_left, pad_right};

/// Where the second column begins.
const LABEL: usize = 13;

/// Kinds of errors that are shown.
const MOST_ERRORS: usize = 4;

const KEYS: &str = "q stop and report   p pause view   +/- window   e errors   ? help";
const HELP: [&str; 3] = [
    "q      stop now, and report what was measured, as Ctrl-C does",
    "p      keep this frame on the screen; measuring goes on",
    "+ -    tell the quantiles of a longer or a shorter time",
];

/// The rows of the picture, slowest first: label and the shortest time that belongs there.
const ROWS: [(&str, Nanos); 4] = [
    ("1s+", Nanos::from_secs(1)),
    ("100ms+", Nanos::from_millis(100)),
    ("10ms+", Nanos::from_millis(10)),
    ("below", Nanos::ZERO),
];

/// The lines of one frame. Their number changes only when a latency first appears.
///
/// No line is wider than the style says, and none contains anything that moves the cursor.
pub fn live_view(progress: &Progress<'_>, style: &Style) -> Vec<String> {
    let mut lines = vec![
        title(progress, style),
        connections(progress),
        rates(progress),
    ];
    if let Some(latency) = &progress.latency {
        lines.push(latency_line(latency));
        lines.extend(picture(progress.timeline, style));
    }
    if let Some(word) = progress.verdict {
        let symbol = word.symbol(style.charset());
        let label = word.label();
        let told = Line::new(" verdict so far  ");
        lines.push(told.toned(Tone::Strong, format!("{symbol} {label}")));
    }
    lines.push(machine(&progress.machine, style));
    lines.extend(asked(progress, style));
    lines.iter().map(|line| line.render(style)).collect()
}

fn title(progress: &Progress<'_>, style: &Style) -> Line {
    let clock = match progress.planned {
        Some(planned) => {
            format!(
                "{} / {}",
                number::clock(progress.elapsed),
                number::clock(planned)
            )
        }
        None => number::clock(progress.elapsed),
    };
    let bar = progress.planned.map_or_else(String::new, |planned| {
        let eighths = 8 * 8 * progress.elapsed.0.min(planned.0) / planned.0.max(1);
        bar(eighths as usize, style)
    });
    let right = format!("{clock}  {}", pad_right(&bar, 8));
    let room = style
        .width
        .saturating_sub(LABEL + 5 + right.chars().count() + 2);
    let url = style.cut(&sanitise(progress.url), room);
    Line::new(" ")
        .toned(Tone::Strong, "streamgauge run")
        .up_to(LABEL + 5)
        .then(pad_right(&url, room))
        .then(format!("  {right}"))
}

/// A bar of up to eight columns, in eighths of a column.
fn bar(eighths: usize, style: &Style) -> String {
    if style.ascii {
        return "#".repeat(eighths / 8);
    }
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + rest
}

fn connections(progress: &Progress<'_>) -> Line {
    let states = [
        ("opening", progress.opening),
        ("streaming", progress.streaming),
        ("reconnecting", progress.reconnecting),
    ];
    let line = states
        .iter()
        .fold(labelled("connections"), |line, (name, count)| {
            line.then(format!("{name} {}  ", number::count(*count)))
        });
    let failed = format!("failed {}", number::count(progress.failed));
    if progress.failed > 0 {
        line.toned(Tone::Bad, failed)
    } else {
        line.then(failed)
    }
}

fn rates(progress: &Progress<'_>) -> Line {
    labelled("events/s")
        .then(number::count(progress.events_per_s))
        .up_to(LABEL + 25)
        .then(format!("bytes/s  {}", number::bytes(progress.bytes_per_s)))
}

fn latency_line(latency: &Latency) -> Line {
    let quantiles = [
        ("p50", latency.p50),
        ("p99", latency.p99),
        ("p99.9", latency.p99_9),
        ("max", Some(latency.max)),
    ];
    quantiles
        .iter()
        .fold(labelled(latency.metric.name()), |line, (name, value)| {
            let value = value.map_or_else(|| "-".to_owned(), number::time);
            line.then(format!("{name} {value}   "))
        })
        .toned(
            Tone::Faint,
            format!("(last {})", number::time(latency.last)),
        )
}

/// One column a slice, one row for each order of magnitude: how much of the slice lies there.
fn picture(timeline: &Timeline, style: &Style) -> Vec<Line> {
    let slices: Vec<_> = timeline.iter().map(|(_, slice)| slice).collect();
    let columns = style.width.saturating_sub(LABEL + 1).min(slices.len());
    let shown = &slices[slices.len() - columns..];
    let row = |index: usize| {
        let (label, from) = ROWS[index];
        let until = index
            .checked_sub(1)
            .map_or(Nanos(u64::MAX), |slower| ROWS[slower].1);
        let cells: String = shown
            .iter()
            .map(|slice| cell(slice, from, until, style))
            .collect();
        Line::new(format!(" {}", pad_left(label, LABEL - 2)))
            .then(" ")
            .then(cells)
    };
    (0..ROWS.len()).map(row).collect()
}

/// The share of a slice's events in a row, in eight steps; any share above none is seen.
fn cell(slice: &Slice, from: Nanos, until: Nanos, style: &Style) -> char {
    let sizes = if slice.delivery.is_empty() {
        &slice.gap
    } else {
        &slice.delivery
    };
    let (mut inside, mut all) = (0_u64, 0_u64);
    for (size, count) in sizes.iter() {
        all = all.saturating_add(count);
        if from <= size && size < until {
            inside = inside.saturating_add(count);
        }
    }
    if inside == 0 {
        return if style.ascii { '.' } else { '·' };
    }
    let step = (7.0 * inside as f64 / all as f64).round() as usize;
    let steps = if style.ascii {
        "_,:-=+*#"
    } else {
        "▁▂▃▄▅▆▇█"
    };
    steps.chars().nth(step.min(7)).unwrap_or('#')
}

fn machine(machine: &Machine, style: &Style) -> Line {
    let lag = machine
        .generator_lag_p99
        .map_or_else(|| "-".to_owned(), number::time);
    let line = labelled("this machine").then(format!(
        "cpu {}  generator_lag p99 {lag}  fds {}/{}  ",
        number::percent(machine.cpu_percent.round()),
        number::count(machine.descriptors),
        number::count(machine.descriptor_limit),
    ));
    match machine.status {
        CheckStatus::Ok => line.toned(Tone::Good, style.symbol("✓ fit", "fit")),
        CheckStatus::Warn => line.toned(Tone::Warn, "! warning"),
        CheckStatus::Invalid => line.toned(Tone::Bad, "! INVALID"),
    }
}

/// What keys have asked for, and which keys there are.
fn asked(progress: &Progress<'_>, style: &Style) -> Vec<Line> {
    let view = &progress.view;
    let mut lines = Vec::new();
    if view.errors {
        let errors = progress.errors.by_count();
        if errors.is_empty() {
            lines.push(labelled("errors").then("none"));
        }
        for (kind, group) in errors.into_iter().take(MOST_ERRORS) {
            let told = format!(
                "{} {kind}: {}",
                number::count(group.count),
                sanitise(&group.sample)
            );
            lines.push(labelled("errors").then(style.cut(&told, style.width - LABEL - 2)));
        }
    }
    if view.help {
        let help = HELP
            .iter()
            .map(|help| Line::new("   ").toned(Tone::Faint, *help));
        lines.extend(help);
    }
    if view.paused {
        lines.push(Line::new(" ").toned(Tone::Strong, "view paused, the run goes on: p"));
    } else if view.keys {
        lines.push(Line::new(" ").toned(Tone::Faint, KEYS));
    }
    lines
}

fn labelled(label: &str) -> Line {
    Line::new(format!(" {} ", pad_right(label, LABEL - 1)))
}
