//! Records as a check leaves them, with fixed numbers: one for each word.

use run_record::end::Exit;
use run_record::environment::Environment;
use run_record::metric::Metric;
use run_record::plan::PlanRecord;
use run_record::probe::ProbeRecord;
use run_record::record::{Kind, RunRecord};
use run_record::time::{Nanos, Wall};
use run_record::traces::{Trace, TraceEvent};
use run_record::verdict::{
    Cause, Confidence, Finding, Hold, HoldBy, Reason, Remedy, Severity, Verdict, Word,
};

pub(crate) const START: Wall = Wall(1_700_000_000_000_000_000);

/// When an event was sent, and when it arrived, in microseconds after the request.
pub(crate) type Drop = (Option<u64>, u64);

/// Events every so often, each handed on at once, with a little noise.
pub(crate) fn live_drops(every_ms: u64, count: u64) -> Vec<Drop> {
    let drop = |number: u64| {
        let sent = number * every_ms * 1_000 + 9_000;
        (Some(sent), sent + 700 + number * 7_919 % 1_900)
    };
    (0..count).map(drop).collect()
}

/// Events every so often, released in groups of so many.
pub(crate) fn grouped_drops(every_ms: u64, count: u64, group: u64) -> Vec<Drop> {
    let drop = |number: u64| {
        let sent = |number: u64| number * every_ms * 1_000 + 9_000;
        let last = number / group * group + group - 1;
        (Some(sent(number)), sent(last) + 800)
    };
    (0..count / group * group).map(drop).collect()
}

/// The same without send times.
pub(crate) fn foreign(drops: Vec<Drop>) -> Vec<Drop> {
    drops
        .into_iter()
        .map(|(_, arrival)| (None, arrival))
        .collect()
}

/// A check of one request in which these events came within so many milliseconds.
pub(crate) fn check(url: &str, drops: &[Drop], watched_ms: u64, verdict: Verdict) -> RunRecord {
    let plan = PlanRecord {
        url: url.to_owned(),
        method: "GET".to_owned(),
        connections: 1,
        ..PlanRecord::default()
    };
    let mut record = RunRecord::new(Kind::Check, START, plan, Environment::default());
    let mut trace = Trace {
        requested_us: Some(START),
        ..Trace::default()
    };
    let histograms = &mut record.measured.group_mut("all").histograms;
    for (number, &(sent, arrival)) in drops.iter().enumerate() {
        let at = |micros: u64| START + Nanos::from_micros(micros);
        trace.push(TraceEvent {
            number: number as u64,
            bytes: 120,
            earliest_us: at(arrival),
            latest_us: at(arrival),
            emitted_us: sent.map(at),
            ..TraceEvent::default()
        });
        if let Some(sent) = sent {
            histograms.record(
                Metric::Transit,
                Nanos::from_micros(arrival.saturating_sub(sent)),
            );
        }
    }
    record.measured.traces.insert(trace);
    record.probes = vec![ProbeRecord {
        number: 1,
        why: "as a browser asks".to_owned(),
        round: 1,
        method: "GET".to_owned(),
        status: Some(200),
        first_event_us: drops
            .first()
            .map(|&(_, arrival)| Nanos::from_micros(arrival)),
        duration_us: Some(Nanos::from_millis(watched_ms)),
        events: drops.len() as u64,
        cooperating: drops.iter().any(|(sent, _)| sent.is_some()),
        ..ProbeRecord::default()
    }];
    record.verdict = Some(verdict);
    record
}

pub(crate) fn verdict(word: Word, gloss: &str, evidence: &[&str]) -> Verdict {
    Verdict {
        word,
        gloss: gloss.to_owned(),
        hold: None,
        confidence: Confidence::High,
        reason: None,
        evidence: evidence.iter().map(|&line| line.to_owned()).collect(),
        causes: Vec::new(),
        findings: Vec::new(),
        not_tested: Vec::new(),
    }
}

fn exit(code: u8, reason: &str) -> Option<Exit> {
    let reason = reason.to_owned();
    Some(Exit { code, reason })
}

fn remedy(text: &str, config: &str, place: &str) -> Option<Remedy> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(Remedy {
        text: text.to_owned(),
        config: given(config),
        place: given(place),
    })
}

fn next(text: &str, remedy_text: &str) -> Finding {
    Finding {
        code: "run.next".to_owned(),
        severity: Severity::Info,
        text: text.to_owned(),
        remedy: remedy(remedy_text, "", ""),
    }
}

