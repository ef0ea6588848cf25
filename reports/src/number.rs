//! Numbers for people: three significant digits, thousands separated, a unit on everything.

use run_record::limits::Amount;
use run_record::text::with_separators;
use run_record::time::Nanos;

/// A time in the unit that fits it: `850 ns`, `12.3 us`, `1.8 ms`, `402 ms`, `1.31 s`.
///
/// Three significant digits, without trailing zeros; from 1,000 s on whole seconds.
pub fn time(duration: Nanos) -> String {
    micros(duration.as_micros_f64())
}

/// A time of so many microseconds, as [`time`] writes it; a negative one with its sign.
pub fn micros(micros: f64) -> String {
    let size = micros.abs();
    // A unit is left when rounding to three digits would reach the next one.
    let (value, unit) = if size < 0.9995 {
        (micros * 1e3, "ns")
    } else if size < 999.5 {
        (micros, "us")
    } else if size < 999_500.0 {
        (micros / 1e3, "ms")
    } else {
        (micros / 1e6, "s")
    };
    format!("{} {unit}", significant(value))
}

/// A number with three significant digits, without trailing zeros; whole from 1,000 on.
pub fn significant(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{size:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole = whole
        .parse()
        .map_or_else(|_| whole.to_owned(), with_separators);
    let sign = if value < 0.0 && (whole != "0" || !fraction.is_empty()) {
        "-"
    } else {
        ""
    };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// A whole number with its thousands separated: `1,499,312`.
pub fn count(number: u64) -> String {
    with_separators(number)
}

/// A number of bytes in decimal units: `512 B`, `3.1 MB`.
pub fn bytes(number: u64) -> String {
    let value = number as f64;
    let (value, unit) = if value < 999.5 {
        (value, "B")
    } else if value < 999_500.0 {
        (value / 1e3, "kB")
    } else if value < 999_500_000.0 {
        (value / 1e6, "MB")
    } else {
        (value / 1e9, "GB")
    };
    format!("{} {unit}", significant(value))
}

/// A part of a whole in percent. Only the whole is `100 %` and only nothing is `0 %`: what lies
/// between is never rounded to either.
pub fn share(part: u64, whole: u64) -> String {
    if part == whole {
        return "100 %".to_owned();
    }
    percent(100.0 * part as f64 / whole.max(1) as f64)
}

/// A percentage: `41 %`, `99.994 %`; see [`share`].
pub fn percent(value: f64) -> String {
    let text = match value {
        _ if value > 0.0 && value < 0.001 => "below 0.001".to_owned(),
        _ if value > 99.999 && value < 100.0 => "above 99.999".to_owned(),
        _ if value > 99.9 && value < 100.0 => trimmed(format!("{value:.3}")),
        _ if value > 99.0 && value < 100.0 => trimmed(format!("{value:.2}")),
        _ => significant(value),
    };
    text + " %"
}

/// A number with its unit, as limits have it; negative with its sign.
pub fn amount(amount: Amount) -> String {
    match amount {
        Amount::Us(value) => micros(value),
        Amount::Percent(value) => percent(value),
        Amount::Count(number) => signed(number, count),
        Amount::Bytes(number) => signed(number, |bytes| format!("{} B", count(bytes))),
    }
}

/// Minutes and seconds: `00:34`, `61:05`.
pub fn clock(duration: Nanos) -> String {
    let seconds = duration.0 / 1_000_000_000;
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

fn signed(number: i64, text: impl Fn(u64) -> String) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", text(number.unsigned_abs()))
}

fn trimmed(decimals: String) -> String {
    decimals
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_have_three_digits_and_the_unit_that_fits() {
        let texts = [
            (0, "0 ns"),
            (850, "850 ns"),
            (12_340, "12.3 us"),
            (999_499, "999 us"),
            (999_500, "1 ms"),
            (1_800_000, "1.8 ms"),
            (402_000_000, "402 ms"),
            (999_600_000, "1 s"),
            (1_310_000_000, "1.31 s"),
            (3_600_000_000_000, "3,600 s"),
        ];
        for (nanos, text) in texts {
            assert_eq!(time(Nanos(nanos)), text);
        }
        assert_eq!(micros(-3_800_000.0), "-3.8 s");
    }

    #[test]
    fn counts_bytes_and_clocks_read_well() {
        assert_eq!(count(1_499_312), "1,499,312");
        assert_eq!(bytes(3_100_000), "3.1 MB");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500_000_000), "1.5 GB");
        assert_eq!(clock(Nanos::from_secs(3_665)), "61:05");
        assert_eq!(amount(Amount::Count(-88)), "-88");
        assert_eq!(amount(Amount::Bytes(4_096)), "4,096 B");
    }

    #[test]
    fn what_is_not_the_whole_is_not_written_as_the_whole() {
        assert_eq!(share(1_499_312, 1_499_400), "99.994 %");
        assert_eq!(share(1_499_400, 1_499_400), "100 %");
        assert_eq!(share(9_999_999_999, 10_000_000_000), "above 99.999 %");
        assert_eq!(share(1, 10_000_000_000), "below 0.001 %");
        assert_eq!(share(0, 10), "0 %");
        assert_eq!(percent(41.0), "41 %");
        assert_eq!(percent(99.25), "99.25 %");
    }

    proptest! {
        #[test]
        fn a_printed_time_is_right_to_half_a_percent(nanos in 1_u64..100_000_000_000_000) {
            let text = time(Nanos(nanos));
            let (number, unit) = text.split_once(' ').unwrap();
            let factor = match unit { "ns" => 1.0, "us" => 1e3, "ms" => 1e6, _ => 1e9 };
            let read: f64 = number.replace(',', "").parse().unwrap();
            prop_assert!((read * factor / nanos as f64 - 1.0).abs() <= 0.005_001, "{nanos} as {text}");
        }

        #[test]
        fn only_the_whole_is_the_whole(part in 0_u64..1_000_000, more in 1_u64..1_000_000) {
            let text = share(part, part + more);
            prop_assert_ne!(text.as_str(), "100 %");
            prop_assert!(part == 0 || text != "0 %");
        }
    }
}
