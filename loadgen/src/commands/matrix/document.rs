//! The matrix as one JSON object: for scripts with what each check found, for a file with what each check recorded.

use super::row::{Found, Row};
use anyhow::{Context, Result};
use run_record::check::CheckDocument;
use run_record::end::Exit;
use run_record::record::{Kind, RunRecord};
use serde::Serialize;

/// Name and version of the document.
const SCHEMA: &str = "streamgauge.matrix/1";

/// Shape: the setups in the order in which they were checked. Keys that do not apply are absent.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    kind: Kind,
    setups: Vec<Entry<'a>>,
    exit: &'a Exit,
}

#[derive(Serialize)]
struct Entry<'a> {
    setup: &'a str,
    about: &'a str,
    /// As the file of the setup says it.
    expected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_expected: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<&'a str>,
    /// The object of `check --json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a RunRecord>,
}

/// What `--json` prints.
pub(super) fn with_checks(rows: &[Row<'_>], exit: &Exit) -> Result<Vec<u8>> {
    document(rows, exit, |entry, record| {
        entry.check = CheckDocument::of(record)
    })
}

/// What `--out` keeps.
pub(super) fn with_records(rows: &[Row<'_>], exit: &Exit) -> Result<Vec<u8>> {
    document(rows, exit, |entry, record| entry.record = Some(record))
}

fn document<'a>(
    rows: &'a [Row<'_>],
    exit: &Exit,
    fill: impl Fn(&mut Entry<'a>, &'a RunRecord),
) -> Result<Vec<u8>> {
    let document = Document {
        schema: SCHEMA,
        kind: Kind::Matrix,
        setups: rows.iter().map(|row| entry(row, &fill)).collect(),
        exit,
    };
    let json = serde_json::to_vec_pretty(&document);
    let mut bytes = json.context("the matrix cannot be put into JSON")?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn entry<'a>(row: &'a Row<'_>, fill: &impl Fn(&mut Entry<'a>, &'a RunRecord)) -> Entry<'a> {
    let mut entry = Entry {
        setup: &row.setup.name,
        about: &row.setup.description.about,
        expected: row.expected(),
        as_expected: row.is_met(),
        skipped: None,
        failed: None,
        check: None,
        record: None,
    };
    match &row.found {
        Found::Checked(checked) => fill(&mut entry, &checked.record),
        Found::Skipped(why) => entry.skipped = Some(why),
        Found::Failed(why) => entry.failed = Some(why),
        Found::Interrupted => entry.skipped = Some("interrupted"),
    }
    entry
}
