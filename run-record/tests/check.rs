//! The document of `check --json`: its committed schema, and the keys of the contract.

mod common;

use std::path::Path;

use common::{happenings, recorded};
use proptest::prelude::*;
use run_record::check::CheckDocument;
use run_record::end::Exit;
use run_record::metric::Metric;
use run_record::probe::ProbeRecord;
use run_record::record::RunRecord;
use run_record::time::Nanos;
use run_record::verdict::{
    Cause, Confidence, Finding, Hold, HoldBy, Remedy, Severity, Verdict, Word,
};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

const SCHEMA_FILE: &str = "schema/check.schema.json";

fn generated_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .into_generator()
        .into_root_schema_for::<CheckDocument<'_>>()
        .to_value()
}

fn document(record: &RunRecord) -> Value {
    let document = CheckDocument::of(record).expect("the record has a verdict");
    serde_json::to_value(document).expect("keys are texts")
}

/// A check that found what nginx does by default.
fn batched() -> RunRecord {
    let mut record = recorded(&[], 1);
    record.plan.url = "http://localhost/prices".to_owned();
    let remedy = Remedy {
        text: "let nginx hand on what it reads".to_owned(),
        config: Some("proxy_buffering off;".to_owned()),
        place: Some("nginx location block".to_owned()),
    };
    record.verdict = Some(Verdict {
        word: Word::Batched,
        gloss: "released in groups of 4,096 bytes".to_owned(),
        hold: Some(Hold {
            bytes: Some(4_096),
            low: Some(4_081),
            high: Some(4_140),
            ..Hold::by(HoldBy::Size)
        }),
        confidence: Confidence::High,
        reason: None,
        evidence: vec!["12 releases, always about 4,096 bytes each".to_owned()],
        causes: vec![Cause {
            code: "nginx.proxy-buffering".to_owned(),
            component: "nginx".to_owned(),
            confidence: Confidence::High,
            evidence: vec!["Server: nginx".to_owned()],
            remedy: Some(remedy),
        }],
        findings: vec![Finding {
            code: "event.named".to_owned(),
            severity: Severity::Info,
            text: "the events are named price".to_owned(),
            remedy: None,
        }],
        not_tested: Vec::new(),
    });
    record.probes = vec![ProbeRecord {
        number: 1,
        round: 1,
        why: "as a browser asks".to_owned(),
        method: "GET".to_owned(),
        events: 25,
        ..ProbeRecord::default()
    }];
    let histograms = &mut record.measured.group_mut("all").histograms;
    for sample in 1..=25 {
        histograms.record(Metric::Transit, Nanos::from_micros(sample));
    }
    histograms.record(Metric::Connect, Nanos::from_micros(80));
    record.exit = Some(Exit {
        code: 1,
        reason: "live was demanded".to_owned(),
    });
    record
}

/// After a wanted change of the format: `UPDATE_SCHEMA=1 cargo test -p run-record --test check`.
#[test]
fn the_committed_schema_is_the_one_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA_FILE);
    let generated = serde_json::to_string_pretty(&generated_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        committed == generated,
        "{SCHEMA_FILE} is not that of the code: set UPDATE_SCHEMA=1"
    );
}

#[test]
fn the_document_is_that_of_the_contract() {
    let mut document = document(&batched());
    let probes = document["probes"].take();
    assert_eq!(probes[0]["why"], "as a browser asks");
    assert_eq!(
        document,
        json!({
            "schema": "streamgauge.check/1", "url": "http://localhost/prices", "kind": "check",
            "verdict": "batched", "gloss": "released in groups of 4,096 bytes",
            "hold": {"by": "size", "bytes": 4096, "low": 4081, "high": 4140},
            "confidence": "high",
            "evidence": ["12 releases, always about 4,096 bytes each"],
            "causes": [{"code": "nginx.proxy-buffering", "component": "nginx",
                "confidence": "high", "evidence": ["Server: nginx"],
                "remedy": {"text": "let nginx hand on what it reads",
                    "config": "proxy_buffering off;", "where": "nginx location block"}}],
            "findings": [{"code": "event.named", "severity": "info",
                "text": "the events are named price"}],
            "hops": [], "probes": null, "not_tested": [],
            "metrics": {
                "connect": {"count": 1, "max_us": document["metrics"]["connect"]["max_us"]},
                "transit": {"count": 25, "p50_us": document["metrics"]["transit"]["p50_us"],
                    "max_us": document["metrics"]["transit"]["max_us"]},
            },
            "exit": {"code": 1, "reason": "live was demanded"},
        })
    );
}

/// A histogram is at most 0.1 % too high.
#[test]
fn the_metrics_are_in_microseconds() {
    let metrics = document(&batched())["metrics"].take();
    let near = |value: &Value, micros: f64| (value.as_f64().unwrap() / micros - 1.0).abs() < 0.002;
    assert!(near(&metrics["transit"]["p50_us"], 13.0), "{metrics}");
    assert!(near(&metrics["transit"]["max_us"], 25.0), "{metrics}");
}

#[test]
fn what_does_not_apply_has_no_key() {
    let mut record = batched();
    record.exit = None;
    record.measured = Default::default();
    let verdict = record.verdict.as_mut().unwrap();
    verdict.hold = None;
    let document = document(&record);
    assert_eq!(document["metrics"], json!({}));
    for absent in ["hold", "reason", "exit"] {
        assert!(document.get(absent).is_none(), "{absent} in {document}");
    }
}

#[test]
fn without_a_verdict_there_is_no_document() {
    assert!(CheckDocument::of(&recorded(&[], 1)).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_document_is_valid_by_the_schema(all in happenings()) {
        let validator = jsonschema::validator_for(&generated_schema()).unwrap();
        let mut record = recorded(&all, 1);
        record.verdict = record.verdict.or(batched().verdict);
        let instance = document(&record);
        let errors: Vec<_> = validator.iter_errors(&instance).map(|e| e.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn the_schema_refuses_another_document() {
    let validator = jsonschema::validator_for(&generated_schema()).unwrap();
    let mut document = document(&batched());
    assert!(validator.is_valid(&document));
    document["schema"] = json!("streamgauge.record/1");
    assert!(!validator.is_valid(&document));
}