pub(crate) fn live() -> RunRecord {
    let evidence = [
        "30 of 30 events on time: median 1.6 ms, slowest 2.6 ms",
        "watched over 2.90 s",
        "chunked, Server: target-server; send times known",
    ];
    let gloss = "each event was handed on as it was written";
    let mut verdict = verdict(Word::Live, gloss, &evidence);
    verdict.not_tested = vec![
        "silence over 102 ms (`--idle 65s`)".to_owned(),
        "responses longer than 2.91 s (`--for 65s`)".to_owned(),
        "more than 1 stream at once (`--streams 10`)".to_owned(),
    ];
    let url = "http://localhost:9292/prices";
    let mut record = check(url, &live_drops(100, 30), 2_912, verdict);
    record.exit = exit(0, "as expected");
    record
}

/// Too many events to show them all, and nothing known but their arrivals.
pub(crate) fn fast_foreign_live() -> RunRecord {
    let evidence = [
        "292 of 300 came alone",
        "watched over 3.00 s",
        "chunked, Server: nginx; no send times",
    ];
    let mut verdict = verdict(Word::Live, "each event came by itself", &evidence);
    verdict.confidence = Confidence::Medium;
    verdict.findings = vec![Finding {
        code: "event.named".to_owned(),
        severity: Severity::Info,
        text: "the events are named `price`: onmessage does not see them".to_owned(),
        remedy: remedy(
            "listen by name",
            "source.addEventListener(\"price\", show)",
            "the page",
        ),
    }];
    verdict.not_tested = vec![
        "a constant hold shorter than the gap (a 200 ms cork) and a lag of one event: that \
         takes send times (`--sent-at`)"
            .to_owned(),
    ];
    let url =
        "https://prices.example.com/v2/markets/stream?symbols=AAPL,MSFT,GOOG,AMZN&fields=bid,ask";
    let drops = foreign(live_drops(10, 300));
    let mut record = check(url, &drops, 3_005, verdict);
    record.exit = exit(4, "medium confidence: name the send times with --sent-at");
    record
}

pub(crate) fn batched() -> RunRecord {
    let evidence = [
        "3 releases, always about 4,080 bytes each",
        "the first event of a release waited about 3.30 s",
        "the same on 2 probes",
        "chunked, Server: nginx/1.24.0; send times known",
    ];
    let gloss = "released in groups of 4,080 bytes";
    let mut verdict = verdict(Word::Batched, gloss, &evidence);
    verdict.hold = Some(Hold {
        bytes: Some(4_080),
        ..Hold::by(HoldBy::Size)
    });
    let text = "let nginx hand on what it reads; the header X-Accel-Buffering: no does the same";
    verdict.causes = vec![Cause {
        code: "nginx.proxy-buffering".to_owned(),
        component: "nginx".to_owned(),
        confidence: Confidence::High,
        evidence: vec![
            "Server: nginx/1.24.0".to_owned(),
            "chunks of 4,080 bytes".to_owned(),
        ],
        remedy: remedy(text, "proxy_buffering off;", "nginx location block"),
    }];
    let drops = grouped_drops(100, 102, 34);
    let mut record = check("http://localhost/prices", &drops, 10_400, verdict);
    record.exit = exit(1, "the verdict is batched, live was demanded");
    record
}

/// Puma over TCP: many groups.
pub(crate) fn batched_by_time() -> RunRecord {
    let evidence = [
        "14 releases, about 1,220 bytes each",
        "the first event of a release waited always about 204 ms",
    ];
    let mut verdict = verdict(Word::Batched, "released every 204 ms", &evidence);
    verdict.hold = Some(Hold {
        ms: Some(204),
        ..Hold::by(HoldBy::Time)
    });
    let url = "http://localhost:3000/prices?interval=20ms";
    let mut record = check(url, &grouped_drops(20, 140, 10), 2_900, verdict);
    record.exit = exit(1, "the verdict is batched, live was demanded");
    record
}

pub(crate) fn buffered() -> RunRecord {
    let evidence = [
        "30 events and 2,140 bytes arrived together at 15.2 s, 6 ms before the end of the response",
        "the first of them had waited 15.1 s",
        "Content-Length: the whole body was known before the head was sent",
        "the head came with the body, after 15.2 s",
        "late with Accept-Encoding, late without it",
        "Content-Length: 2140, Server: WEBrick; send times known",
    ];
    let gloss = "nothing until the end of the response: 30 events at 15.2 s";
    let mut verdict = verdict(Word::Buffered, gloss, &evidence);
    verdict.hold = Some(Hold::by(HoldBy::End));
    verdict.causes = vec![
        Cause {
            code: "webrick.collects-body".to_owned(),
            component: "WEBrick".to_owned(),
            confidence: Confidence::High,
            evidence: vec![
                "Server: WEBrick".to_owned(),
                "Content-Length on a stream".to_owned(),
            ],
            remedy: remedy(
                "use a server that writes each chunk; Puma over TCP then batches, see puma.cork",
                "rails server -u puma",
                "start command",
            ),
        },
        Cause {
            code: "rack.etag".to_owned(),
            component: "Rack::ETag".to_owned(),
            confidence: Confidence::Medium,
            evidence: vec!["a weak ETag on a stream that came whole after 15.2 s".to_owned()],
            remedy: remedy(
                "tell Rack::ETag that the response has a validator of its own",
                "response.headers[\"Last-Modified\"] = Time.now.httpdate",
                "the controller action, before the first write",
            ),
        },
    ];
    verdict.findings = vec![Finding {
        code: "head.late".to_owned(),
        severity: Severity::Warn,
        text: "the head came after 15.2 s: a browser shows the stream as connecting until then"
            .to_owned(),
        remedy: None,
    }];
    let drops: Vec<_> = live_drops(500, 30)
        .into_iter()
        .map(|(sent, _)| (sent, 15_194_000))
        .collect();
    let url = "http://localhost:3000/prices";
    let mut record = check(url, &drops, 15_200, verdict);
    record.exit = exit(1, "the verdict is buffered, live was demanded");
    record
}

