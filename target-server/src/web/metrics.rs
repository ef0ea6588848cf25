//! Counters in the text format of Prometheus (exposition format 0.0.4).

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use crate::accept::FrontCounters;
use crate::counters::{PacerCounters, WorkerCounters};
use crate::truth::End;

/// Writes all counters out.
pub(crate) fn render(
    instance: u32,
    front: &FrontCounters,
    pacer: &PacerCounters,
    workers: &WorkerCounters,
) -> String {
    let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let mut page = Page(String::new());
    page.one(
        "instance",
        "gauge",
        "Random number of this process.",
        instance,
    );
    page.one(
        "requests_total",
        "counter",
        "Requests whose head was read.",
        load(&front.requests),
    );
    page.one(
        "requests_refused_total",
        "counter",
        "Requests for a stream refused.",
        load(&front.refused),
    );
    page.one(
        "accept_errors_total",
        "counter",
        "Connections not accepted.",
        load(&front.accept_errors),
    );
    page.one(
        "subscribers",
        "gauge",
        "Subscribers connected.",
        workers.subscribers,
    );
    page.one(
        "subscribers_total",
        "counter",
        "Subscribers ever admitted.",
        workers.admitted,
    );
    page.head(
        "responses_ended_total",
        "counter",
        "Responses ended, by reason.",
    );
    for (end, count) in End::ALL.iter().zip(workers.ended) {
        page.line(
            &format!("responses_ended_total{{end=\"{}\"}}", end.name()),
            count,
        );
    }
    page.one(
        "events_written_total",
        "counter",
        "Events written to subscribers.",
        workers.events,
    );
    page.one(
        "bytes_written_total",
        "counter",
        "Bytes written to subscribers.",
        workers.bytes,
    );
    page.one(
        "backlog_bytes",
        "gauge",
        "Bytes waiting for slow subscribers.",
        workers.backlog_bytes,
    );
    page.one("sources", "gauge", "Sources known.", pacer.sources.len());
    page.one(
        "events_emitted_total",
        "counter",
        "Events built by all sources.",
        pacer.events,
    );
    let (sum, most) = (
        pacer.lateness.as_secs_f64(),
        pacer.max_lateness.as_secs_f64(),
    );
    page.one(
        "tick_lateness_seconds_total",
        "counter",
        "Sum of emitted - due.",
        sum,
    );
    page.one(
        "tick_lateness_seconds_max",
        "gauge",
        "Largest emitted - due.",
        most,
    );
    page.0
}

struct Page(String);

impl Page {
    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.line(name, value);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        writeln!(
            self.0,
            "# HELP target_server_{name} {help}\n# TYPE target_server_{name} {kind}"
        )
        .expect("writing to memory cannot fail");
    }

    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        writeln!(self.0, "target_server_{name} {value}").expect("writing to memory cannot fail");
    }
}
