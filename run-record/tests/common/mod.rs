//! Random runs: what happened to whom, recorded into one record or into several shards of it.

use proptest::prelude::*;
use run_record::breakdown::Portion;
use run_record::end::{End, EndReason};
use run_record::environment::Environment;
use run_record::errors::ErrorKind;
use run_record::hiccups::Hiccup;
use run_record::limits::Limit;
use run_record::measured::UNNAMED_GROUP;
use run_record::metric::Metric;
use run_record::offset::{Basis, ClockRecord};
use run_record::plan::PlanRecord;
use run_record::probe::ProbeRecord;
use run_record::record::{Kind, Moment, RunRecord};
use run_record::self_check::{Check, CheckStatus};
use run_record::time::{Interval, Nanos, Wall};
use run_record::traces::{Trace, TraceEvent};
use run_record::verdict::{Confidence, Verdict, Word};
use run_record::worst::{Badness, WorstStream};

const START: u64 = 1_700_000_000_000_000_000;

/// One event as a subscriber met it.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    subscriber: u64,
    sequence: u64,
    after_start: u64,
    latency: u64,
    width: u64,
    grouped: bool,
    failed: bool,
}

pub(crate) fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = (
        0_u64..40,
        0_u64..5_000,
        0_u64..3_000_000_000_000,
        0_u64..9_000_000_000_000,
    );
    let more = (
        prop_oneof![3 => Just(0), 1 => 0_u64..5_000_000],
        any::<bool>(),
        any::<bool>(),
    );
    let happening = (one, more).prop_map(
        |((subscriber, sequence, after_start, latency), (width, grouped, failed))| Happening {
            subscriber,
            sequence,
            after_start,
            latency,
            width,
            grouped,
            failed,
        },
    );
    prop::collection::vec(happening, 0..25)
}

/// The record of a shard to which all that happened. It keeps two limits.
pub(crate) fn recorded(happenings: &[Happening], cores: u32) -> RunRecord {
    let plan = PlanRecord {
        url: format!("http://127.0.0.{cores}:8080/prices"),
        method: "GET".to_owned(),
        connections: 40,
        ..PlanRecord::default()
    };
    let environment = Environment {
        cores,
        ..Environment::default()
    };
    let start = Wall(START) + Nanos::from_secs(cores.into());
    let mut record = RunRecord::new(Kind::Run, start, plan, environment);
    record.ended = Moment::at(start + Nanos::from_secs(60));
    happenings
        .iter()
        .for_each(|happening| observe(&mut record, happening));
    // Shards may have been compared with different runs, and one with none.
    let earlier = record.as_baseline(format!("base-{}.json", cores % 2));
    record.baseline = (cores > 1).then(|| Box::new(earlier));
    record.evaluate(&[
        Limit::parse_max("delivery.p50=2s").expect("a limit as documented"),
        Limit::parse_min(&format!("events={cores}")).expect("a limit as documented"),
    ]);
    record
}

fn observe(record: &mut RunRecord, happening: &Happening) {
    let at = Wall(START + happening.after_start);
    let latency = Nanos(happening.latency);
    let measured = &mut record.measured;
    let group = measured.group_mut(if happening.grouped {
        "slow"
    } else {
        UNNAMED_GROUP
    });
    group.counters.events.received += 1;
    group
        .histograms
        .record_edges(Metric::Delivery, latency - Nanos(happening.width), latency);
    group.histograms.record(Metric::Gap, latency);
    let mut portion = Portion {
        events: 1,
        lost: u64::from(happening.failed),
        ..Portion::default()
    };
    portion.histograms.record(Metric::Delivery, latency);
    let name = format!("127.0.0.{}:80", happening.subscriber);
    measured.remotes.observe(&name, &portion);
    if happening.grouped {
        let values = measured.by_header.entry("x-served-by".to_owned());
        values.or_default().observe(&name, &portion);
    }
    let slice = measured.timeline.slice_mut(at);
    slice.events += 1;
    slice.delivery.record(latency);
    measured.fanout.observe(7, happening.sequence, at);
    measured.worst.offer(worst(happening, at));
    measured.traces.insert(trace(happening, at));
    if happening.grouped {
        record.probes.push(probe(happening));
        let known = clock(happening);
        record.clock.get_or_insert(known.clone()).merge(&known);
    }
    measured.hiccup(Hiccup::of(Interval::new(at, at + Nanos(happening.width))));
    if happening.failed {
        measured.errors.observe(
            ErrorKind::Status(503),
            at,
            &format!("{}", happening.sequence),
        );
        record.end = End {
            reason: EndReason::TargetGone,
            text: String::new(),
        };
        record.verdict = Some(verdict(happening));
    }
    let lag = Check::at_most(happening.latency as f64 / 1e3, 1e6, "us", CheckStatus::Warn);
    record.self_check.observe("schedule_lag.p99", lag);
}

fn clock(happening: &Happening) -> ClockRecord {
    let bases = [Basis::SameHost, Basis::Measured, Basis::Unknown];
    ClockRecord {
        bound_us: Some(Nanos(happening.width)),
        offset_us: Some(happening.latency.cast_signed() - 1_000_000),
        ..ClockRecord::new(bases[happening.subscriber as usize % 3], "asked")
    }
}

fn worst(happening: &Happening, at: Wall) -> WorstStream {
    WorstStream {
        badness: Badness::Delivery(Nanos(happening.latency)),
        subscriber: happening.subscriber,
        stream: 0,
        at_us: at,
        remote: "127.0.0.1:80".to_owned(),
        events: happening.sequence,
        request_ids: vec![("x-request-id".to_owned(), happening.sequence.to_string())],
    }
}

fn trace(happening: &Happening, at: Wall) -> Trace {
    let mut trace = Trace {
        subscriber: happening.subscriber,
        ..Trace::default()
    };
    trace.push(TraceEvent {
        number: happening.sequence,
        sequence: Some(happening.sequence),
        earliest_us: at - Nanos(happening.width),
        latest_us: at,
        ..TraceEvent::default()
    });
    trace
}

fn probe(happening: &Happening) -> ProbeRecord {
    ProbeRecord {
        number: happening.subscriber as u16 + 1,
        why: "as a browser asks".to_owned(),
        round: 1,
        method: "GET".to_owned(),
        status: Some(200),
        headers: vec![("Server".to_owned(), "nginx".to_owned())],
        first_event_us: Some(Nanos(happening.latency)),
        events: happening.sequence,
        chunks: happening.failed.then_some(happening.sequence),
        ..ProbeRecord::default()
    }
}

fn verdict(happening: &Happening) -> Verdict {
    Verdict {
        word: if happening.sequence.is_multiple_of(2) {
            Word::Cut
        } else {
            Word::Live
        },
        gloss: "ended after its time".to_owned(),
        hold: None,
        confidence: Confidence::Low,
        reason: None,
        evidence: vec![happening.sequence.to_string()],
        causes: Vec::new(),
        findings: Vec::new(),
        not_tested: Vec::new(),
    }
}
