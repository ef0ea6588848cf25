//! Which request would tell more: the next probe of a check, and whether the
//! running one has said all it can.
//!
//! Pure, like the diagnosis: the caller keeps the budget, the politeness and the
//! clock. Source: causes 5.3, in the order in which the answers are needed.

use run_record::time::Nanos;
use run_record::verdict::Reason;

use crate::cut::{self, Cut, Limit};
use crate::observations::{Asked, Count, Observations, Offer, Own, Probe, Request, Version, Way};
use crate::signature::{self, Grouped, Rule, Signature};
use crate::timeline::Timeline;
use crate::weigh::{Delivery, Reading, Readings};

/// One request that would tell more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Whether to send `Accept-Encoding` as a browser does.
    pub accept_encoding: bool,
    /// What to ask of a server that can be asked; all absent asks for nothing.
    pub asked: Asked,
    /// How it is to travel.
    pub way: Way,
    /// What it would tell.
    pub why: Why,
}

/// What a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// What users see; it decides the headline.
    AsBrowser,
    /// Whether a compressor holds.
    WithoutCompression,
    /// Size or time, a timer or one behind.
    OtherRate,
    /// A short stream under a full block, or a hold to the end.
    MoreBytes,
    /// Whether what happened once happens again.
    Again,
    /// Whether larger events are held that small ones are not: some compressors begin at 512 bytes.
    LargerEvents,
    /// Whether an event after a silence is late: some servers only wake up for the next one.
    LoneEvents,
    /// Whether a full segment is let go before the timer, as from a corked socket.
    SmallSegments,
    /// Whether it is the same over HTTP/1.1, which proxies and most programs speak.
    OverHttp11,
    /// Whether it is the same over HTTP/1.0, which an older nginx speaks to its upstream.
    OverHttp10,
    /// Whether who comes later gets a stream of its own, or the recording of the first one.
    SecondClient,
}

/// What the check may ask for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reach {
    /// What the first request asks of the server.
    pub first: Asked,
    /// How the first request travels.
    pub way: Way,
    /// Whether rate and size can be asked for, as of target-server.
    pub can_vary: bool,
    /// Whether requests may carry `Accept-Encoding`.
    pub accepts_encodings: bool,
    /// Whether segments can be made as small as on Ethernet: over TCP on this machine, where they are larger.
    pub can_clamp: bool,
    /// Whether there is time for events that are far apart.
    pub has_time: bool,
}

/// The next probe, after those that were made; absent when no request would tell more,
/// and when one was refused.
#[must_use]
pub fn next(observations: &Observations, reach: Reach) -> Option<Ask> {
    if observations.probes.is_empty() {
        let accept_encoding = reach.accepts_encodings;
        return Some(Ask {
            accept_encoding,
            asked: reach.first,
            way: reach.way,
            why: Why::AsBrowser,
        });
    }
    let readings = Readings::of(observations);
    // No stream, or no more of them: whoever was refused does not ask again.
    let is_refusal = |reading: &Reading| matches!(reading.signature, Signature::NoStream(_));
    if readings.all().iter().any(is_refusal) {
        return None;
    }
    let delivery = readings.weigh()?;
    let cut = cut::find(&readings).filter(|_| !delivery.signature.is_held());
    if let Some(cut) = cut {
        return limit_again(cut, &delivery, &readings, reach);
    }
    // What was asked already, and did not settle it, leaves the turn to the next question.
    let fresh =
        |ask: Option<Ask>| ask.filter(|ask| ask.why == Why::Again || !was_made(ask, observations));
    fresh(once_more(&delivery, &readings, reach))
        .or_else(|| fresh(decide(&delivery, &readings, reach)))
        .or_else(|| fresh(without_compression(&delivery, &readings)))
        .or_else(|| fresh(vary(&delivery, &readings, reach)))
        .or_else(|| fresh(small_segments(&delivery, &readings, reach)))
        .or_else(|| fresh(larger_events(&delivery, &readings, reach)))
        .or_else(|| fresh(lone_events(&delivery, &readings, reach)))
        .or_else(|| fresh(other_http(&delivery, &readings, reach)))
        .or_else(|| second_client(&delivery, &readings))
}

fn was_made(ask: &Ask, observations: &Observations) -> bool {
    let is_same = |request: &Request| {
        request.asked == ask.asked
            && request.accept_encoding.is_some() == ask.accept_encoding
            && request.way == ask.way
    };
    observations
        .probes
        .iter()
        .any(|probe| is_same(&probe.request))
}

/// Two other rates or sizes decide whatever requests can decide.
const MAX_VARIATIONS: usize = 2;

