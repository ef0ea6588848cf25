//! Records and progress as a run leaves them, with fixed numbers.

use reports::terminal::{Latency, Machine, Progress, View};
use run_record::end::{End, EndReason, Exit};
use run_record::environment::Environment;
use run_record::errors::{ErrorKind, Errors};
use run_record::limits::Limit;
use run_record::metric::Metric;
use run_record::plan::PlanRecord;
use run_record::record::{Kind, Moment, RunRecord};
use run_record::self_check::{Check, CheckStatus};
use run_record::time::{Nanos, Wall};
use run_record::timeline::Timeline;
use run_record::verdict::{Confidence, Verdict, Word};
use std::sync::OnceLock;

static NO_ERRORS: OnceLock<Errors> = OnceLock::new();

const START: Wall = Wall(1_700_000_000_000_000_000);

pub(crate) fn empty_run() -> RunRecord {
    let plan = PlanRecord {
        url: "http://127.0.0.1:8080/prices".to_owned(),
        connections: 5_000,
        sequence_by: Some("target-server's sequence numbers".to_owned()),
        ..PlanRecord::default()
    };
    let mut record = RunRecord::new(Kind::Run, START, plan, Environment::default());
    record.ended = Moment::at(START + Nanos::from_secs(60));
    record
}

pub(crate) fn good_run() -> RunRecord {
    let mut record = empty_run();
    let group = record.measured.group_mut("all");
    let histograms = &mut group.histograms;
    for step in 1..=20_000_u64 {
        histograms.record(Metric::Delivery, Nanos(step * step));
        histograms.record(Metric::Transit, Nanos(step * step - step));
        histograms.record(Metric::GeneratorLag, Nanos(step * 15));
    }
    for step in 1..=5_000 {
        histograms.record(Metric::Connect, Nanos(step * 150));
        histograms.record(Metric::FirstEvent, Nanos(step * 20_000));
        histograms.record(Metric::FirstEventDue, Nanos(step * 21_000));
    }
    let counters = &mut group.counters;
    counters.subscribers.connected = 5_000;
    counters.events.received = 1_499_400;
    counters.events.sequenced = 1_499_400;
    counters.bytes.wire = 186_000_000;
    counters.arrivals.exact = 1_499_000;
    counters.arrivals.bounded = 400;
    counters.stalls.judged_streams = 5_000;
    let check = |value, limit, unit| Check::at_most(value, limit, unit, CheckStatus::Invalid);
    record.self_check.observe("cpu", check(41.0, 80.0, "%"));
    record
        .self_check
        .observe("schedule_lag.p99", check(1_200.0, 10_000.0, "us"));
    record.evaluate(&[Limit::parse_max("delivery.p99=500ms").expect("a limit as documented")]);
    record.exit = Some(Exit {
        code: 0,
        reason: "as expected".to_owned(),
    });
    record
}

pub(crate) fn bad_run() -> RunRecord {
    let mut record = good_run();
    let group = record.measured.group_mut("all");
    group.counters.subscribers.connected = 4_998;
    group.counters.events.lost = 88;
    group.counters.events.received -= 88;
    group.counters.events.sequenced -= 88;
    group.counters.events.missed_between_streams = 12;
    group.counters.events.unfinished = 1;
    group.counters.connections.failed = 2;
    group.counters.connections.reconnects = 12;
    group.counters.connections.closed_by_server = 12;
    group.counters.stalls.stalled_streams = 3;
    group
        .histograms
        .record(Metric::Stall, Nanos::from_millis(1_310));
    (0..12).for_each(|step| {
        group
            .histograms
            .record(Metric::Reconnect, Nanos::from_millis(step))
    });
    let at = |seconds| START + Nanos::from_secs(seconds);
    let errors = &mut record.measured.errors;
    errors.observe(ErrorKind::Reset, at(12), "connection reset by peer");
    errors.observe(ErrorKind::Reset, at(20), "connection reset by peer");
    errors.observe(ErrorKind::Status(503), at(13), "503 Service Unavailable");
    let cpu = Check::at_most(93.5, 80.0, "%", CheckStatus::Warn);
    record.self_check.observe("cpu", cpu);
    record.verdict = Some(Verdict {
        word: Word::Live,
        gloss: "each event was handed on as it was written".to_owned(),
        hold: None,
        confidence: Confidence::High,
        reason: None,
        evidence: Vec::new(),
        causes: Vec::new(),
        findings: Vec::new(),
        not_tested: Vec::new(),
    });
    let max = |text| Limit::parse_max(text).expect("a limit as documented");
    record.evaluate(&[
        max("delivery.p99=500ms"),
        max("first_event.p99=50ms"),
        max("lost=0"),
        max("reconnect.p99=1s"),
        Limit::parse_min("connections=5000").expect("a limit as documented"),
    ]);
    record.exit = Some(Exit {
        code: 1,
        reason: "3 limits missed".to_owned(),
    });
    record
}

/// A run in which every text that can come from outside is the given one.
pub(crate) fn hostile_run(text: &str) -> RunRecord {
    let mut record = bad_run();
    record.plan.url = text.to_owned();
    record.plan.sequence_by = Some(text.to_owned());
    record.end = End {
        reason: EndReason::TargetGone,
        text: text.to_owned(),
    };
    record.exit = Some(Exit {
        code: 3,
        reason: text.to_owned(),
    });
    record
        .measured
        .errors
        .observe(ErrorKind::Other, START, text);
    record
        .self_check
        .observe(text, Check::at_most(2.0, 1.0, text, CheckStatus::Warn));
    for result in &mut record.limits {
        result.expression = text.to_owned();
        result.why = Some(text.to_owned());
    }
    if let Some(verdict) = &mut record.verdict {
        verdict.gloss = text.to_owned();
    }
    record
}

/// 40 s of events around 2 ms, with a stall after 20 s.
pub(crate) fn timeline() -> Timeline {
    let mut timeline = Timeline::default();
    for second in 0..40_u64 {
        let slice = timeline.slice_mut(START + Nanos::from_secs(second));
        for event in 0..100_u64 {
            let slow = if second == 20 {
                100 + event * 12
            } else {
                2 + event / 30 * second / 8
            };
            slice.events += 1;
            slice.delivery.record(Nanos::from_millis(slow));
        }
    }
    timeline
}

pub(crate) fn progress(timeline: &Timeline) -> Progress<'_> {
    Progress {
        url: "http://localhost:8080/prices?interval=100ms&size=2000&burst=10&seed=7",
        elapsed: Nanos::from_secs(34),
        planned: Some(Nanos::from_secs(60)),
        subscribers: 5_000,
        opening: 0,
        streaming: 4_998,
        reconnecting: 2,
        failed: 0,
        events_per_s: 24_990,
        bytes_per_s: 3_100_000,
        latency: Some(Latency {
            metric: Metric::Delivery,
            last: Nanos::from_secs(5),
            p50: Some(Nanos::from_micros(1_800)),
            p99: Some(Nanos::from_millis(22)),
            p99_9: None,
            max: Nanos::from_millis(1_310),
        }),
        timeline,
        verdict: Some(Word::Live),
        machine: Machine {
            cpu_percent: 41.2,
            generator_lag_p99: Some(Nanos::from_micros(300)),
            descriptors: 5_031,
            descriptor_limit: 65_536,
            status: CheckStatus::Ok,
        },
        errors: NO_ERRORS.get_or_init(Errors::default),
        view: View::default(),
    }
}
