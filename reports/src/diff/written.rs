//! The figures of a comparison as every report writes them.

use run_record::diff::Change;

use crate::number;

/// A value with its unit, which is `us`, `%`, `B` or none.
pub fn value(value: f64, unit: &str) -> String {
    match unit {
        "us" => number::micros(value),
        "%" => number::percent(value),
        "" => number::significant(value),
        unit => format!("{} {unit}", number::significant(value)),
    }
}

/// A change with its sign and unit: `+9.8 %`, `-1.2 ms`.
pub fn signed(change: f64, unit: &str) -> String {
    let sign = if change < 0.0 { "-" } else { "+" };
    let size = change.abs();
    match unit {
        "%" => format!("{sign}{size:.1} %"),
        unit => format!("{sign}{}", value(size, unit)),
    }
}

/// The interval of a change: `+6.1 to +13.0 %`.
pub fn within(change: &Change) -> String {
    let unit = &change.unit;
    let low = signed(change.low, unit);
    // The unit of percentages is the same at both ends and stands at the second.
    let low = low.strip_suffix(" %").map(str::to_owned).unwrap_or(low);
    format!("{low} to {}", signed(change.high, unit))
}
