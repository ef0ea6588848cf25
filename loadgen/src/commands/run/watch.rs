//! How a run goes, while it goes on: a live view on a terminal, a line every ten seconds elsewhere.
//!
//! It only looks at what the collector has: with and without it the engine does the same.

use super::keys::Keys;
use crate::clock;
use crate::commands::voice::{print, say};
use crate::engine;
use crate::plan::Plan;
use crate::processes::Lost;
use reports::style::Style;
use reports::terminal::{self, Latency, Machine, Progress, View};
use run_record::environment::Environment;
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::octaves::Octaves;
use run_record::plan::PlanRecord;
use run_record::quantile::Quantile;
use run_record::record::{Kind, Moment, RunRecord};
use run_record::redact;
use run_record::self_check::CheckStatus;
use run_record::time::{Nanos, Wall};
use run_record::timeline::Slice;
use run_record::verdict::Word;
use std::io::{self, IsTerminal, Write};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Seconds between two lines where there is no terminal.
const LINE_EVERY: u64 = 10;
/// Seconds between two verdicts: each takes the streams that are followed from their beginning.
const VERDICT_EVERY: u64 = 5;

/// What is shown, and how.
pub(super) struct Watch {
    url: String,
    subscribers: u64,
    style: Style,
    shown: bool,
    /// Lines of JSON on stdout.
    live_json: bool,
    live: bool,
    /// Lines of the last frame, to be written over.
    lines: usize,
    seconds: u64,
    /// The word so far.
    word: Option<Word>,
    keys: Option<Keys>,
    /// The frame has been drawn that says it stays.
    is_still: bool,
}

impl Watch {
    /// `stop` is set by the key that ends the run.
    pub(super) fn new(plan: &Plan, stop: &Arc<AtomicBool>) -> Watch {
        let live = io::stderr().is_terminal();
        let shown = plan.output.progress;
        Watch {
            url: redact::url(plan.url.as_str()),
            subscribers: plan.load.own().into(),
            style: crate::commands::voice::style(&plan.output, live),
            shown,
            live_json: plan.output.live_json,
            live,
            lines: 0,
            seconds: 0,
            word: None,
            keys: (shown && live).then(|| Keys::begin(stop)).flatten(),
            is_still: false,
        }
    }

    /// Shows how it goes; called about once a second.
    pub(super) fn show(&mut self, now: &mut engine::Progress<'_>) {
        self.seconds += 1;
        let is_due = self.live || self.seconds.is_multiple_of(LINE_EVERY);
        let is_shown = self.shown && is_due;
        if !is_shown && !self.live_json {
            return;
        }
        if self.seconds.is_multiple_of(VERDICT_EVERY) {
            self.word = Some(word_so_far(now));
        }
        if self.live_json {
            self.print(now);
        }
        if is_shown {
            self.draw(now);
        }
    }

    fn draw(&mut self, now: &engine::Progress<'_>) {
        let view = self.keys.as_ref().map(Keys::view).unwrap_or_default();
        if self.is_still && view.paused {
            return;
        }
        self.is_still = view.paused;
        let total = now.measured.total();
        let progress = self.progress(now, &total, view);
        if self.live {
            let frame = terminal::live_view(&progress, &self.style);
            self.redraw(&frame);
        } else {
            say(&terminal::progress_line(&progress));
        }
    }

    /// A line for programs; one that has stopped reading is no reason to stop measuring.
    fn print(&self, now: &engine::Progress<'_>) {
        let total = now.measured.total();
        let progress = self.progress(now, &total, View::default());
        if let Ok(mut line) = serde_json::to_vec(&reports::live::live(&progress)) {
            line.push(b'\n');
            let _ = print(&line);
        }
    }

    /// A process of the run has gone: said once, above the live view.
    pub(super) fn lost(&mut self, lost: &Lost) {
        self.redraw(&[]);
        say(&format!("warning: {}", lost_text(lost)));
    }

