//! How values are written on the command line: durations, rates, and where a payload says what.
//! It must not know which option a value belongs to; clap names it in front of every message.

use std::time::Duration;

use run_record::redact;
use thiserror::Error;
use url::Url;

use crate::plan::{JsonPath, JsonPathError, SequenceSource, StampSource, TimeUnit};
use crate::schedule::Shape;

/// Why a value cannot be read: what it should have been.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum ValueError {
    #[error("expected the name of a response header, such as x-served-by")]
    Header,
    #[error(
        "its values may be secrets, and the record would hold them; name a header that says which server answered"
    )]
    SecretHeader,
    #[error("expected a duration with its unit, such as 100ms, 1.5s, 2m or 1h")]
    Duration,
    #[error("expected connections per second, such as 500/s or 0.5/s")]
    Rate,
    #[error("expected constant, poisson or gamma:SHAPE with a shape from 0.001 to 1000")]
    Arrivals,
    #[error("expected a time longer than zero, such as 100ms or 2m")]
    Zero,
    #[error("expected auto, none or json:/pointer:unit with the unit iso, s, ms, us or ns")]
    StampSource,
    #[error("expected auto, id, none or json:/pointer")]
    SequenceSource,
    #[error("expected an address with its scheme, such as http://{0}")]
    NoScheme(String),
    #[error("expected an http or https address, not {0}:")]
    Scheme(String),
    #[error("not an address: {0}")]
    Url(#[from] url::ParseError),
    #[error("the JSON pointer {0}")]
    Pointer(#[from] JsonPathError),
}

/// Longer than any run; keeps sums of times far from overflow.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// The shape of the gaps between starts; `None` where they are even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spread(pub(super) Option<Shape>);

/// Connections per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate(f64);

impl Rate {
    /// The time that so many connections take.
    pub(super) fn time_for(self, connections: u32) -> Duration {
        Duration::try_from_secs_f64(f64::from(connections) / self.0)
            .unwrap_or(LONGEST)
            .min(LONGEST)
    }
}

/// `100ms`, `1.5s`, `2m`, `1h`; also `us` and a bare `0`. Cut to whole nanoseconds, at most 366 days.
pub(super) fn duration(text: &str) -> Result<Duration, ValueError> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .ok_or(ValueError::Duration)?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(ValueError::Duration),
    };
    let number = plain_number(number).ok_or(ValueError::Duration)?;
    let duration =
        Duration::try_from_secs_f64(number * seconds).map_err(|_| ValueError::Duration)?;
    if duration > LONGEST {
        Err(ValueError::Duration)
    } else {
        Ok(duration)
    }
}

/// The name of a response header whose values a record may hold, in lower case.
pub(super) fn telling_header(text: &str) -> Result<String, ValueError> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_token) {
        return Err(ValueError::Header);
    }
    if redact::is_secret_name(text) {
        return Err(ValueError::SecretHeader);
    }
    Ok(text.to_ascii_lowercase())
}

/// A duration above zero.
pub(super) fn positive_duration(text: &str) -> Result<Duration, ValueError> {
    duration(text).and_then(|duration| {
        if duration.is_zero() {
            Err(ValueError::Zero)
        } else {
            Ok(duration)
        }
    })
}

/// `500/s`, `0.5/s`.
pub(super) fn rate(text: &str) -> Result<Rate, ValueError> {
    let number = text.strip_suffix("/s").and_then(plain_number);
    number
        .filter(|rate| *rate > 0.0)
        .map(Rate)
        .ok_or(ValueError::Rate)
}

/// `constant`, `poisson`, `gamma:0.25`.
pub(super) fn arrivals(text: &str) -> Result<Spread, ValueError> {
    let shape = match text {
        "constant" => return Ok(Spread(None)),
        "poisson" => Some(Shape::POISSON),
        other => other
            .strip_prefix("gamma:")
            .and_then(plain_number)
            .and_then(Shape::new),
    };
    shape
        .map(|shape| Spread(Some(shape)))
        .ok_or(ValueError::Arrivals)
}

/// An `http` or `https` address without its fragment, which is never sent.
pub(super) fn http_url(text: &str) -> Result<Url, ValueError> {
    // Without this, `localhost:8080` would be an address of the scheme `localhost`.
    if !text.contains("://") {
        let redacted = redact::url(text.trim_start_matches('/'));
        return Err(ValueError::NoScheme(redacted));
    }
    let mut url = Url::parse(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ValueError::Scheme(url.scheme().to_owned()));
    }
    url.set_fragment(None);
    Ok(url)
}

/// As [`http_url`], with the scheme that curl would guess.
pub(super) fn curl_url(text: &str) -> Result<Url, ValueError> {
    if text.contains("://") {
        http_url(text)
    } else {
        http_url(&format!("http://{text}"))
    }
}

