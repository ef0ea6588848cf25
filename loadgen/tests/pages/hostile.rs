//! Records in which every text that can be any text is an attack.

use std::path::PathBuf;

use run_record::record::RunRecord;
use serde_json::Value;

use crate::reports::Files;

/// Ways out of an element, an attribute, a comment, a style; characters that hide or turn the line.
const ATTACKS: [&str; 6] = [
    "</script><script>window.pwned=1</script>",
    "\"><img src=x onerror=window.pwned=1><b>",
    "</style></title><svg onload=window.pwned=1>",
    "--><iframe srcdoc='<script>parent.pwned=1</script>'></iframe><!--",
    "' onmouseover='window.pwned=1' style='position:fixed\u{202e}\0\x1b[2J",
    "javascript:window.pwned=1//<base href=//x><link rel=stylesheet href=//x>",
];

/// The pages of such records, by name: one for each attack on a check and on a run.
pub(crate) fn reports(files: &Files) -> Vec<(String, PathBuf)> {
    let mut pages = Vec::new();
    for name in ["buffered", "measured"] {
        let bytes = std::fs::read(files.record(name)).expect("it was measured");
        let sound: Value = serde_json::from_slice(&bytes).expect("JSON");
        for (number, attack) in ATTACKS.into_iter().enumerate() {
            let record = poisoned(&sound, attack);
            let path = files
                .directory()
                .join(format!("hostile-{name}-{number}.html"));
            std::fs::write(&path, reports::html::page(&record)).expect("it can be written");
            pages.push((format!("{name}, {attack:?}"), path));
        }
    }
    pages
}

/// Each text is replaced that the format allows to be any text.
fn poisoned(sound: &Value, attack: &str) -> RunRecord {
    let mut record = sound.clone();
    // The arrivals hold no text, and would be read again for each one that is replaced.
    record["measured"]["fanout"]["samples"] = Value::Array(Vec::new());
    record["measured"]["traces"]
        .as_array_mut()
        .expect("a list")
        .truncate(2);
    for trace in record["measured"]["traces"].as_array_mut().expect("a list") {
        trace["events"].as_array_mut().expect("a list").truncate(5);
    }
    let mut texts = Vec::new();
    find_texts(&record, String::new(), &mut texts);
    let mut replaced = 0;
    for pointer in texts {
        let mut tried = record.clone();
        *tried.pointer_mut(&pointer).expect("it was found") = attack.into();
        if RunRecord::read(tried.to_string().as_bytes()).is_ok() {
            record = tried;
            replaced += 1;
        }
    }
    assert!(replaced > 12, "only {replaced} texts were replaced");
    let checks = record["self_check"].as_object_mut().expect("a map");
    let check = checks.values().next().cloned().expect("a self-check");
    checks.insert(attack.to_owned(), check);
    RunRecord::read(record.to_string().as_bytes()).expect("it was read before")
}

fn find_texts(value: &Value, at: String, texts: &mut Vec<String>) {
    match value {
        Value::String(_) => texts.push(at),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_texts(item, format!("{at}/{index}"), texts);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                find_texts(
                    field,
                    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                    texts,
                );
            }
        }
        _ => {}
    }
}
