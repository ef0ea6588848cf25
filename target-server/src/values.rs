//! The values that parameters take, and the words for their ranges.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use crate::source::prices::Pad;
use crate::source::schedule::Jitter;

/// What a value means, or what was expected instead.
pub(crate) type Reading<T> = Result<T, Cow<'static, str>>;

/// Ten events a second: slow enough to watch, fast enough to judge.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_millis(100);
/// Until the first token.
pub(crate) const DEFAULT_FIRST: Duration = Duration::from_millis(300);
/// From token to token.
pub(crate) const DEFAULT_GAP: Duration = Duration::from_millis(20);

const HOUR: Duration = Duration::from_secs(3600);

/// A whole number and a unit, without a sign or a space.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let nanoseconds: u64 = match unit {
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(nanoseconds)
        .map(Duration::from_nanos)
}

/// A duration inside a range.
pub(crate) fn duration_within(
    shortest: Duration,
    longest: Duration,
    text: &str,
) -> Reading<Duration> {
    duration(text)
        .filter(|value| (shortest..=longest).contains(value))
        .ok_or_else(|| {
            format!("a whole number and a unit (us, ms, s, m, h), from {shortest:?} to {longest:?}")
                .into()
        })
}

/// The time between ticks.
pub(crate) fn interval(text: &str) -> Reading<Duration> {
    duration_within(Duration::from_micros(100), HOUR, text)
}

/// The time between comments.
pub(crate) fn heartbeat(text: &str) -> Reading<Duration> {
    duration_within(Duration::from_millis(10), HOUR, text)
}

/// A time that may be nothing.
pub(crate) fn pause(text: &str) -> Reading<Duration> {
    duration_within(Duration::ZERO, HOUR, text)
}

/// A time that is something.
pub(crate) fn span(text: &str) -> Reading<Duration> {
    duration_within(Duration::from_millis(1), HOUR, text)
}

/// How ticks are spread; a uniform spread is at most the interval.
pub(crate) fn jitter(interval: Duration) -> impl FnOnce(&str) -> Reading<Jitter> {
    move |text| match (text, text.strip_prefix("uniform:").and_then(duration)) {
        ("exp", _) => Ok(Jitter::Exponential),
        (_, Some(most)) if most <= interval => Ok(Jitter::Uniform(most)),
        _ => Err(format!("exp, or uniform:T with T up to the interval, {interval:?}").into()),
    }
}

/// What fills an event.
pub(crate) fn pad(text: &str) -> Reading<Pad> {
    match text {
        "x" => Ok(Pad::Constant),
        "random" => Ok(Pad::Random),
        _ => Err("x or random".into()),
    }
}

/// Yes or no.
pub(crate) fn flag(text: &str) -> Reading<bool> {
    match text {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("0 or 1".into()),
    }
}

/// A whole number inside a range.
pub(crate) fn number<T>(lowest: T, highest: T) -> impl FnOnce(&str) -> Reading<T>
where
    T: FromStr + PartialOrd + Display,
{
    move |text| {
        // The standard parser takes a leading plus sign; in a query that is a space that went wrong.
        let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        digits
            .and_then(|digits| digits.parse().ok())
            .filter(|value| (&lowest..=&highest).contains(&value))
            .ok_or_else(|| format!("a whole number from {lowest} to {highest}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_a_range() {
        assert_eq!(interval("100us"), Ok(Duration::from_micros(100)));
        assert_eq!(interval("1h"), Ok(HOUR));
        assert_eq!(pause("0s"), Ok(Duration::ZERO));
        for bad in [
            "99us",
            "61m",
            "0s",
            "1",
            "1.5s",
            "-1s",
            " 1s",
            "s",
            "",
            "99999999999999999999s",
            "1d",
        ] {
            assert!(interval(bad).is_err(), "{bad}");
        }
        let message = interval("1").unwrap_err();
        assert_eq!(
            message,
            "a whole number and a unit (us, ms, s, m, h), from 100µs to 3600s"
        );
    }

    #[test]
    fn jitter_fits_its_interval() {
        let read = |text| jitter(Duration::from_millis(10))(text);
        assert_eq!(read("exp"), Ok(Jitter::Exponential));
        assert_eq!(
            read("uniform:10ms"),
            Ok(Jitter::Uniform(Duration::from_millis(10)))
        );
        assert!(
            read("uniform:11ms").is_err()
                && read("uniform").is_err()
                && read("normal:1ms").is_err()
        );
    }

    #[test]
    fn numbers_are_digits_inside_their_range() {
        assert_eq!(number(1, 10)("10"), Ok(10));
        for bad in ["0", "11", "+5", "5 ", "", "0x1", "99999999999999999999999"] {
            assert!(number(1_u64, 10)(bad).is_err(), "{bad}");
        }
    }
}
