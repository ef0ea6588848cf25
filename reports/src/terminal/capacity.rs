//! How many subscribers a server carries: the answer in a line, the steps in a table, what each subscriber costs.

use run_record::capacity::{Capacity, LimitedBy, Step};
use run_record::time::Nanos;

use unicode_width::UnicodeWidthStr;

use super::closing;
use super::line::{Line, words, wrap};
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_left};

/// Limits that have a column.
const MOST_LIMITS: usize = 2;

/// What stands in a column of a step, if anything.
type Figure = dyn Fn(&Step) -> Option<String>;

/// A column of the table: its heading, its width, and what stands there of a step.
struct Column {
    heading: String,
    width: usize,
    of: Box<Figure>,
}

impl Column {
    fn new(heading: &str, width: usize, of: fn(&Step) -> Option<String>) -> Self {
        Self {
            heading: heading.to_owned(),
            width,
            of: Box::new(of),
        }
    }

    /// What was measured for a limit.
    fn of_limit(limit: &str) -> Self {
        let expression = limit.to_owned();
        let measured = move |step: &Step| {
            let mut limits = step.limits.iter();
            let limit = limits.find(|limit| limit.expression == expression)?;
            limit.measured.map(number::amount)
        };
        let heading = sanitise(limit.split('=').next().unwrap_or_default());
        Self {
            width: heading.width().max(9) + 2,
            heading,
            of: Box::new(measured),
        }
    }
}

/// The columns that a search has, whether or not anything is known for them.
fn columns(capacity: &Capacity) -> Vec<Column> {
    let memory = |step: &Step| Some(number::bytes(step.server?.memory_bytes));
    let files = |step: &Step| Some(number::count(step.server?.descriptors));
    let mut columns = vec![
        Column::new("subscribers", 13, |step| {
            Some(number::count(step.subscribers.into()))
        }),
        Column::new("events/s", 11, |step| Some(number::count(per_second(step)))),
    ];
    let limits = capacity.limits.iter().take(MOST_LIMITS);
    columns.extend(limits.map(|limit| Column::of_limit(limit)));
    columns.extend([
        Column::new("memory", 11, memory),
        Column::new("cpu", 8, |step| {
            Some(format!("{:.0} %", cpu_percent(step)?))
        }),
        Column::new("open files", 12, files),
    ]);
    columns
}

/// One line for a log, while the search goes on.
pub fn capacity_line(step: &Step) -> String {
    let p99 = step
        .delivery_p99_us
        .map(|p99| format!(" · delivery p99 {}", number::time(p99)));
    let what = if step.carried {
        "carried"
    } else {
        "not carried"
    };
    let why = step.why.as_ref().map(|why| format!(": {}", sanitise(why)));
    format!(
        "subscribers={} {what}{}{}",
        number::count(step.subscribers.into()),
        p99.unwrap_or_default(),
        why.unwrap_or_default()
    )
}

/// The page, ending in a line break. No line is wider than the style says.
pub fn capacity_page(capacity: &Capacity, style: &Style) -> String {
    let mut lines = vec![headline(capacity, style)];
    let reason = words(&sanitise(&capacity.reason), style.width.saturating_sub(2));
    lines.extend(reason.into_iter().map(|line| Line::new("  ").then(line)));
    lines.push(Line::default());
    lines.extend(table(capacity, style));
    lines.extend(costs(capacity, style));
    lines.push(Line::default());
    lines.extend(conditions(capacity, style));
    lines.extend(closing::exit(Some(&capacity.exit), Line::default(), style));
    lines.iter().map(|line| line.render(style) + "\n").collect()
}

fn headline(capacity: &Capacity, style: &Style) -> Line {
    let tone = match capacity.limited_by {
        LimitedBy::Server | LimitedBy::Nothing => Tone::Strong,
        LimitedBy::Network | LimitedBy::Unknown => Tone::Warn,
        LimitedBy::Machine => Tone::Bad,
    };
    let carried = number::count(capacity.carried.into());
    let mut line = Line::default().toned(tone, format!("{carried} subscribers carried"));
    if let Some(broke_at) = capacity.broke_at {
        line = line.then(format!(
            "{}not {}",
            style.dot(),
            number::count(broke_at.into())
        ));
    }
    let by = match capacity.limited_by {
        LimitedBy::Server => "limited by the server",
        LimitedBy::Network => "limited by the network",
        LimitedBy::Machine => "INVALID: this machine was the limit",
        LimitedBy::Nothing => "the end was not found",
        LimitedBy::Unknown => "what the limit is cannot be told",
    };
    line.then(style.dot()).toned(tone, by)
}

/// The steps by their number of subscribers: the curve.
fn table(capacity: &Capacity, style: &Style) -> Vec<Line> {
    let mut steps: Vec<&Step> = capacity.steps.iter().collect();
    steps.sort_by_key(|step| step.subscribers);
    let is_known = |column: &Column| steps.iter().any(|step| (column.of)(step).is_some());
    let columns: Vec<Column> = columns(capacity).into_iter().filter(is_known).collect();
    let mut heading = Line::default();
    for column in &columns {
        heading = heading.toned(Tone::Faint, pad_left(&column.heading, column.width));
    }
    let row = |step: &&Step| {
        let mut line = Line::default();
        for column in &columns {
            let figure = (column.of)(step).unwrap_or_else(|| "-".to_owned());
            line = line.then(pad_left(&figure, column.width));
        }
        let (tone, word) = if step.carried {
            (Tone::Good, style.symbol("  ✓", "  yes"))
        } else {
            (Tone::Bad, style.symbol("  ✕", "  no"))
        };
        line.toned(tone, word)
    };
    std::iter::once(heading)
        .chain(steps.iter().map(row))
        .collect()
}

fn costs(capacity: &Capacity, style: &Style) -> Vec<Line> {
    let memory = capacity
        .kib_per_subscriber
        .map(|kib| format!("{} KiB a subscriber", number::significant(kib)));
    let cpu = capacity
        .cpu_per_event_us
        .map(|cpu| format!("{} of processor time an event", number::time(cpu)));
    let facts: Vec<String> = memory.into_iter().chain(cpu).collect();
    if facts.is_empty() {
        return Vec::new();
    }
    let facts = facts.into_iter().map(Line::new).collect();
    let lines = wrap(style, Line::new("  the server    "), 16, facts);
    std::iter::once(Line::default()).chain(lines).collect()
}

/// What it means to be carried.
fn conditions(capacity: &Capacity, style: &Style) -> Vec<Line> {
    let mut conditions = vec![format!(
        "an event within {} of the request, no stream ended",
        number::time(capacity.first_event_us)
    )];
    conditions.extend(capacity.limits.iter().map(|limit| sanitise(limit)));
    let text = format!("carried means: {}", conditions.join(", "));
    let lines = words(&text, style.width.saturating_sub(2));
    lines
        .into_iter()
        .map(|line| Line::new("  ").toned(Tone::Faint, line))
        .collect()
}

fn per_second(step: &Step) -> u64 {
    (step.events as f64 / step.lasted_us.as_secs_f64().max(1e-9)) as u64
}

/// Processor time of the server, in percent of one core.
fn cpu_percent(step: &Step) -> Option<f64> {
    let Nanos(lasted) = step.lasted_us;
    let used = step.server?.cpu_us.0;
    Some(used as f64 / lasted.max(1) as f64 * 100.0)
}
