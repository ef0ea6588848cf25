//! From what a diagnosis wants to know to the request that asks it.
//!
//! Pure: it sends nothing. It knows target-server's query, because only that server can be asked for a rate and a size.

use crate::plan::CheckPlan;
use crate::probe::Order;
use crate::request::{HttpVersion, Request};
use run_record::time::Nanos;
use std::time::Duration;
use url::Url;
use verdict::observations::{self, Asked, Count, Offer, Probe, Version, Way};
use verdict::plan::{Ask, Reach, Why};

/// What browsers send, in their order.
const AS_BROWSER: &str = "gzip, deflate, br, zstd";

/// What can be asked of the target.
#[derive(Debug)]
pub(super) struct Questions {
    url: Url,
    request: Request,
    encoding: String,
    may_be_target_server: bool,
    reach: Reach,
}

impl Questions {
    pub(super) fn new(plan: &CheckPlan) -> Questions {
        let encoding = plan.own_encoding.clone();
        let encoding = encoding.unwrap_or_else(|| AS_BROWSER.to_owned());
        Questions {
            url: plan.url.clone(),
            request: plan.request.clone(),
            may_be_target_server: plan.is_loopback(),
            reach: Reach {
                first: Asked::default(),
                way: Way {
                    http: plan.http,
                    ..Way::default()
                },
                can_vary: false,
                accepts_encodings: !encoding.is_empty(),
                can_clamp: plan.is_loopback_tcp(),
                has_time: plan.watch > CheckPlan::DEFAULT_WATCH,
            },
            encoding,
        }
    }

    pub(super) fn reach(&self) -> Reach {
        self.reach
    }

    /// The request that a browser would send.
    pub(super) fn first(&self) -> Ask {
        Ask {
            accept_encoding: self.reach.accepts_encodings,
            asked: self.reach.first,
            way: self.reach.way,
            why: Why::AsBrowser,
        }
    }

    /// What a response says about whom it comes from: target-server can be asked for more.
    pub(super) fn learn(&mut self, probe: &Probe, has_own_payload: bool) {
        let names_its_stream = is_of_target_server(probe);
        // Held back, head and all, it cannot say so: on this machine asking it for more does no harm.
        let may_be_held = self.may_be_target_server && is_silent(probe);
        let is_known = names_its_stream || has_own_payload || may_be_held;
        if self.reach.can_vary || !self.is_prices() || !is_known {
            return;
        }
        self.reach.can_vary = true;
        self.reach.first = asked_by(&self.url);
    }

    /// Whether this path of this machine can be a target-server's.
    pub(super) fn may_be_target_server(&self) -> bool {
        self.may_be_target_server && self.is_prices()
    }

    fn is_prices(&self) -> bool {
        self.url.path() == "/prices" && self.request.method == "GET"
    }

    /// The request that asks it.
    pub(super) fn order(&self, ask: &Ask, round: u16) -> Order {
        let mut request = self.request.clone();
        if self.reach.can_vary && ask.asked != self.reach.first {
            request.path = varied(&self.url, ask.asked);
        }
        request.version = match ask.way.http {
            Offer::Only(Version::Http10) => HttpVersion::Http10,
            _ => HttpVersion::Http11,
        };
        let accept_encoding = ask.accept_encoding.then(|| self.encoding.clone());
        if let Some(encoding) = &accept_encoding {
            let field = ("Accept-Encoding".to_owned(), encoding.clone());
            request.headers.push(field);
        }
        let noted = observations::Request {
            round,
            method: request.method.clone(),
            accept_encoding,
            asked: ask.asked,
            way: ask.way,
            ..observations::Request::default()
        };
        Order { request, noted }
    }
}

/// Whether the head names its stream and subscriber, as only a target-server does.
pub(super) fn is_of_target_server(probe: &Probe) -> bool {
    probe.head.as_ref().is_some_and(|head| {
        head.header("x-stream").is_some() && head.header("x-subscriber").is_some()
    })
}

/// Whether nothing has come, not even a head.
pub(super) fn is_silent(probe: &Probe) -> bool {
    probe.head.is_none() && probe.failure.is_none()
}

/// What the query of a target-server asks for; its defaults where it says nothing.
fn asked_by(url: &Url) -> Asked {
    let value = |key: &str| {
        url.query_pairs()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.into_owned())
    };
    let number = |key| value(key).and_then(|text| text.parse::<u64>().ok());
    Asked {
        interval: value("interval").and_then(|text| duration(&text)),
        size: number("size"),
        count: Some(match number("count") {
            Some(count) if count > 0 => Count::Events(count),
            _ => Count::Endless,
        }),
    }
}

/// A time as target-server's query spells it.
fn duration(text: &str) -> Option<Nanos> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let amount: u64 = digits.parse().ok()?;
    let unit = match text.strip_prefix(digits)? {
        "us" => Duration::from_micros(1),
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        "h" => Duration::from_secs(3_600),
        _ => return None,
    };
    let unit = Nanos::from(unit).0;
    amount.checked_mul(unit).map(Nanos)
}

/// The path that asks for another rate, size or count; all else stays.
fn varied(url: &Url, asked: Asked) -> String {
    let mut varied = url.clone();
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| {
            let is_asked = match key.as_ref() {
                "interval" => asked.interval.is_some(),
                "size" => asked.size.is_some(),
                "count" => asked.count.is_some(),
                _ => false,
            };
            !is_asked
        })
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    {
        let mut query = varied.query_pairs_mut();
        query.clear().extend_pairs(kept);
        if let Some(interval) = asked.interval {
            query.append_pair("interval", &format!("{}us", interval.0.div_ceil(1_000)));
        }
        if let Some(size) = asked.size {
            query.append_pair("size", &size.to_string());
        }
        if let Some(Count::Events(count)) = asked.count {
            query.append_pair("count", &count.to_string());
        }
    }
    match varied.query() {
        Some(query) => format!("{}?{query}", varied.path()),
        None => varied.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_query_of_target_server_is_understood() {
        let asked = asked_by(&url("http://h/prices?interval=40ms&size=120&count=9"));
        assert_eq!(asked.interval, Some(Nanos::from_millis(40)));
        assert_eq!(asked.size, Some(120));
        assert_eq!(asked.count, Some(Count::Events(9)));
        let silent = asked_by(&url("http://h/prices?count=0&interval=soon"));
        assert_eq!(silent.count, Some(Count::Endless));
        assert_eq!(silent.interval, None);
    }

    #[test]
    fn another_rate_keeps_all_else() {
        let asked = Asked {
            interval: Some(Nanos(12_500_000)),
            size: Some(250),
            count: Some(Count::Endless),
        };
        let path = varied(
            &url("http://h/prices?mode=hold-size:4096&interval=1s&seed=3"),
            asked,
        );
        assert_eq!(
            path,
            "/prices?mode=hold-size%3A4096&seed=3&interval=12500us&size=250"
        );
    }
}
