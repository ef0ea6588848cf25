//! The document of `capacity --json`: its committed schema, and that a record gives it back.

#[expect(dead_code, reason = "the other tests use the rest of it")]
mod common;

use std::path::Path;

use common::recorded;
use run_record::capacity::{Capacity, LimitedBy, SCHEMA, Step};
use run_record::end::Exit;
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use run_record::time::Nanos;
use run_record::watched::Watched;
use schemars::generate::SchemaSettings;
use serde_json::Value;

const SCHEMA_FILE: &str = "schema/capacity.schema.json";

fn found() -> Capacity {
    let step = |subscribers, carried: bool| Step {
        subscribers,
        carried,
        why: (!carried).then(|| "1 was queued".to_owned()),
        limited_by: (!carried).then_some(LimitedBy::Server),
        lasted_us: Nanos::from_secs(4),
        streaming: 5,
        waiting: u64::from(subscribers) - 5,
        failed: 0,
        ended: 0,
        events: 200,
        delivery_p99_us: None,
        limits: Vec::new(),
        self_check: CheckStatus::Ok,
        server: Some(Watched {
            memory_bytes: 1 << 20,
            cpu_us: Nanos::from_millis(40),
            descriptors: 18,
        }),
    };
    Capacity {
        schema: SCHEMA.to_owned(),
        url: "http://localhost/prices".to_owned(),
        limits: vec!["delivery.p99=500ms".to_owned()],
        first_event_us: Nanos::from_secs(5),
        up_to: 100,
        carried: 5,
        broke_at: Some(6),
        limited_by: LimitedBy::Server,
        reason: "6 subscribers were not carried: 1 was queued".to_owned(),
        kib_per_subscriber: Some(1.5),
        cpu_per_event_us: Some(Nanos::from_micros(200)),
        steps: vec![step(5, true), step(6, false)],
        exit: Exit {
            code: 0,
            reason: "6 subscribers were not carried: 1 was queued".to_owned(),
        },
    }
}

/// `UPDATE_SCHEMA=1 cargo test -p run-record` writes the file after a wanted change.
#[test]
fn the_committed_schema_is_the_generated_one() {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let generator = settings.into_generator();
    let schema = generator.into_root_schema_for::<Capacity>().to_value();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA_FILE);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
    }
    let committed: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(committed, schema);
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .validate(&serde_json::to_value(found()).unwrap())
        .unwrap();
}

#[test]
fn a_record_gives_it_back_and_a_merge_drops_it() {
    let mut record = recorded(&[], 1);
    record.capacity = Some(found());
    let mut read = RunRecord::read(&record.write().unwrap()).unwrap();
    assert_eq!(read.capacity, Some(found()));
    read.merge(&recorded(&[], 2));
    assert_eq!(read.capacity, None);
}
