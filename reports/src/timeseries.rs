//! `.csv`: the timeline of a run, a row for each second; of a run longer than ten minutes a row for each slice, whose width
//! stands in it.

use run_record::octaves::Octaves;
use run_record::quantile::Quantile;
use run_record::record::RunRecord;
use run_record::time::Nanos;
use run_record::timeline::Slice;

/// A column: its name, and how many in a slice.
type Counted = (&'static str, fn(&Slice) -> u64);

/// The columns that are not counted in a slice stand before and behind these.
const COUNTED: [Counted; 11] = [
    ("events", |slice| slice.events),
    ("bytes", |slice| slice.bytes),
    ("attempted", |slice| slice.attempted),
    ("opened", |slice| slice.opened),
    ("first_events", |slice| slice.streaming),
    ("closed", |slice| slice.closed),
    ("closed_by_server", |slice| slice.closed_by_server),
    ("failed", |slice| slice.failed),
    ("reconnects", |slice| slice.reconnects),
    ("stalls", |slice| slice.stalls),
    ("generator_stopped_us", |slice| slice.stopped_us.0 / 1_000),
];

/// A line of names, and a row for each slice of the timeline.
///
/// `epoch_s` is the start of the slice, `second` the same since the start of the run, `open` how many streams were open at
/// its end. Times are at most 12.5 % too high; a quantile with too few samples is empty, and so is what was not measured.
pub fn timeseries(record: &RunRecord) -> String {
    let timeline = &record.measured.timeline;
    let width = timeline.width_seconds();
    let mut text = "epoch_s,second,width_s".to_owned();
    for (name, _) in COUNTED {
        text += &format!(",{name}");
    }
    text +=
        ",open,delivery_p50_us,delivery_p99_us,delivery_max_us,gap_p50_us,gap_p99_us,gap_max_us\n";
    for ((from, slice), open) in timeline.iter().zip(timeline.open_at_ends()) {
        let epoch = from.epoch_micros() / 1_000_000;
        let since = from.signed_since(record.started.epoch_us);
        text += &format!("{epoch},{},{width}", since.div_euclid(1_000_000_000));
        for (_, count) in COUNTED {
            text += &format!(",{}", count(slice));
        }
        text += &format!(",{open},{},{}\n", times(&slice.delivery), times(&slice.gap));
    }
    text
}

fn times(samples: &Octaves) -> String {
    let micros =
        |time: Option<Nanos>| time.map_or_else(String::new, |time| (time.0 / 1_000).to_string());
    format!(
        "{},{},{}",
        micros(samples.quantile(Quantile::P50)),
        micros(samples.quantile(Quantile::P99)),
        micros(samples.max())
    )
}