/// Events on time that a confident LIVE needs.
const ON_TIME: usize = 30;

/// Spacings of lone events, above every timer that is known and no multiples of each other, and how many of them
/// tell (causes 5.3, P5; 5.6).
const LONE_MS: [f64; 2] = [700.0, 1_600.0];
const LONE_EVENTS: usize = 5;

/// Whether more of the same response would not change what this probe says.
///
/// A live stream is settled with thirty events on time, a hold with six releases, a
/// response with its end.
#[must_use]
pub fn is_settled(probe: &Probe, own: &Own) -> bool {
    const RELEASES: usize = 6;
    let timeline = Timeline::of(probe, own);
    if timeline.has_ended() {
        return true;
    }
    match signature::read(&timeline) {
        Signature::NoStream(_) => true,
        Signature::Live(live) => {
            let is_lone = probe.request.asked.interval >= Some(nanos(LONE_MS[0]));
            let enough = if is_lone { LONE_EVENTS } else { ON_TIME };
            live.good >= enough && !live.is_rough
        }
        Signature::Grouped(grouped) => {
            grouped.releases >= RELEASES && grouped.rule != Rule::Irregular
        }
        Signature::Behind(behind) => behind.events >= 3 * RELEASES,
        Signature::FirstLate(_) => true,
        Signature::Whole(_) | Signature::Silence(_) | Signature::Undecided(_) => false,
    }
}

/// The same of a second client: whether the past comes first, or the stream of the day.
#[must_use]
pub fn is_compared(probe: &Probe, own: &Own) -> bool {
    // All of a recording that is there comes at once.
    const BURST_MS: f64 = 100.0;
    let timeline = Timeline::of(probe, own);
    let first = timeline.events.first().map(|event| event.arrival.hi);
    timeline.has_ended() || first.is_some_and(|first| timeline.end - first >= BURST_MS)
}

/// Whether so far every event that could be judged came as it should.
#[must_use]
pub fn is_live_so_far(probe: &Probe, own: &Own) -> bool {
    match signature::read(&Timeline::of(probe, own)) {
        Signature::Live(live) => !live.is_rough,
        Signature::Undecided(reason) => reason == Reason::FewEvents && !probe.events.is_empty(),
        _ => false,
    }
}

/// Whether streams that ran at once say together what one of them would say with more events: thirty
/// live ones, twenty of them on the first.
#[must_use]
pub fn is_settled_together(probes: &[&Probe], own: &Own) -> bool {
    const OF_THE_FIRST: usize = 20;
    let (mut judged, mut good, mut of_first) = (0, 0, None);
    for probe in probes {
        let Signature::Live(live) = signature::read(&Timeline::of(probe, own)) else {
            return false;
        };
        if live.is_rough {
            return false;
        }
        judged += live.judged;
        good += live.good;
        of_first.get_or_insert(live.judged);
    }
    good >= ON_TIME && of_first >= Some(OF_THE_FIRST) && good * 10 >= judged * 9
}

/// A cut of unknown kind once more: at another rate, where that can be asked for,
/// the same age is a limit of age and the same silence one of silence.
fn limit_again(cut: Cut, delivery: &Delivery, readings: &Readings, reach: Reach) -> Option<Ask> {
    let ended = readings
        .all()
        .iter()
        .filter(|reading| reading.timeline.has_ended())
        .count();
    if cut.limit != Limit::Unknown || ended > 1 {
        return None;
    }
    let timeline = &readings.at(delivery.shown_by).timeline;
    let asked = timeline.probe.request.asked;
    // Cut in a silence, it is asked for events that leave none so long; cut among events, for another rate. Should the
    // stream fall silent all the same, a quarter later it is cut at another age, and there is time for that.
    let silence = Some(cut.silence).filter(|silence| *silence >= 0.5 * cut.age);
    let asked = match (silence, timeline.mean_gap()) {
        _ if !reach.can_vary => asked,
        (Some(silence), _) => Asked {
            interval: Some(nanos(0.25 * silence)),
            ..asked
        },
        (None, Some(gap)) => other_rate(asked, gap),
        (None, None) => asked,
    };
    Some(Ask {
        accept_encoding: reach.accepts_encodings,
        asked,
        way: reach.way,
        why: Why::Again,
    })
}

