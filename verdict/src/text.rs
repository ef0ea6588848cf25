//! Numbers as a person reads them: a unit on every number, three significant
//! digits, thousands separated.

/// "4,096 bytes", "1 byte".
pub(crate) fn bytes(count: f64) -> String {
    plural(count.round().max(0.0) as u64, "byte")
}

/// "1 event", "30 events", "12,000 events".
pub(crate) fn plural(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", thousands(count))
}

/// "0.31 ms", "206 ms", "1.36 s", "95 s".
pub(crate) fn ms(value: f64) -> String {
    match value {
        v if v < 0.0 => format!("-{}", ms(-v)),
        v if v < 0.995 => format!("{v:.2} ms"),
        v if v < 9.95 => format!("{v:.1} ms"),
        v if v < 999.5 => format!("{v:.0} ms"),
        v if v < 9_995.0 => format!("{:.2} s", v / 1e3),
        v if v < 99_950.0 => format!("{:.1} s", v / 1e3),
        v => format!("{:.0} s", v / 1e3),
    }
}

/// "4,096".
pub(crate) fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units_and_three_digits() {
        assert_eq!(bytes(4096.0), "4,096 bytes");
        assert_eq!(plural(1, "event"), "1 event");
        assert_eq!(plural(1_234_567, "event"), "1,234,567 events");
        assert_eq!(
            [0.314, 4.25, 206.4, 1_360.0, 15_020.0, 101_000.0].map(ms),
            ["0.31 ms", "4.2 ms", "206 ms", "1.36 s", "15.0 s", "101 s"]
        );
    }

    #[test]
    fn rounding_never_shows_a_thousand_of_the_smaller_unit() {
        assert_eq!(
            [0.997, 9.96, 999.6, 9_996.0].map(ms),
            ["1.0 ms", "10 ms", "1.00 s", "10.0 s"]
        );
    }
}