/// What may be shown and kept of an address; the request has the rest.
pub(super) fn without_user_info(mut url: Url) -> Url {
    // Both can fail only for an address without a host, which http has not.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// The value of `--sent-at`.
pub(super) fn stamp_source(text: &str) -> Result<StampSource, ValueError> {
    match text {
        "auto" => return Ok(StampSource::Auto),
        "none" => return Ok(StampSource::None),
        _ => {}
    }
    let spec = text
        .strip_prefix("json:")
        .and_then(|spec| spec.rsplit_once(':'));
    let (pointer, unit) = spec.ok_or(ValueError::StampSource)?;
    let unit = match unit {
        "iso" => TimeUnit::Iso,
        "s" => TimeUnit::Seconds,
        "ms" => TimeUnit::Millis,
        "us" => TimeUnit::Micros,
        "ns" => TimeUnit::Nanos,
        _ => return Err(ValueError::StampSource),
    };
    Ok(StampSource::Json {
        pointer: JsonPath::parse(pointer)?,
        unit,
        boot: None,
    })
}

/// The value of `--seq`.
pub(super) fn sequence_source(text: &str) -> Result<SequenceSource, ValueError> {
    match text {
        "auto" => Ok(SequenceSource::Auto),
        "id" => Ok(SequenceSource::Id),
        "none" => Ok(SequenceSource::None),
        _ => {
            let pointer = text
                .strip_prefix("json:")
                .ok_or(ValueError::SequenceSource)?;
            Ok(SequenceSource::Json {
                pointer: JsonPath::parse(pointer)?,
            })
        }
    }
}

/// Digits with at most one point: neither a sign nor an exponent, which Rust's own parser would take.
fn plain_number(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, micros) in [
            ("250us", 250),
            ("100ms", 100_000),
            ("1.5s", 1_500_000),
            ("2m", 120_000_000),
            (".5h", 1_800_000_000),
            ("0", 0),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_micros(micros)), "{text}");
        }
        for text in [
            "", "5", "s", "-1s", "+1s", "1e3s", "1 s", "1d", "1sm", "infs", "nans", "1.2.3s",
            "9000h",
        ] {
            assert_eq!(duration(text), Err(ValueError::Duration), "{text}");
        }
        assert_eq!(positive_duration("0ms"), Err(ValueError::Zero));
    }

    #[test]
    fn rates_are_per_second_and_above_zero() {
        assert_eq!(
            rate("500/s").unwrap().time_for(1000),
            Duration::from_secs(2)
        );
        assert_eq!(rate("0.5/s").unwrap().time_for(1), Duration::from_secs(2));
        assert_eq!(rate("0.0000000001/s").unwrap().time_for(u32::MAX), LONGEST);
        for text in ["500", "0/s", "-1/s", "inf/s", "/s", "500/m", "NaN/s"] {
            assert_eq!(rate(text), Err(ValueError::Rate), "{text}");
        }
    }

    #[test]
    fn an_address_has_the_scheme_http_or_https() {
        let shown = |text: &str| http_url(text).map(|url| without_user_info(url).to_string());
        assert_eq!(
            shown("http://example.com"),
            Ok("http://example.com/".into())
        );
        assert_eq!(
            shown("HTTPS://u:p@Example.com:443/a?b#c"),
            Ok("https://example.com/a?b".into())
        );
        assert_eq!(
            shown("localhost:8080/p"),
            Err(ValueError::NoScheme("localhost:8080/p".into()))
        );
        assert_eq!(
            shown("ftp://example.com/"),
            Err(ValueError::Scheme("ftp".into()))
        );
        for text in ["http://", "http://a:b/", "http://[::1/", "http://a b/"] {
            assert!(matches!(shown(text), Err(ValueError::Url(_))), "{text}");
        }
    }

    #[test]
    fn a_stamp_source_names_pointer_and_unit() {
        let json = |pointer: &str, unit| {
            Ok(StampSource::Json {
                pointer: JsonPath::parse(pointer).unwrap(),
                unit,
                boot: None,
            })
        };
        assert_eq!(
            stamp_source("json:/sent:ms"),
            json("/sent", TimeUnit::Millis)
        );
        assert_eq!(
            stamp_source("json:/a:b/0:iso"),
            json("/a:b/0", TimeUnit::Iso)
        );
        assert_eq!(stamp_source("json::ns"), json("", TimeUnit::Nanos));
        assert_eq!(stamp_source("auto"), Ok(StampSource::Auto));
        assert_eq!(stamp_source("none"), Ok(StampSource::None));
        for text in ["", "json", "json:/sent", "json:/sent:min", "/sent:ms"] {
            assert_eq!(stamp_source(text), Err(ValueError::StampSource), "{text}");
        }
        assert_eq!(
            stamp_source("json:sent:ms"),
            Err(ValueError::Pointer(JsonPathError::NoLeadingSlash))
        );
    }

    #[test]
    fn a_sequence_source_names_a_pointer() {
        let pointer = JsonPath::parse("/n").unwrap();
        assert_eq!(
            sequence_source("json:/n"),
            Ok(SequenceSource::Json { pointer })
        );
        assert_eq!(sequence_source("id"), Ok(SequenceSource::Id));
        assert_eq!(sequence_source("event"), Err(ValueError::SequenceSource));
        assert!(sequence_source("json:n").is_err());
    }
}