/// What a cold server or a busy moment explains is seen once more.
fn once_more(delivery: &Delivery, readings: &Readings, reach: Reach) -> Option<Ask> {
    let is_worth_it = match &delivery.signature {
        Signature::Live(live) => live.held_beginning().is_some(),
        Signature::Undecided(reason) => matches!(reason, Reason::Irregular | Reason::OwnMachine),
        _ => false,
    };
    let asked = readings.at(delivery.shown_by).timeline.probe.request.asked;
    let round = |reading: &Reading| reading.timeline.probe.request.round;
    let first = round(readings.at(delivery.shown_by));
    let is_first_round = readings.all().iter().all(|reading| round(reading) == first);
    (is_worth_it && is_first_round).then_some(Ask {
        accept_encoding: reach.accepts_encodings,
        asked,
        way: reach.way,
        why: Why::Again,
    })
}

/// A control without Accept-Encoding, when the headline is not live or is compressed.
fn without_compression(delivery: &Delivery, readings: &Readings) -> Option<Ask> {
    let shown = readings.at(delivery.shown_by).timeline.probe;
    let sends_none = |reading: &Reading| reading.timeline.probe.request.accept_encoding.is_none();
    let is_coded = shown
        .head
        .as_ref()
        .is_some_and(|head| head.content_coding().is_some());
    let is_settled = match &delivery.signature {
        // An announced length of an uncompressed body is proof by itself.
        Signature::Whole(whole) => whole.has_length && !is_coded,
        // What is so at every request is no matter of this one.
        Signature::FirstLate(_) => true,
        Signature::Live(_) => !is_coded,
        _ => false,
    };
    let asked = shown.request.asked;
    (!is_settled && !readings.all().iter().any(sends_none)).then_some(Ask {
        accept_encoding: false,
        asked,
        way: shown.request.way,
        why: Why::WithoutCompression,
    })
}

/// Another rate or size comes before the control where there is no word yet, or half a hold, and nothing speaks for a
/// compressor.
fn decide(delivery: &Delivery, readings: &Readings, reach: Reach) -> Option<Ask> {
    let is_open = matches!(
        delivery.signature,
        Signature::Undecided(_)
            | Signature::Silence(_)
            | Signature::Grouped(_)
            | Signature::Behind(_)
    );
    let head = readings.at(delivery.shown_by).timeline.probe.head.as_ref();
    let is_plain = head.is_none_or(|head| head.content_coding().is_none());
    (is_open && is_plain)
        .then(|| vary(delivery, readings, reach))
        .flatten()
}

/// How many other rates or sizes than the first were asked for.
fn variations(readings: &Readings) -> usize {
    let mut distinct: Vec<Asked> = Vec::new();
    for reading in readings.all() {
        let asked = reading.timeline.probe.request.asked;
        if !distinct.contains(&asked) {
            distinct.push(asked);
        }
    }
    distinct.len().saturating_sub(1)
}

fn vary(delivery: &Delivery, readings: &Readings, reach: Reach) -> Option<Ask> {
    // How a compressor steps is no matter of the rate, but one behind is told from a timer by nothing else.
    let is_settled = delivery.is_compressor && !delivery.signature.may_be_behind();
    if !reach.can_vary || is_settled || variations(readings) >= MAX_VARIATIONS {
        return None;
    }
    let timeline = &readings.at(delivery.shown_by).timeline;
    let asked = timeline.probe.request.asked;
    let (asked, why) = match &delivery.signature {
        Signature::Grouped(grouped)
            if grouped.waits_for_gap() && !is_separated(grouped, readings) =>
        {
            (slower(asked, grouped.gap), Why::OtherRate)
        }
        Signature::Grouped(grouped) if !is_separated(grouped, readings) => {
            (other_rate(asked, grouped.gap), Why::OtherRate)
        }
        Signature::Behind(behind) if !behind.tracks_next => {
            (slower(asked, behind.gap), Why::OtherRate)
        }
        Signature::Undecided(Reason::FewReleases | Reason::FewEvents) => {
            (faster(asked, timeline.mean_gap()?), Why::OtherRate)
        }
        Signature::Undecided(Reason::NoEvents) | Signature::Silence(_) => {
            (more_bytes(asked), Why::MoreBytes)
        }
        Signature::Whole(whole) if !whole.has_length && !whole.exceeds_known_blocks() => {
            (more_bytes(asked), Why::MoreBytes)
        }
        _ => return None,
    };
    Some(Ask {
        accept_encoding: reach.accepts_encodings,
        asked,
        way: reach.way,
        why,
    })
}