    /// Takes the live view off the screen: the page of the end replaces it.
    pub(super) fn close(&mut self) {
        self.redraw(&[]);
        self.keys = None;
    }

    fn redraw(&mut self, frame: &[String]) {
        let mut text = String::new();
        if self.lines > 0 {
            text.push_str(&format!("\x1b[{}A\x1b[J", self.lines));
        }
        for line in frame {
            text.push_str(line);
            text.push('\n');
        }
        self.lines = frame.len();
        // A terminal that is gone is no reason to stop measuring.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    fn progress<'a>(
        &'a self,
        now: &'a engine::Progress<'_>,
        total: &Group,
        view: View,
    ) -> Progress<'a> {
        let timeline = &now.measured.timeline;
        let width = timeline.width_seconds();
        // The slice that has just begun is not over, and would look like a drop.
        let slices: Vec<_> = timeline.iter().map(|(_, slice)| slice).collect();
        let whole = &slices[..slices.len().saturating_sub(1)];
        let last = whole.last();
        let (descriptors, descriptor_limit) = now.descriptors;
        Progress {
            url: &self.url,
            elapsed: now.elapsed,
            planned: Some(now.length),
            subscribers: self.subscribers,
            opening: now.gauges.opening,
            streaming: now.gauges.open + now.gauges.streaming,
            reconnecting: now.gauges.waiting,
            failed: total.counters.connections.failed,
            events_per_s: last.map_or(0, |slice| slice.events / width),
            bytes_per_s: total.counters.bytes.wire.saturating_mul(1_000_000_000)
                / now.elapsed.0.max(1),
            latency: latency(whole, total, width, view.slices()),
            timeline,
            verdict: self.word,
            machine: Machine {
                cpu_percent: now.cpu.0 as f64 / now.elapsed.0.max(1) as f64 * 100.0,
                generator_lag_p99: total
                    .histograms
                    .quantile(Metric::GeneratorLag, Quantile::P99),
                descriptors,
                descriptor_limit,
                status: CheckStatus::Ok,
            },
            errors: &now.measured.errors,
            view,
        }
    }
}

/// What would be said of the streams if the run ended now.
fn word_so_far(now: &mut engine::Progress<'_>) -> Word {
    let at = clock::wall();
    let started = Wall(at.0.saturating_sub(now.elapsed.0));
    let plan = PlanRecord::default();
    let mut record = RunRecord::new(Kind::Run, started, plan, Environment::default());
    record.ended = Moment::at(at);
    // Lent, because a copy would be megabytes.
    record.measured = mem::take(now.measured);
    let word = verdict::of_run(&record).word;
    *now.measured = record.measured;
    word
}

/// What has happened, and what it means for the run.
pub(super) fn lost_text(lost: &Lost) -> String {
    format!(
        "process {} of {} ended {} s after the start, {}: its {} subscribers are missing from then on, and what it measured \
         in its last second",
        lost.part.number + 1,
        lost.part.of,
        lost.after.0 / 1_000_000_000,
        lost.how,
        lost.subscribers
    )
}

/// How late events were in the last whole slices, to the 12 % of their small histograms.
fn latency(slices: &[&Slice], total: &Group, width: u64, window: usize) -> Option<Latency> {
    let metric = if total.histograms.count(Metric::Delivery) > 0 {
        Metric::Delivery
    } else {
        Metric::Gap
    };
    let mut recent = Octaves::default();
    for slice in slices.iter().rev().take(window) {
        recent.merge(if metric == Metric::Delivery {
            &slice.delivery
        } else {
            &slice.gap
        });
    }
    Some(Latency {
        metric,
        last: Nanos::from_secs(width * window.min(slices.len()) as u64),
        p50: recent.quantile(Quantile::P50),
        p99: recent.quantile(Quantile::P99),
        p99_9: recent.quantile(Quantile::P99_9),
        max: recent.max()?,
    })
}
