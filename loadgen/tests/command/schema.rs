//! What a command prints for scripts, held against its committed schema.

use serde_json::Value;
use std::path::Path;

/// Stdout as one JSON object that is valid by `run-record/schema/NAME.schema.json`.
#[track_caller]
pub(crate) fn valid(name: &str, stdout: &[u8]) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../run-record/schema")
        .join(format!("{name}.schema.json"));
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let printed: Value = serde_json::from_slice(stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(stdout)));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&printed)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    printed
}