/// On loopback a corked socket never fills a segment: with segments as on Ethernet it shows whether the timer is all
/// there is (causes 5.3, P8). At so many bytes a second several segments fill before the kernel's 200 ms are over.
fn small_segments(delivery: &Delivery, readings: &Readings, reach: Reach) -> Option<Ask> {
    const SEGMENT: u16 = 1_460;
    let Signature::Grouped(grouped) = &delivery.signature else {
        return None;
    };
    let is_timed = matches!(grouped.rule, Rule::Time | Rule::Either);
    let is_of_the_kernel = (150.0..=260.0).contains(&grouped.ms.value);
    if !reach.can_clamp || !is_timed || !is_of_the_kernel || delivery.is_compressor {
        return None;
    }
    let request = &readings.at(delivery.shown_by).timeline.probe.request;
    let fills_two = grouped.bytes.value >= 2.0 * f64::from(SEGMENT);
    if !reach.can_vary && !fills_two {
        return None;
    }
    let is_made = |reading: &Reading| reading.timeline.probe.request.way.max_segment.is_some();
    (!readings.all().iter().any(is_made)).then_some(Ask {
        accept_encoding: request.accept_encoding.is_some(),
        asked: if reach.can_vary {
            more_bytes(request.asked)
        } else {
            request.asked
        },
        way: Way {
            max_segment: Some(SEGMENT),
            ..reach.way
        },
        why: Why::SmallSegments,
    })
}

/// What is live with small events need not be with large ones (causes 5.3, P3).
fn larger_events(delivery: &Delivery, readings: &Readings, reach: Reach) -> Option<Ask> {
    const SMALL: f64 = 512.0;
    const LARGE: u64 = 1_024;
    const SPACING_MS: f64 = 20.0;
    let timeline = &readings.at(delivery.shown_by).timeline;
    let is_small = timeline.event_bytes()? < SMALL;
    let is_live = matches!(delivery.signature, Signature::Live(_));
    let asked = timeline.probe.request.asked;
    let gap = timeline.mean_gap()?.min(SPACING_MS);
    (reach.can_vary && is_live && is_small && !varied_by(readings, |asked| asked.size)).then_some(
        Ask {
            accept_encoding: reach.accepts_encodings,
            asked: Asked {
                interval: Some(nanos(gap)),
                size: Some(LARGE),
                count: at_least(asked.count, 2 * ON_TIME as u64),
            },
            way: reach.way,
            why: Why::LargerEvents,
        },
    )
}

/// Whether requests differed in what they asked for.
fn varied_by<T: PartialEq>(readings: &Readings, of: impl Fn(Asked) -> T) -> bool {
    let mut all = readings
        .all()
        .iter()
        .map(|reading| of(reading.timeline.probe.request.asked));
    let first = all.next();
    all.any(|other| Some(other) != first)
}

/// What is live while events flow need not be after a silence (causes 5.3, P5).
fn lone_events(delivery: &Delivery, readings: &Readings, reach: Reach) -> Option<Ask> {
    let is_live = matches!(delivery.signature, Signature::Live(_));
    if !reach.has_time || !reach.can_vary || !is_live {
        return None;
    }
    let timeline = &readings.at(0).timeline;
    let asked = timeline.probe.request.asked;
    let was_asked = |spacing: &f64| {
        let is_it = |reading: &Reading| {
            reading.timeline.probe.request.asked.interval == Some(nanos(*spacing))
        };
        readings.all().iter().any(is_it)
    };
    // A stream that is as slow by itself has shown it.
    let gap = timeline.mean_gap()?;
    let spacing = LONE_MS
        .into_iter()
        .find(|spacing| gap < *spacing && !was_asked(spacing))?;
    Some(Ask {
        accept_encoding: reach.accepts_encodings,
        asked: Asked {
            interval: Some(nanos(spacing)),
            ..asked
        },
        way: reach.way,
        why: Why::LoneEvents,
    })
}

/// The same over another version of HTTP: where a browser would take HTTP/2 and others speak HTTP/1.1, and where
/// HTTP/1.0 can be what loses events (causes `client.http10`) or makes a proxy hold them (`nginx.unframed-upstream`).
fn other_http(delivery: &Delivery, readings: &Readings, reach: Reach) -> Option<Ask> {
    let shown = readings.at(delivery.shown_by);
    let head = shown.timeline.probe.head.as_ref()?;
    let is_nginx = head
        .header("server")
        .is_some_and(|server| server.to_ascii_lowercase().starts_with("nginx"));
    let is_suspect = ended_after_one(shown) || (is_nginx && delivery.signature.is_held());
    let (version, why) = match (reach.way.http, head.version) {
        (Offer::Newest, Version::Http2) => (Version::Http11, Why::OverHttp11),
        (Offer::Only(Version::Http10), _) if ended_after_one(shown) => {
            (Version::Http11, Why::OverHttp11)
        }
        (_, Version::Http11) if is_suspect => (Version::Http10, Why::OverHttp10),
        _ => return None,
    };
    Some(Ask {
        accept_encoding: shown.timeline.probe.request.accept_encoding.is_some(),
        asked: shown.timeline.probe.request.asked,
        way: Way {
            http: Offer::Only(version),
            ..reach.way
        },
        why,
    })
}

