//! The data of a page, for those who compute themselves: links that hold what they lead to.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use maud::{Markup, html};
use run_record::metric::Metric;
use run_record::record::{Kind, RunRecord, SCHEMA};
use run_record::time::{Nanos, Wall};

use super::parts::section;
use crate::histograms::percentile_table;

/// The largest record that is embedded as it is, and the largest that is embedded compressed; in bytes.
const MOST_PLAIN: usize = 32 << 10;
const MOST_PACKED: usize = 48 << 10;
/// Rows of a CSV.
const MOST_ROWS: usize = 600;
/// The first of these that was measured goes into the table of percentiles.
const TIMES: [Metric; 4] = [
    Metric::Delivery,
    Metric::Transit,
    Metric::Gap,
    Metric::FirstEvent,
];

/// One file in a page.
struct File {
    name: String,
    kind: &'static str,
    bytes: Vec<u8>,
    /// What is in it, in a few words.
    about: String,
}

pub(super) fn downloads(record: &RunRecord) -> Markup {
    let files = [packed(record), table(record), rows(record)];
    let body = html! {
        p class="downloads" {
            @for file in files.iter().flatten() {
                a class="button" download=(file.name) href=(format!("data:{};base64,{}", file.kind, STANDARD.encode(&file.bytes))) { (file.name) }
            }
        }
        @for file in files.iter().flatten() { p class="note" { (file.name) ": " (file.about) "." } }
    };
    section("data", "Data", &body)
}

/// The record as it is; compressed, or without what was kept event by event, where it would be too large.
fn packed(record: &RunRecord) -> Option<File> {
    let plain = record.write().ok()?;
    let schema = format!("the record of this page ({SCHEMA})");
    if plain.len() <= MOST_PLAIN {
        return Some(File {
            name: "record.json".to_owned(),
            kind: "application/json",
            bytes: plain,
            about: format!(
                "{schema}; `loadgen report record.json -o report.html` makes the page again"
            ),
        });
    }
    let (bytes, missing) = smaller(record, plain)?;
    let about = match missing {
        "" => schema,
        missing => {
            format!("{schema}, without {missing}, which only the file that --out wrote holds")
        }
    };
    Some(File {
        name: "record.json.gz".to_owned(),
        kind: "application/gzip",
        bytes,
        about,
    })
}

/// The compressed record, without what is largest in it until it is small enough; and what it is without.
fn smaller(record: &RunRecord, plain: Vec<u8>) -> Option<(Vec<u8>, &'static str)> {
    let whole = gzip(&plain)?;
    if whole.len() <= MOST_PACKED {
        return Some((whole, ""));
    }
    let mut less = record.clone();
    less.measured.traces.clear();
    less.measured.fanout = Default::default();
    let summed = gzip(&less.write().ok()?)?;
    if summed.len() <= MOST_PACKED {
        return Some((summed, "the single events and the sample of the fan-out"));
    }
    less.measured.timeline.clear();
    let total = gzip(&less.write().ok()?)?;
    let missing = "the single events, the sample of the fan-out and the timeline";
    (total.len() <= MOST_PACKED).then_some((total, missing))
}

/// The same bytes for the same text: no time and no name in its head.
fn gzip(text: &[u8]) -> Option<Vec<u8>> {
    let mut packer = GzBuilder::new().write(Vec::new(), Compression::best());
    packer.write_all(text).ok()?;
    packer.finish().ok()
}

fn table(record: &RunRecord) -> Option<File> {
    let times = TIMES.into_iter();
    let (metric, table) = times
        .into_iter()
        .find_map(|metric| Some((metric, percentile_table(record, metric)?)))?;
    Some(File {
        name: format!("{}.hgrm", metric.name()),
        kind: "text/plain",
        bytes: table.into_bytes(),
        about: format!(
            "the percentiles of {}, as HdrHistogram's plotter reads them",
            metric.name()
        ),
    })
}

/// Second by second of a run, event by event of a check.
fn rows(record: &RunRecord) -> Option<File> {
    let is_run = record.kind == Kind::Run;
    let text = if is_run {
        slices(record)
    } else {
        events(record)
    };
    let (name, about) = if is_run {
        ("timeline.csv", "what happened in each slice of the run")
    } else {
        (
            "events.csv",
            "each event of the first requests, in microseconds since the start",
        )
    };
    (text.lines().count() > 1).then(|| File {
        name: name.to_owned(),
        kind: "text/csv",
        bytes: text.into_bytes(),
        about: about.to_owned(),
    })
}

fn slices(record: &RunRecord) -> String {
    let mut text =
        "second,events,bytes,attempted,opened,streaming,closed,failed,reconnects\n".to_owned();
    for (from, slice) in record.measured.timeline.iter().take(MOST_ROWS) {
        let second = from
            .signed_since(record.started.epoch_us)
            .div_euclid(1_000_000_000);
        text += &format!(
            "{second},{},{},{},{},{},{},{},{}\n",
            slice.events,
            slice.bytes,
            slice.attempted,
            slice.opened,
            slice.streaming,
            slice.closed,
            slice.failed,
            slice.reconnects
        );
    }
    text
}

fn events(record: &RunRecord) -> String {
    let mut text = "request,event,bytes,due,sent,earliest,latest,read\n".to_owned();
    let micros =
        |at: Wall| at.signed_since(record.started.epoch_us) / Nanos::from_micros(1).0 as i64;
    let known = |at: Option<Wall>| at.map_or_else(String::new, |at| micros(at).to_string());
    let traces = record.measured.traces.iter();
    let events = traces.flat_map(|trace| trace.events.iter().map(move |event| (trace, event)));
    for (trace, event) in events.take(MOST_ROWS) {
        text += &format!(
            "{},{},{},{},{},{},{},{}\n",
            trace.subscriber + 1,
            event.number + 1,
            event.bytes,
            known(event.due_us),
            known(event.emitted_us),
            micros(event.earliest_us),
            micros(event.latest_us),
            micros(event.read_us)
        );
    }
    text
}
