//! How histograms stand in a record: HDR V2, deflated, base64, with a summary for readers
//! without an HDR library.
//!
//! The summary is written and never read back: the histogram alone counts.

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer as HdrDeserializer, Serializer as _};
use hdrhistogram::serialization::{V2DeflateSerializer, V2Serializer};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::histograms::{COARSE_DIGITS, Histograms, LONGEST, SIGNIFICANT_DIGITS, of_digits};
use crate::metric::Metric;
use crate::quantile::Quantile;
use crate::time::Nanos;

/// Upper bound of an inflated histogram: 34,816 counts of at most 9 bytes and a header.
const LARGEST_ENCODING: u64 = 320 * 1024;

/// Bytes before the counts: cookie, payload length, offset, digits, low, high, ratio.
const HEADER: usize = 40;

/// The histograms of a group in a record: those with samples, by metric name.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Histograms")]
struct StoredHistograms {
    /// Samples longer than 1 h, which stand in their histogram as 1 h.
    #[serde(default, skip_serializing_if = "is_zero")]
    saturated: u64,
    /// By metric name. A reader skips names it does not know.
    metrics: BTreeMap<String, StoredMetric>,
}

/// A metric with a sample.
#[derive(Serialize, Deserialize, JsonSchema)]
struct StoredMetric {
    /// The samples; the upper edges where some are intervals.
    #[serde(flatten)]
    upper: StoredHistogram,
    /// The lower edges, where some samples are intervals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lower: Option<StoredHistogram>,
}

/// One histogram with its summary. A quantile q is absent with fewer than 10/(1-q) samples.
#[derive(Serialize, Deserialize, JsonSchema)]
struct StoredHistogram {
    /// Number of samples.
    count: u64,
    /// Smallest sample.
    min_us: Nanos,
    /// Median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p50_us: Option<Nanos>,
    /// 90th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p90_us: Option<Nanos>,
    /// 99th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p99_us: Option<Nanos>,
    /// 99.9th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p99_9_us: Option<Nanos>,
    /// Largest sample.
    max_us: Nanos,
    /// The histogram itself, in nanoseconds: HdrHistogram V2, deflated, base64.
    hdr_v2_base64: String,
}

impl Serialize for Histograms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut metrics = BTreeMap::new();
        for metric in Metric::ALL {
            let (Some(upper), Some(lower)) = (self.get(metric), self.lower(metric)) else {
                continue;
            };
            let stored = StoredMetric {
                upper: store(upper).map_err(S::Error::custom)?,
                lower: (lower != upper)
                    .then(|| store(lower))
                    .transpose()
                    .map_err(S::Error::custom)?,
            };
            metrics.insert(metric.name().to_owned(), stored);
        }
        StoredHistograms {
            saturated: self.saturated(),
            metrics,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Histograms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = StoredHistograms::deserialize(deserializer)?;
        let mut histograms = Self::default();
        histograms.add_saturated(stored.saturated);
        for (name, metric_record) in stored.metrics {
            // A later minor version may know more metrics.
            let Ok(metric) = name.parse::<Metric>() else {
                continue;
            };
            let refused = |error| D::Error::custom(format_args!("histogram {name}: {error}"));
            let upper = load(&metric_record.upper).map_err(refused)?;
            let lower = metric_record
                .lower
                .as_ref()
                .map(load)
                .transpose()
                .map_err(refused)?;
            if lower
                .as_ref()
                .is_some_and(|lower| lower.len() != upper.len())
            {
                return Err(refused(BadHistogram::EdgesDiffer));
            }
            histograms.insert(metric, upper, lower);
        }
        Ok(histograms)
    }
}

impl JsonSchema for Histograms {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        StoredHistograms::schema_name()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        StoredHistograms::json_schema(generator)
    }
}

fn store(histogram: &Histogram<u64>) -> Result<StoredHistogram, String> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .map_err(|error| format!("a histogram could not be encoded: {error:?}"))?;
    Ok(StoredHistogram {
        count: histogram.len(),
        min_us: Nanos(histogram.min()),
        p50_us: Quantile::P50.of(histogram),
        p90_us: Quantile::P90.of(histogram),
        p99_us: Quantile::P99.of(histogram),
        p99_9_us: Quantile::P99_9.of(histogram),
        max_us: Nanos(histogram.max()),
        hdr_v2_base64: STANDARD.encode(bytes),
    })
}

