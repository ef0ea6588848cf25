//! The committed schemas of what commands print for scripts, other than the record and the check.
//!
//! After a wanted change: `UPDATE_SCHEMA=1 cargo test -p run-record --test schemas`.

use std::path::Path;

use run_record::benchmark::Benchmark;
use run_record::diff::Diff;
use run_record::live::Live;
use run_record::selftest::SelfTest;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

fn assert_committed<T: JsonSchema>(name: &str) {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let generated = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schema")
        .join(name);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &generated).expect("the directory of the schemas");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "{name} is not that of the code: set UPDATE_SCHEMA=1"
    );
}

#[test]
fn the_schema_of_a_diff_is_that_of_the_code() {
    assert_committed::<Diff>("diff.schema.json");
}

#[test]
fn the_schema_of_a_benchmark_is_that_of_the_code() {
    assert_committed::<Benchmark>("benchmark.schema.json");
}

#[test]
fn the_schema_of_a_line_while_a_run_goes_on_is_that_of_the_code() {
    assert_committed::<Live>("live.schema.json");
}

#[test]
fn the_schema_of_a_selftest_is_that_of_the_code() {
    assert_committed::<SelfTest>("selftest.schema.json");
}
