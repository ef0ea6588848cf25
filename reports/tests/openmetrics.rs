//! The OpenMetrics text: it is one by a strict reader, and says what the record says.

mod exposition;
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod sample;

use exposition::{Family, read};
use reports::openmetrics::openmetrics;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use std::collections::BTreeMap;

fn families(record: &RunRecord) -> BTreeMap<String, Family> {
    let text = openmetrics(record);
    read(&text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

#[track_caller]
fn value(families: &BTreeMap<String, Family>, name: &str, labels: &[(&str, &str)]) -> f64 {
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let samples = families.values().flat_map(|family| &family.samples);
    let mut found = samples.filter(|((known, has), _)| known == name && *has == labels);
    *found.next().expect(name).1
}

#[test]
fn counts_and_outcome_are_those_of_the_record() {
    let families = families(&sample::bad_run());
    let value = |name: &str, labels: &[(&str, &str)]| value(&families, name, labels);
    assert_eq!(value("streamgauge_event_lost_total", &[]), 88.0);
    assert_eq!(value("streamgauge_stream_stalls_total", &[]), 1.0);
    assert_eq!(
        value("streamgauge_stream_received_bytes_total", &[]),
        186_000_000.0
    );
    assert_eq!(value("streamgauge_verdict", &[("verdict", "live")]), 1.0);
    assert_eq!(
        value("streamgauge_verdict", &[("verdict", "no_stream")]),
        0.0
    );
    assert_eq!(value("streamgauge_exit_code", &[]), 1.0);
    assert_eq!(value("streamgauge_run_duration_seconds", &[]), 60.0);
    let limit = [("limit", "lost=0"), ("side", "max"), ("status", "missed")];
    assert_eq!(value("streamgauge_limit", &limit), 1.0);
    let url = ("url", "http://127.0.0.1:8080/prices");
    assert_eq!(
        value("streamgauge_run_info", &[url, ("method", ""), ("tool", "")]),
        1.0
    );
}

#[test]
fn buckets_hold_the_samples_of_the_histogram() {
    let record = sample::good_run();
    let families = families(&record);
    let name = "streamgauge_event_delivery_seconds";
    let bucket = |le: &str| value(&families, &format!("{name}_bucket"), &[("le", le)]);
    // Delivery is step squared in ns, steps 1 to 20,000.
    assert_eq!(bucket("0.0001"), 316.0);
    assert_eq!(bucket("0.1"), 10_000.0);
    assert_eq!(bucket("0.5"), 20_000.0);
    assert_eq!(bucket("300.0"), 20_000.0);
    let steps = 20_000.0_f64;
    let sum = steps * (steps + 1.0) * (2.0 * steps + 1.0) / 6.0 / 1e9;
    let told = value(&families, &format!("{name}_sum"), &[]);
    assert!((told / sum - 1.0).abs() < 0.001, "{told}, not {sum}");
    let count = record.total().histograms.count(Metric::Delivery) as f64;
    assert_eq!(value(&families, &format!("{name}_count"), &[]), count);
}

#[test]
fn what_was_not_measured_is_absent() {
    let families = families(&sample::empty_run());
    for absent in [
        "event_lost",
        "stream_stalls",
        "verdict",
        "limit",
        "event_delivery_seconds",
        "errors",
    ] {
        assert!(
            !families.contains_key(&format!("streamgauge_{absent}")),
            "{absent}"
        );
    }
    assert!(families.contains_key("streamgauge_event_received"));
}
