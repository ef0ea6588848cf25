//! Criterion 15: the histograms of a real run, read by HdrHistogram's own tools in Java and Python; and its OpenMetrics
//! text, read by Prometheus's own client.
#![cfg(test)]

mod prometheus;

use hdrhistogram::Histogram;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use target_server::{Config, Server};

const JAVA_LIBRARY: &str = "/usr/share/java/hdrhistogram.jar";
const PYTHON_LIBRARY: &str = "hdrhistogram==0.10.8";
const PYTHON_READER: &str = "
import sys
from hdrh.log import HistogramLogReader
from hdrh.histogram import HdrHistogram
all = HdrHistogram(1, 3600 * 10**9, 3)
reader = HistogramLogReader(sys.argv[1], all)
while True:
    h = reader.get_next_interval_histogram()
    if h is None:
        break
    print(h.get_tag(), h.get_total_count(), h.get_max_value(),
          *(h.get_value_at_percentile(p) for p in (50, 90, 99, 99.9)),
          *(f'{i.value_iterated_to}:{i.count_at_value_iterated_to}' for i in h.get_recorded_iterator()))
";

/// What a reader says of one metric: count, max, and the quantiles 50, 90, 99 and 99.9 %, in nanoseconds.
type Told = [u64; 6];

fn output(program: impl AsRef<OsStr>, arguments: &[&str]) -> String {
    let program = program.as_ref();
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| {
            panic!("{}: {error}; ./scripts/test installs it", program.display())
        });
    assert!(
        output.status.success(),
        "{} {arguments:?}: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn loadgen(arguments: &[&str]) {
    output(env!("CARGO_BIN_EXE_loadgen"), arguments);
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A directory of this test, empty.
fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // There may be none yet.
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// A real run, its record and its log.
fn measured(directory: &Path) -> (RunRecord, PathBuf, PathBuf) {
    let server = Server::start(Config::default()).unwrap();
    let url = format!(
        "http://{}/prices?interval=10ms&count=100",
        server.local_addr().unwrap()
    );
    let (record, log) = (directory.join("run.json"), directory.join("run.hlog"));
    let out = text(&record);
    // Its streams end by themselves after 100 events: that no stream is left is exit code 3.
    let status = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([
            "run",
            &url,
            "-c",
            "100",
            "--for",
            "2s",
            "--no-progress",
            "--out",
            out,
        ])
        .output()
        .unwrap()
        .status;
    assert!(matches!(status.code(), Some(3 | 5)), "{status}");
    loadgen(&["report", out, "-o", text(&log)]);
    let read = RunRecord::read(&std::fs::read(&record).unwrap()).unwrap();
    (read, record, log)
}

fn told_by_the_record(record: &RunRecord) -> BTreeMap<String, Told> {
    let total = record.total();
    let measured = Metric::ALL.into_iter().filter_map(|metric| {
        let histogram = total.histograms.get(metric)?;
        let at = |q| histogram.value_at_quantile(q);
        let told = [
            histogram.len(),
            histogram.max(),
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
        ];
        Some((metric.name().to_owned(), told))
    });
    measured.collect()
}

/// The value at a percentile by the rule of Python's library: where the rank is no whole number it takes the nearest,
/// Java's and Rust's the next.
fn at_nearest_rank(histogram: &Histogram<u64>, percent: f64) -> u64 {
    let rank = ((percent * histogram.len() as f64 / 100.0 + 0.5) as u64).max(1);
    let mut seen = 0;
    let at_rank = histogram.iter_recorded().find(|bucket| {
        seen += bucket.count_since_last_iteration();
        seen >= rank
    });
    at_rank.map_or(0, |bucket| {
        histogram.highest_equivalent(bucket.value_iterated_to())
    })
}

fn numbers(words: &[&str]) -> Told {
    let numbers: Vec<u64> = words
        .iter()
        .map(|word| word.parse::<f64>().unwrap_or_else(|_| panic!("{words:?}")) as u64)
        .collect();
    numbers.try_into().unwrap()
}

/// Java's summary of one tag, and its percentile table.
fn told_by_java(log: &Path, tag: &str) -> (Told, String) {
    let out = log.with_file_name(format!("java-{tag}"));
    let class = "org.HdrHistogram.HistogramLogProcessor";
    output(
        "java",
        &[
            "-cp",
            JAVA_LIBRARY,
            class,
            "-i",
            text(log),
            "-tag",
            tag,
            "-o",
            text(&out),
            "-outputValueUnitRatio",
            "1",
        ],
    );
    let summary = std::fs::read_to_string(&out).unwrap();
    // "2.060: I:COUNT ( ... ) T:COUNT ( p50 p90 p99 p99.9 p99.99 max )"
    let (_, last) = summary
        .trim_end()
        .rsplit_once(" T:")
        .expect("a line of totals");
    let words: Vec<&str> = last.split_whitespace().collect();
    let told = numbers(&[words[0], words[7], words[2], words[3], words[4], words[5]]);
    let table = std::fs::read_to_string(out.with_file_name(format!("java-{tag}.hgrm"))).unwrap();
    (told, table)
}

/// The rows that HdrHistogram's plotter would take: value, percentile in units of 1e-11 (the last of its digits is
/// rounded differently), count.
fn rows(table: &str, nanos_per_unit: f64) -> Vec<(u64, u64, u64)> {
    table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.contains("Percentile"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        // Java's own last row has no fourth column: the plotter leaves it out.
        .filter(|words| words.len() == 4)
        .map(|words| {
            let value = words[0].parse::<f64>().unwrap() * nanos_per_unit;
            let percentile = words[1].parse::<f64>().unwrap() * 1e11;
            let count = words[2].parse().unwrap();
            (value.round() as u64, percentile as u64, count)
        })
        .collect()
}

/// A place for a library of Python, made once.
fn python(library: &str, module: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{module}-venv"));
    let python = place.join("bin/python");
    let is_there = Command::new(&python)
        .args(["-c", &format!("import {module}")])
        .output()
        .is_ok_and(|output| output.status.success());
    if !is_there {
        output("python3", &["-m", "venv", text(&place)]);
        output(place.join("bin/pip"), &["install", "--quiet", library]);
    }
    python
}

#[test]
#[ignore = "needs java and HdrHistogram: ./scripts/test installs them"]
fn criterion_15_java_reads_what_was_recorded() {
    let directory = scratch("interop-java");
    let (record, path, log) = measured(&directory);
    let ours = told_by_the_record(&record);
    assert!(ours.len() >= 10, "{ours:?}");
    let mut compared = 0;
    for (metric, told) in &ours {
        let (java, java_table) = told_by_java(&log, metric);
        assert_eq!(java, *told, "{metric}");
        let table = directory.join(format!("{metric}.hgrm"));
        loadgen(&[
            "report",
            text(&path),
            "--metric",
            metric,
            "-o",
            text(&table),
        ]);
        let table = std::fs::read_to_string(table).unwrap();
        let lines = table.lines().filter(|line| line.starts_with(' ')).skip(1);
        assert!(
            lines
                .clone()
                .all(|line| line.split_whitespace().count() == 4),
            "{table}"
        );
        let rows_of_ours = rows(&table, 1e6);
        assert_eq!(rows_of_ours, rows(&java_table, 1.0), "{metric}.hgrm");
        compared += rows_of_ours.len();
    }
    println!(
        "truth | 15 | read by Java: count, max, p50, p90, p99, p99.9 | {} metrics and {compared} rows of .hgrm identical | all, to the integer",
        ours.len()
    );
}

#[test]
#[ignore = "needs python3 with venv: ./scripts/test installs them"]
fn criterion_15_python_reads_what_was_recorded() {
    let directory = scratch("interop-python");
    let (record, _, log) = measured(&directory);
    let ours = told_by_the_record(&record);
    let told = output(
        python(PYTHON_LIBRARY, "hdrh"),
        &["-c", PYTHON_READER, text(&log)],
    );
    let total = record.total();
    let (mut metrics, mut buckets) = (0, 0);
    for line in told.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(of_ours) = ours.get(words[0]) else {
            assert!(words[0].ends_with(".earliest"), "{line}");
            continue;
        };
        let histogram = total.histograms.get(words[0].parse().unwrap()).unwrap();
        let mut by_its_rule = *of_ours;
        for (told, percent) in by_its_rule[2..].iter_mut().zip([50.0, 90.0, 99.0, 99.9]) {
            *told = at_nearest_rank(histogram, percent);
        }
        assert_eq!(numbers(&words[1..7]), by_its_rule, "{}", words[0]);
        let recorded: Vec<String> = histogram
            .iter_recorded()
            .map(|bucket| format!("{}:{}", bucket.value_iterated_to(), bucket.count_at_value()))
            .collect();
        assert_eq!(words[7..], recorded, "{}", words[0]);
        (metrics, buckets) = (metrics + 1, buckets + recorded.len());
    }
    assert!(metrics == ours.len() && metrics >= 10, "{metrics} metrics");
    println!(
        "truth | 15 | read by Python: count, max, p50, p90, p99, p99.9 by its own rule of ranks, each bucket | {metrics} metrics and {buckets} buckets identical | all, to the integer"
    );
}