/// Who comes after another client may get the recording of a cache (causes 5.3, P15): what is live for the first one
/// is asked once more, after the first one's end where that has come.
fn second_client(delivery: &Delivery, readings: &Readings) -> Option<Ask> {
    const ENOUGH: usize = 3;
    let first = readings.at(delivery.shown_by);
    let probe = first.timeline.probe;
    let is_worth_it = match delivery.signature {
        Signature::Live(_) => true,
        Signature::Undecided(_) => first.timeline.has_ended() && probe.events.len() >= ENOUGH,
        _ => false,
    };
    let asks_the_same = |reading: &&Reading| {
        let request = &reading.timeline.probe.request;
        request.asked == probe.request.asked
            && request.accept_encoding == probe.request.accept_encoding
            && request.way == probe.request.way
    };
    // Those of one round ran beside each other, and are over before the next one begins.
    let came_later = |reading: &Reading| {
        let round = reading.timeline.probe.request.round;
        let is_beside = round == probe.request.round && !std::ptr::eq(reading, first);
        round > probe.request.round || (is_beside && !first.timeline.has_ended())
    };
    let is_known = readings.all().iter().filter(asks_the_same).any(came_later);
    let is_cacheable = probe.request.method == "GET";
    (is_worth_it && is_cacheable && !is_known).then(|| Ask {
        accept_encoding: probe.request.accept_encoding.is_some(),
        asked: probe.request.asked,
        way: probe.request.way,
        why: Why::SecondClient,
    })
}

/// A proper end after the first event, of a stream that was not asked to be so short.
fn ended_after_one(reading: &Reading) -> bool {
    let probe = reading.timeline.probe;
    let is_so_short = matches!(probe.request.asked.count, Some(Count::Events(1)));
    probe.end.kind.is_clean() && probe.events.len() == 1 && !is_so_short
}

/// Whether size and time are told apart: by blocks that cut events, or by two rates.
fn is_separated(grouped: &Grouped, readings: &Readings) -> bool {
    let has_groups = |reading: &&Reading| matches!(reading.signature, Signature::Grouped(_));
    let rates = readings
        .all()
        .iter()
        .filter(has_groups)
        .map(|r| r.timeline.probe.request.asked);
    let mut rates = rates.peekable();
    let first = rates.peek().copied();
    let has_two_rates = rates.any(|asked| Some(asked) != first);
    (grouped.rule == Rule::Size && grouped.cuts_events) || has_two_rates
}

/// Two and a half times as fast, or as slow where faster could not be resolved:
/// no small multiple, so that no timer fits both rates.
fn other_rate(asked: Asked, gap_ms: f64) -> Asked {
    if gap_ms * 0.4 < FASTEST_MS {
        return slower(asked, gap_ms);
    }
    Asked {
        interval: Some(nanos(gap_ms * 0.4)),
        ..asked
    }
}

/// Two and a half times as slow: a wait of one gap stands out the more from the noise of the path.
fn slower(asked: Asked, gap_ms: f64) -> Asked {
    Asked {
        interval: Some(nanos(gap_ms * 2.5)),
        ..asked
    }
}

/// Fast enough that a block which opened once or not at all opens several times, and long enough to say LIVE.
fn faster(asked: Asked, gap_ms: f64) -> Asked {
    const EVENTS: u64 = 60;
    Asked {
        interval: Some(nanos((gap_ms * 0.1).max(FASTEST_MS))),
        count: at_least(asked.count, EVENTS),
        ..asked
    }
}

fn at_least(count: Option<Count>, events: u64) -> Option<Count> {
    count.map(|count| match count {
        Count::Events(count) => Count::Events(count.max(events)),
        Count::Endless => Count::Endless,
    })
}

/// At least 50,000 bytes a second, in events small enough to show small blocks:
/// what holds 16 KiB opens three times a second, what holds 64 KiB every 1.3 s.
fn more_bytes(asked: Asked) -> Asked {
    const EVENTS: u64 = 600;
    const BYTES: u64 = 250;
    let count = at_least(asked.count, EVENTS);
    let size = Some(asked.size.unwrap_or(BYTES).max(BYTES));
    Asked {
        interval: Some(nanos(FASTEST_MS)),
        size,
        count,
    }
}

/// 200 events a second: faster than that, releases run into each other.
const FASTEST_MS: f64 = 5.0;

fn nanos(ms: f64) -> Nanos {
    Nanos((ms * 1e6).round().max(1.0) as u64)
}