/// Why the text of a histogram cannot be taken.
#[derive(Debug, thiserror::Error)]
enum BadHistogram {
    #[error("is not base64: {0}")]
    NotBase64(#[from] base64::DecodeError),
    #[error("cannot be inflated, or is larger than any histogram can be: {0}")]
    NotInflated(#[from] std::io::Error),
    #[error("is not an HdrHistogram V2 from 1 ns to 1 h with 3 or 2 digits")]
    OtherShape,
    #[error("has damaged counts")]
    Damaged,
    #[error("has not as many lower edges as upper ones")]
    EdgesDiffer,
}

/// A file is foreign input: lengths and bounds are checked before the library sees them, because
/// it allocates what the header asks for.
fn load(stored: &StoredHistogram) -> Result<Histogram<u64>, BadHistogram> {
    let bytes = STANDARD.decode(&stored.hdr_v2_base64)?;
    // The outer header is a cookie and a length; the rest is one zlib stream.
    let deflated = bytes.get(8..).ok_or(BadHistogram::OtherShape)?;
    let mut plain = Vec::new();
    ZlibDecoder::new(deflated)
        .take(LARGEST_ENCODING + 1)
        .read_to_end(&mut plain)?;
    if plain.len() as u64 > LARGEST_ENCODING || !has_our_shape(&plain) {
        return Err(BadHistogram::OtherShape);
    }
    // Nine bytes of ones are the number -2^63, which the library negates; no run of zeros and no
    // count of a real histogram is that long.
    if plain[HEADER..].windows(9).any(|window| window == [0xff; 9]) {
        return Err(BadHistogram::Damaged);
    }
    HdrDeserializer::new()
        .deserialize(&mut plain.as_slice())
        .map_err(|_| BadHistogram::Damaged)
}

/// Whether the header is one that our own histograms get, whatever the length.
fn has_our_shape(plain: &[u8]) -> bool {
    let Some(header) = plain.get(..HEADER) else {
        return false;
    };
    let payload_length = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    let is_of = |digits| {
        let mut expected = Vec::new();
        let written = V2Serializer::new().serialize(&of_digits(digits), &mut expected);
        written.is_ok() && header[..4] == expected[..4] && header[8..] == expected[8..HEADER]
    };
    payload_length as usize == plain.len() - HEADER
        && (is_of(SIGNIFICANT_DIGITS) || is_of(COARSE_DIGITS))
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

// The bounds are part of the format: a change makes older records unreadable.
const _: () =
    assert!(LONGEST.0 == 3_600_000_000_000 && SIGNIFICANT_DIGITS == 3 && COARSE_DIGITS == 2);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(histograms: &Histograms) -> Histograms {
        serde_json::from_str(&serde_json::to_string(histograms).unwrap()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_record_gives_back_every_sample(
            samples in prop::collection::vec((0_u64..2 * LONGEST.0, 0_u64..1_000_000), 0..50),
        ) {
            let mut histograms = Histograms::default();
            for (upper, width) in samples {
                histograms.record(Metric::Gap, Nanos(upper));
                let lower = Nanos(upper.saturating_sub(width));
                histograms.record_edges(Metric::Transit, lower, Nanos(upper));
            }
            prop_assert_eq!(round_trip(&histograms), histograms);
        }

        #[test]
        fn no_text_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let stored = StoredHistogram {
                count: 0, min_us: Nanos(0), p50_us: None, p90_us: None, p99_us: None,
                p99_9_us: None, max_us: Nanos(0), hdr_v2_base64: deflated(&bytes),
            };
            prop_assert!(load(&stored).is_err());
        }
    }

    #[test]
    fn the_summary_stands_beside_the_histogram() {
        let mut histograms = Histograms::default();
        for sample in 1..=1_000_u64 {
            histograms.record(Metric::Gap, Nanos::from_micros(sample));
        }
        let json = serde_json::to_value(&histograms).unwrap();
        let gap = &json["metrics"]["gap"];
        assert_eq!(gap["count"], 1_000);
        assert_eq!(gap["p99_us"], 990.207);
        assert!(
            gap.get("p99_9_us").is_none(),
            "1,000 samples cannot carry p99.9"
        );
        assert!(gap.get("lower").is_none());
    }

    #[test]
    fn the_number_that_cannot_be_negated_is_refused() {
        let mut plain = Vec::new();
        V2Serializer::new()
            .serialize(&crate::histograms::empty_histogram(), &mut plain)
            .unwrap();
        plain.truncate(HEADER);
        plain.extend([0xff; 9]);
        plain[4..8].copy_from_slice(&9_u32.to_be_bytes());
        let mut histograms = Histograms::default();
        histograms.record(Metric::Gap, Nanos(1));
        let mut json = serde_json::to_value(histograms).unwrap();
        json["metrics"]["gap"]["hdr_v2_base64"] = deflated(&plain).into();
        let error = serde_json::from_value::<Histograms>(json)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("histogram gap: has damaged counts"),
            "{error}"
        );
    }

    #[test]
    fn a_metric_of_a_later_version_is_skipped() {
        let mut histograms = Histograms::default();
        histograms.record(Metric::Gap, Nanos(1));
        let mut json = serde_json::to_value(&histograms).unwrap();
        json["metrics"]["ttft"] = json["metrics"]["gap"].clone();
        assert_eq!(
            serde_json::from_value::<Histograms>(json).unwrap(),
            histograms
        );
    }

    fn deflated(plain: &[u8]) -> String {
        let mut encoder =
            flate2::write::ZlibEncoder::new(vec![0; 8], flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, plain).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }
}
