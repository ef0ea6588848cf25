//! What the command lines of this crate share.

use std::time::Duration;

use clap::Args;

/// The load of a client.
#[derive(Args, Clone, Debug)]
pub struct Held {
    /// Where to connect and what to ask for: http://HOST:PORT/PATH
    pub url: String,
    /// Connections to hold
    #[arg(short = 'c', long, default_value_t = 1)]
    pub connections: usize,
    /// Time over which they are opened
    #[arg(long, default_value = "0s", value_parser = span)]
    pub ramp: Duration,
    /// Time for which they are held after that
    #[arg(long = "for", default_value = "10s", value_parser = span)]
    pub hold: Duration,
}

impl Held {
    /// Time between two connections, if each of `openers` opens its share.
    pub fn pause(&self, openers: usize) -> Duration {
        let share = u32::try_from(self.connections.div_ceil(openers)).unwrap_or(u32::MAX);
        self.ramp.checked_div(share).unwrap_or_default()
    }
}

/// Reads a span such as `500ms`, `10s` or `2m`: a whole number and its unit.
///
/// Errors: another unit, no unit or no number; the text says what was expected.
pub fn span(text: &str) -> Result<Duration, String> {
    let unit_at = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let number: u32 = number
        .parse()
        .map_err(|_| format!("{text:?} is no span like 500ms or 10s"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number.into())),
        "s" => Ok(Duration::from_secs(number.into())),
        "m" => Ok(Duration::from_secs(u64::from(number) * 60)),
        _ => Err(format!("{text:?} has no unit of ms, s, m")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "10", "s", "1.5s", "-1s", "10 s", "99999999999s"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