pub(crate) fn cut() -> RunRecord {
    let evidence = [
        "30 of 30 events on time: median 1.6 ms, slowest 2.6 ms",
        "two responses ended at the age of 15.0 s, whatever they carried",
        "chunked, Server: envoy; send times known",
    ];
    let gloss = "the connection closed before the end of the message after 15.0 s";
    let mut verdict = verdict(Word::Cut, gloss, &evidence);
    verdict.causes = vec![Cause {
        code: "envoy.route-timeout".to_owned(),
        component: "Envoy".to_owned(),
        confidence: Confidence::Medium,
        evidence: vec!["ended at the default of 15 s with events flowing".to_owned()],
        remedy: remedy(
            "let the route live as long as the stream",
            "timeout: 0s",
            "Envoy route",
        ),
    }];
    let url = "http://localhost:10000/prices";
    let mut record = check(url, &live_drops(500, 30), 15_004, verdict);
    record.exit = exit(1, "the verdict is cut, live was demanded");
    record
}

pub(crate) fn no_stream() -> RunRecord {
    let evidence = ["status 404, text/html, after 12 ms", "Content-Length: 512"];
    let mut verdict = verdict(Word::NoStream, "status 404", &evidence);
    verdict.findings = vec![next("nothing is there", "is the path right?")];
    let mut record = check("http://localhost:3000/price", &[], 12, verdict);
    record.exit = exit(3, "no stream");
    record
}

pub(crate) fn inconclusive() -> RunRecord {
    let evidence = ["2 events and 240 bytes in 10.0 s", "chunked; no send times"];
    let gloss = "only 2 events in 10.0 s; cannot tell";
    let mut verdict = verdict(Word::Inconclusive, gloss, &evidence);
    verdict.confidence = Confidence::Low;
    verdict.reason = Some(Reason::FewEvents);
    verdict.findings = vec![next(
        "thirty events, or five over four seconds, are enough",
        "watch longer: --for 60s",
    )];
    let drops = [(None, 1_204_000), (None, 7_930_000)];
    let mut record = check("http://localhost:3000/news", &drops, 10_000, verdict);
    record.exit = exit(4, "it cannot be told");
    record
}

pub(crate) fn invalid() -> RunRecord {
    let evidence = ["timers of this process fired 48 ms late (at most 10 ms), 99th percentile"];
    let gloss = "this machine was the limit: nothing is said about the server";
    let mut verdict = verdict(Word::Invalid, gloss, &evidence);
    verdict.confidence = Confidence::Low;
    verdict.reason = Some(Reason::OwnMachine);
    verdict.findings = vec![next(
        "this machine did not run when events arrived",
        "run it again on a machine with time to spare",
    )];
    let drops = grouped_drops(100, 30, 3);
    let mut record = check("http://localhost:9292/prices", &drops, 3_000, verdict);
    record.exit = exit(5, "this machine was the limit");
    record
}

/// A verdict in which every text that can come from outside is the given one.
pub(crate) fn hostile_verdict(word: Word, text: &str) -> Verdict {
    let mut verdict = verdict(word, text, &[text, text]);
    let remedy = remedy(text, text, text);
    verdict.causes = vec![Cause {
        code: text.to_owned(),
        component: text.to_owned(),
        confidence: Confidence::Low,
        evidence: vec![text.to_owned()],
        remedy: remedy.clone(),
    }];
    let finding = |code: &str| Finding {
        code: code.to_owned(),
        severity: Severity::Warn,
        text: text.to_owned(),
        remedy: remedy.clone(),
    };
    verdict.findings = vec![finding(text), finding("run.next")];
    verdict.not_tested = vec![text.to_owned()];
    verdict
}
