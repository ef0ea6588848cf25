//! The card of a selftest: whether this machine can measure, below which difference nothing is meant, what it holds.
//!
//! Plain words first, figures after them, and what to do where something is not well.

use run_record::self_check::{Bound, Check, CheckStatus};
use run_record::selftest::{Floor, SelfTest, Step, Stop, Times};
use run_record::time::Nanos;

use super::closing;
use super::line::{Line, words, wrap};
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_left};

/// Where the figures of a table begin, and how wide each is.
const LABEL: usize = 30;
const FIGURE: usize = 11;

/// The card, ending in a line break. No line is wider than the style says.
pub fn selftest_card(test: &SelfTest, style: &Style) -> String {
    let mut lines = headline(test, style);
    let sections = [
        times(test),
        counts(test),
        load(test, style),
        complaints(test, style),
    ];
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        lines.push(Line::default());
        lines.extend(section);
    }
    lines.push(Line::default());
    lines.extend(closing::exit(Some(&test.exit), Line::default(), style));
    lines.iter().map(|line| line.render(style) + "\n").collect()
}

/// The answer in a sentence, and which machine it is about.
fn headline(test: &SelfTest, style: &Style) -> Vec<Line> {
    let (tone, word) = match test.self_check.status() {
        CheckStatus::Ok => (Tone::Good, style.symbol("✓ FIT", "FIT")),
        CheckStatus::Warn => (Tone::Warn, "! FIT, with a warning"),
        CheckStatus::Invalid => (Tone::Bad, "! NOT FIT"),
    };
    // Half of the tests prove nothing: a machine is fit once all was measured.
    let is_whole = test
        .load
        .as_ref()
        .is_some_and(|load| load.stop != Stop::Interrupted);
    let mut lines = Vec::new();
    if is_whole || test.self_check.status() == CheckStatus::Invalid {
        lines.push(Line::default().toned(tone, word));
    }
    if let Some(noise) = test.noise_us {
        let sentence = format!(
            "Differences below {} mean nothing on this machine.",
            number::time(noise)
        );
        lines.push(Line::new("  ").toned(Tone::Strong, sentence));
    }
    let about = &test.environment;
    let facts = [
        about.os.clone(),
        format!("kernel {}", about.kernel),
        format!("{} cores", about.cores),
        about.tool.clone(),
    ];
    let facts = facts.map(|fact| Line::new(sanitise(&fact))).to_vec();
    lines.extend(wrap(style, Line::new("  "), 2, facts));
    lines
}

fn times(test: &SelfTest) -> Vec<Line> {
    let floor = test.floor.as_ref();
    let rows = [
        ("a sleep ends late by", test.timer_lateness),
        (
            "an event takes (transit)",
            floor.and_then(|floor| floor.transit),
        ),
        (
            "its arrival is known within",
            floor.and_then(|floor| floor.interval_width),
        ),
    ];
    let mut lines: Vec<Line> = rows
        .into_iter()
        .filter_map(|(label, times)| Some(row(label, &figures(&times?))))
        .collect();
    if !lines.is_empty() {
        let heading = row(
            "without load",
            &["p50", "p99", "longest", "samples"].map(str::to_owned),
        );
        lines.insert(0, heading);
    }
    lines
}

fn figures(times: &Times) -> [String; 4] {
    let told = |time: Option<Nanos>| time.map_or_else(|| "-".to_owned(), number::time);
    [
        told(times.p50_us),
        told(times.p99_us),
        number::time(times.max_us),
        number::count(times.count),
    ]
}

fn row(label: &str, figures: &[String]) -> Line {
    let figures = figures.iter().map(|figure| pad_left(figure, FIGURE));
    Line::new(format!("  {label}"))
        .up_to(LABEL)
        .then(figures.collect::<String>())
}

/// What was counted and not timed.
fn counts(test: &SelfTest) -> Vec<Line> {
    let Some(floor) = &test.floor else {
        return Vec::new();
    };
    let fact = |label: &str, text: String| Line::new(format!("  {label}")).up_to(LABEL).then(text);
    let clock = match test.clock_step_us {
        step if step < Nanos::from_millis(1) => "it did not step".to_owned(),
        step => format!("it stepped by {}", number::time(step)),
    };
    vec![
        fact("the kernel's stamps", stamps(floor)),
        fact("events of what was held", arrived(test)),
        fact("the clock", clock),
    ]
}

