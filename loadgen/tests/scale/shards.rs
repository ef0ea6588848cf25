//! A run that several machines make together is the run that one would have made, field by field.

use crate::load::{Ended, Load};
use crate::support::target;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use target_server::Server;

const CONNECTIONS: u32 = 41;
const SHARDS: u32 = 4;
const EVENTS: u64 = 30;
/// Connections of one machine.
const OPTIONS: [&str; 8] = [
    "--ramp",
    "800ms",
    "--workers",
    "1",
    "--trace",
    "8",
    "--max",
    "lost=0",
];

/// Parts of a record that tell of times, of the server's own numbers, or of how the kernel cut a stream into reads: they differ between any two runs.
const DIFFER: [&str; 18] = [
    "started",
    "ended",
    "plan.url",
    "plan.command_line",
    "measured.timeline",
    "measured.fanout",
    "measured.worst",
    "measured.remotes",
    "measured.hiccups",
    "measured.groups.all.histograms",
    "measured.groups.all.counters.arrivals",
    "measured.groups.all.counters.bytes.wire",
    "measured.groups.all.counters.reads",
    "measured.groups.all.counters.stalls",
    "measured.groups.all.counters.events.untimed",
    "self_check",
    "verdict.evidence",
    "verdict.gloss",
];

fn url(server: &Server) -> String {
    let address = server.local_addr().unwrap();
    format!("http://{address}/prices?interval=50ms&count={EVENTS}&seed=7&size=200&private=1")
}

/// In 2 s, by a clock that all machines share.
fn soon() -> String {
    let now = loadgen::clock::wall().0 + 3_000_000_000;
    let at = jiff::Timestamp::from_nanosecond(now.into()).unwrap();
    at.to_string()
}

/// Each on a server of its own, as no machine knows of another.
fn shards(server: &Server) -> Vec<Ended> {
    let at = soon();
    let one = |number: u32| {
        let shard = format!("{number}/{SHARDS}");
        let options = [&OPTIONS[..], &["--shard", &shard, "--start-at", &at]].concat();
        Load::with(&url(server), CONNECTIONS, &options)
    };
    let loads: Vec<Load> = (1..=SHARDS).map(one).collect();
    loads.into_iter().map(Load::ended).collect()
}

/// What `loadgen merge` makes of them.
fn merged(ended: &[Ended]) -> RunRecord {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.arg("merge");
    for (number, ended) in ended.iter().enumerate() {
        let path = directory.path().join(format!("{number}.json"));
        std::fs::write(&path, ended.record.write().unwrap()).unwrap();
        command.arg(path);
    }
    let out = directory.path().join("all.json");
    let status = command.arg("-o").arg(&out).status().unwrap();
    assert!(status.success());
    RunRecord::read(&std::fs::read(out).unwrap()).unwrap()
}

/// Every field of a record by its path.
fn fields(record: &RunRecord) -> BTreeMap<String, Value> {
    fn walk(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
        let below = |key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        if DIFFER.contains(&path) || path.ends_with("_us") && path.starts_with("measured") {
            return;
        }
        match value {
            Value::Object(map) => map
                .iter()
                .for_each(|(key, value)| walk(&below(key), value, into)),
            Value::Array(list) => list
                .iter()
                .enumerate()
                .for_each(|(at, value)| walk(&below(&at.to_string()), value, into)),
            leaf => drop(into.insert(path.to_owned(), leaf.clone())),
        }
    }
    let mut fields = BTreeMap::new();
    walk("", &serde_json::to_value(record).unwrap(), &mut fields);
    // Which of a server's subscribers a stream is, where that server listens, and which read an event came with.
    fields.retain(|path, _| {
        let end = path.rsplit('.').next().unwrap_or_default();
        !matches!(end, "request_id" | "remote" | "read" | "chunk")
    });
    fields
}

#[test]
fn four_shards_run_apart_and_merged_equal_one_run_field_by_field() {
    let (one_server, other_server) = (target(), target());
    let one = Load::with(&url(&one_server), CONNECTIONS, &OPTIONS).ended();
    let apart = shards(&other_server);
    let own: Vec<u64> = apart
        .iter()
        .map(|ended| ended.record.plan.connections)
        .collect();
    assert_eq!(own, [11, 10, 10, 10]);
    // A machine that is busy with other things may be called unfit.
    assert!(
        apart.iter().all(|ended| matches!(ended.code, 0 | 5)),
        "{}",
        apart[0].page
    );
    let all = merged(&apart);
    let mut whole = one.record.clone();
    // A merge leaves the exit code to whoever asks for one.
    whole.exit = None;
    let (whole_fields, all_fields) = (fields(&whole), fields(&all));
    assert!(whole_fields.len() > 500, "{}", whole_fields.len());
    let keys: Vec<_> = whole_fields.keys().collect();
    assert_eq!(keys, all_fields.keys().collect::<Vec<_>>());
    let differ: Vec<_> = whole_fields
        .iter()
        .filter(|(path, value)| all_fields[*path] != **value)
        .map(|(path, value)| format!("{path}: {value} and {}", all_fields[path]))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");

    for record in [&whole, &all] {
        let slices = || record.measured.timeline.iter().map(|(_, slice)| slice);
        let all = u64::from(CONNECTIONS);
        let total = record.total();
        let untimed = total.counters.events.untimed;
        let timed = total.histograms.count(Metric::Delivery);
        assert_eq!(timed + untimed, EVENTS * all);
        assert_eq!(total.histograms.count(Metric::StreamDuration), all);
        assert_eq!(
            slices().map(|slice| slice.events).sum::<u64>(),
            EVENTS * all
        );
        assert_eq!(slices().map(|slice| slice.opened).sum::<u64>(), all);
        assert_eq!(slices().map(|slice| slice.closed).sum::<u64>(), all);
        assert_eq!(record.measured.worst.iter().count(), 10);
    }
    // They kept to one schedule: it began when all had been told, at the same instant.
    let starts: Vec<_> = apart
        .iter()
        .map(|ended| ended.record.started.epoch_us)
        .collect();
    assert!(starts.iter().all(|start| *start == starts[0]), "{starts:?}");
}

#[test]
fn a_start_that_is_past_is_refused() {
    let server = target();
    let refused = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([
            "run",
            &url(&server),
            "-c",
            "1",
            "--start-at",
            "2001-02-03T04:05:06Z",
        ])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("2001-02-03T04:05:06Z"), "{told}");
}
