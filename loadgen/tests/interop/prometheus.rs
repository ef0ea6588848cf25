//! The OpenMetrics text of a real run, read by the reader of Prometheus's Python client.

use super::{measured, output, python, scratch, text};
use run_record::metric::Metric;

const LIBRARY: &str = "prometheus_client==0.26.0";
const READER: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(open(sys.argv[1]).read()):
    for sample in family.samples:
        labels = ','.join(f'{name}={value}' for name, value in sample.labels.items())
        print(family.type, sample.name, labels or '-', float(sample.value))
";

#[test]
#[ignore = "needs python3 with venv: ./scripts/test installs them"]
fn prometheus_reads_what_was_measured() {
    let directory = scratch("interop-prometheus");
    let (record, path, _) = measured(&directory);
    let exposition = directory.join("run.prom");
    super::loadgen(&["report", text(&path), "-o", text(&exposition)]);
    let python = python(LIBRARY, "prometheus_client");
    let told = output(&python, &["-c", READER, text(&exposition)]);
    let total = record.total();
    let received = total.counters.events.received;
    for line in [
        format!("counter streamgauge_event_received_total - {received}.0"),
        format!(
            "histogram streamgauge_event_delivery_seconds_count - {}.0",
            total.histograms.count(Metric::Delivery)
        ),
        format!(
            "gauge streamgauge_exit_code - {}.0",
            record.exit.as_ref().unwrap().code
        ),
    ] {
        assert!(told.contains(&line), "{line}\n{told}");
    }
    assert!(told.contains(&format!("url={}", record.plan.url)), "{told}");
}
