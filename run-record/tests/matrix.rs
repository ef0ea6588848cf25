//! What `matrix` prints and writes: the committed schemas, and that the whole is valid by them.

use std::path::Path;

use run_record::end::Exit;
use run_record::environment::Environment;
use run_record::matrix::{
    CompressionRecord, CrowdRecord, LeavingRecord, MatrixDocument, MatrixRecord, ProgramVersion,
    SCHEMA, SetupRecord, SetupSummary, ShapeRecord, SilenceRecord,
};
use run_record::plan::PlanRecord;
use run_record::record::{Kind, RunRecord};
use run_record::time::{Nanos, Wall};
use run_record::verdict::{Confidence, Verdict, Word};
use schemars::generate::SchemaSettings;
use serde_json::Value;

fn schema_of_document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let root = settings
        .into_generator()
        .into_root_schema_for::<MatrixDocument<'_>>();
    root.to_value()
}

fn schema_of_record() -> Value {
    schemars::schema_for!(MatrixRecord).to_value()
}

/// After a wanted change: `UPDATE_SCHEMA=1 cargo test -p run-record --test matrix`.
#[test]
fn the_committed_schemas_are_those_of_the_code() {
    for (file, schema) in [
        ("schema/matrix.schema.json", schema_of_document()),
        ("schema/matrix-record.schema.json", schema_of_record()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let generated = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == generated,
            "{file} is not that of the code: set UPDATE_SCHEMA=1"
        );
    }
}

#[test]
fn what_is_printed_and_written_is_valid_and_read_again() {
    let record = full();
    let written: Value = serde_json::from_slice(&record.write().unwrap()).unwrap();
    let printed = serde_json::to_value(MatrixDocument::of(&record)).unwrap();
    for (schema, instance) in [
        (schema_of_record(), &written),
        (schema_of_document(), &printed),
    ] {
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(instance)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        let mut other = instance.clone();
        other["schema"] = "streamgauge.matrix/2".into();
        assert!(!validator.is_valid(&other));
    }
    assert_eq!(printed["setups"][0]["check"]["verdict"], "live");
    assert_eq!(printed["setups"][1].get("check"), None);
    assert_eq!(printed["setups"][1].get("as_expected"), None);
    let again: MatrixRecord = serde_json::from_value(written).unwrap();
    assert_eq!(again, record);
}

#[test]
fn compression_is_blamed_only_where_the_stream_is_live_without_it() {
    let safe = |with, without| {
        CompressionRecord {
            coding: None,
            with,
            without,
        }
        .is_safe()
    };
    assert_eq!(safe(Word::Live, None), Some(true));
    assert_eq!(safe(Word::Buffered, Some(Word::Live)), Some(false));
    assert_eq!(safe(Word::Buffered, Some(Word::Buffered)), None);
    assert_eq!(safe(Word::Buffered, None), None);
}

fn full() -> MatrixRecord {
    let mut check = RunRecord::new(
        Kind::Check,
        Wall::default(),
        PlanRecord::default(),
        Environment::default(),
    );
    check.verdict = Some(Verdict {
        word: Word::Live,
        gloss: String::new(),
        hold: None,
        confidence: Confidence::High,
        reason: None,
        evidence: Vec::new(),
        causes: Vec::new(),
        findings: Vec::new(),
        not_tested: Vec::new(),
    });
    let time = Some(Nanos::from_millis(3));
    let summary = SetupSummary {
        setup: "nginx-http11".to_owned(),
        as_expected: Some(true),
        differs: vec!["nothing".to_owned()],
        versions: vec![ProgramVersion {
            program: "nginx".to_owned(),
            version: Some("1.22.1".to_owned()),
            measured: true,
        }],
        known_cure: Some("another server".to_owned()),
        shapes: vec![ShapeRecord {
            shape: "small".to_owned(),
            verdict: Word::Live,
            hold: None,
            events: 20,
            first_event_us: time,
            transit_p50_us: time,
            transit_max_us: time,
        }],
        compression: Some(CompressionRecord {
            coding: Some("gzip".to_owned()),
            with: Word::Live,
            without: Some(Word::Live),
        }),
        crowds: vec![CrowdRecord {
            asked: 10,
            served: 5,
            within_us: Nanos::from_millis(2_000),
        }],
        leaving: Some(LeavingRecord {
            noticed: true,
            after_us: Nanos::from_millis(100),
        }),
        silence: Some(SilenceRecord {
            event_arrived: true,
            cut_after_us: time,
            watched_us: Nanos::from_millis(65_000),
        }),
        ..SetupSummary::default()
    };
    let skipped = SetupSummary {
        setup: "squid".to_owned(),
        skipped: Some("squid is not installed".to_owned()),
        ..SetupSummary::default()
    };
    MatrixRecord {
        schema: SCHEMA.to_owned(),
        kind: Kind::Matrix,
        started: check.started.clone(),
        ended: check.ended.clone(),
        environment: check.environments.first().cloned().unwrap_or_default(),
        setups: vec![
            SetupRecord {
                summary,
                record: Some(check),
            },
            SetupRecord {
                summary: skipped,
                record: None,
            },
        ],
        exit: Exit {
            code: 4,
            reason: "1 of 2 skipped or not told".to_owned(),
        },
    }
}