fn stamps(floor: &Floor) -> String {
    let [stamped, reads] = [floor.reads_stamped, floor.reads].map(number::count);
    let share = number::share(floor.reads_stamped, floor.reads);
    format!("{stamped} of {reads} reads have one ({share})")
}

fn arrived(test: &SelfTest) -> String {
    let events = test.events();
    let once = events.received.saturating_sub(events.duplicated);
    let [sent, once] = [events.sent, once].map(number::count);
    let twice = match events.duplicated {
        0 => "none twice".to_owned(),
        more => format!("{} twice", number::count(more)),
    };
    format!("{once} of {sent} arrived, {twice}")
}

/// Each step, and why there was no further one.
fn load(test: &SelfTest, style: &Style) -> Vec<Line> {
    let Some(load) = &test.load else {
        return Vec::new();
    };
    let heading = ["events/s", "processor", "read late", ""].map(str::to_owned);
    let mut lines = vec![row("connections at once", &heading)];
    lines.extend(load.steps.iter().map(step));
    let sentence = match load.held() {
        Some(step) => format!(
            "{} {} connections with {} events a second; {}",
            if load.stop == Stop::Top {
                "Holds at least"
            } else {
                "Holds"
            },
            number::count(step.connections.into()),
            number::count(step.events_per_s),
            stop(&load.stop)
        ),
        None => format!("Holds none of what was tried; {}", stop(&load.stop)),
    };
    let room = style.width.saturating_sub(2);
    let sentence = words(&sanitise(&sentence), room).into_iter();
    lines.extend(sentence.map(|line| Line::new("  ").then(line)));
    lines
}

fn step(step: &Step) -> Line {
    let (tone, word) = if step.held {
        (Tone::Good, "held")
    } else {
        (Tone::Warn, "too much")
    };
    let figures = [
        number::count(step.events_per_s),
        number::percent(step.cpu_percent),
        number::time(step.generator_lag_p99_us),
    ];
    row(&number::count(step.connections.into()), &figures).toned(tone, pad_left(word, FIGURE))
}

fn stop(stop: &Stop) -> String {
    match stop {
        Stop::Top => "more was not tried.".to_owned(),
        Stop::Descriptors => "more needs more file descriptors (`ulimit -Hn`).".to_owned(),
        Stop::Generator(limits) => {
            format!("beyond it loadgen is too slow ({}).", limits.join(", "))
        }
        Stop::Target => {
            "beyond it the target on this machine, which shares its processors, falls behind. \
            Against a server elsewhere it holds more."
                .to_owned()
        }
        Stop::Interrupted => "interrupted before the next step.".to_owned(),
    }
}

/// What is not well, and what to do about it.
fn complaints(test: &SelfTest, style: &Style) -> Vec<Line> {
    let room = style.width.saturating_sub(4);
    let mut lines = Vec::new();
    for (name, check) in test.self_check.by_status() {
        let tone = match check.status {
            CheckStatus::Ok => continue,
            CheckStatus::Warn => Tone::Warn,
            CheckStatus::Invalid => Tone::Bad,
        };
        let text = format!("{}: {}", measured(name, check), remedy(name));
        let mut mark = "  ! ";
        for line in words(&sanitise(&text), room) {
            lines.push(Line::default().toned(tone, mark).then(line));
            mark = "    ";
        }
    }
    lines
}

fn measured(name: &str, check: &Check) -> String {
    let bound = match check.bound {
        Bound::AtMost => "at most",
        Bound::AtLeast => "at least",
    };
    let [value, limit] = [check.value, check.limit].map(|number| match check.unit.as_str() {
        "us" => number::micros(number),
        "%" => number::percent(number),
        _ => number::significant(number),
    });
    format!("{name} is {value} ({bound} {limit})")
}

fn remedy(name: &str) -> &'static str {
    match name {
        "timer_lag.p99" | "transit.p99" | "interval_width.p99" | "connections_held" => {
            "other programs take this machine's processors; stop them, or measure from another machine."
        }
        "stamp_coverage" => {
            "the kernel stamps too few arrivals; times are those of reading, and late when loadgen is."
        }
        "clock_step" => {
            "something sets the clock; let it be slewed (chrony, ntpd) or stop it while measuring."
        }
        "miscounted" => "loadgen has lost or doubled events itself: a fault, please report it.",
        _ => "beyond its limit.",
    }
}
