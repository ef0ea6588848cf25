//! The format of the record: its committed schema, what a reader takes and what it refuses.

mod common;

use std::path::Path;

use common::{happenings, recorded};
use proptest::prelude::*;
use run_record::record::{ReadError, RunRecord};
use serde_json::{Value, json};

const SCHEMA_FILE: &str = "schema/record.schema.json";

fn generated_schema() -> Value {
    schemars::schema_for!(RunRecord).to_value()
}

/// After a wanted change of the format: `UPDATE_SCHEMA=1 cargo test -p run-record --test format`.
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_record_is_valid_by_the_schema(all in happenings()) {
        let validator = jsonschema::validator_for(&generated_schema()).unwrap();
        let mut record = recorded(&all, 1);
        record.exit = Some(run_record::end::Exit { code: 1, reason: "a limit".to_owned() });
        let instance: Value = serde_json::from_slice(&record.write().unwrap()).unwrap();
        let errors: Vec<_> = validator.iter_errors(&instance).map(|e| e.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn writing_and_reading_gives_the_record_back(all in happenings()) {
        let record = recorded(&all, 1);
        let bytes = record.write().unwrap();
        let read = RunRecord::read(&bytes).unwrap();
        // A limit may hold a number of which JSON readers keep all but the last bit.
        prop_assert_eq!(&read.measured, &record.measured);
        prop_assert_eq!(&read.started, &record.started);
        prop_assert_eq!(&read.verdict, &record.verdict);
        prop_assert_eq!(read.write().unwrap(), bytes);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        prop_assert!(RunRecord::read(&bytes).is_err());
    }
}

#[test]
fn the_schema_refuses_what_is_no_record() {
    let validator = jsonschema::validator_for(&generated_schema()).unwrap();
    let mut instance = serde_json::to_value(recorded(&[], 1)).unwrap();
    assert!(validator.is_valid(&instance));
    instance["schema"] = json!("streamgauge.record/2");
    assert!(!validator.is_valid(&instance));
}

#[test]
fn what_is_no_record_of_this_version_is_refused_with_its_reason() {
    let mut record = serde_json::to_value(recorded(&[], 1)).unwrap();
    let mut read_as = |schema: &str| {
        record["schema"] = json!(schema);
        RunRecord::read(record.to_string().as_bytes())
    };
    assert!(read_as("streamgauge.record/1").is_ok());
    let newer = read_as("streamgauge.record/2").unwrap_err();
    assert!(matches!(newer, ReadError::OtherVersion { .. }));
    assert!(newer.to_string().contains("use the version that wrote it"));
    assert!(matches!(
        read_as("streamgauge.check/1"),
        Err(ReadError::OtherSchema { .. })
    ));
    assert!(matches!(
        RunRecord::read(b"{}"),
        Err(ReadError::NotARecord(_))
    ));
    assert!(matches!(
        RunRecord::read(b"#! /bin/sh"),
        Err(ReadError::NotARecord(_))
    ));
}

#[test]
fn a_damaged_record_is_refused_and_an_unknown_key_is_not() {
    let mut record = serde_json::to_value(recorded(&[], 1)).unwrap();
    record["invented_later"] = json!({"by": "a minor version"});
    assert!(RunRecord::read(record.to_string().as_bytes()).is_ok());
    record["plan"] = json!(7);
    let error = RunRecord::read(record.to_string().as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::Malformed(_)), "{error}");
}

#[test]
fn times_are_written_for_machines_and_for_people() {
    let record = serde_json::to_value(recorded(&[], 1)).unwrap();
    assert_eq!(record["started"]["utc"], "2023-11-14T22:13:21Z");
    assert_eq!(record["started"]["epoch_us"], 1_700_000_001_000_000_u64);
}

/// Units stand in key names.
#[test]
fn every_time_of_the_schema_has_a_key_that_ends_in_us() {
    let mut times = Vec::new();
    collect_times(&generated_schema(), &mut times);
    assert!(times.len() > 20, "{times:?}");
    let unnamed: Vec<_> = times.iter().filter(|key| !key.ends_with("_us")).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}

/// The names of all properties that are a duration or an instant.
fn collect_times(schema: &Value, times: &mut Vec<String>) {
    let Value::Object(members) = schema else {
        if let Value::Array(items) = schema {
            items.iter().for_each(|item| collect_times(item, times));
        }
        return;
    };
    for (name, member) in members {
        collect_times(member, times);
        if name == "properties" {
            let properties = member.as_object().into_iter().flatten();
            let is_time = |schema: &Value| schema.to_string().contains("icroseconds\"");
            times.extend(
                properties
                    .filter(|(_, schema)| is_time(schema))
                    .map(|(key, _)| key.clone()),
            );
        }
    }
}
