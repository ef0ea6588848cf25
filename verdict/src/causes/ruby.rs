//! Ruby's servers: WEBrick, Puma, Thin, Rainbows, Passenger.

use run_record::verdict::Confidence::Low;

use super::clues::{Clues, Shape};
use super::{
    ByDefault, Case, Cure, Entry, Sure, advice, cure, from_outside_nobody_can_tell, transport,
};
use crate::observations::Version;
use crate::text::ms;
use crate::vocabulary::Sign;

const THREAD_SPAWN: Cure = cure(
    "serve each stream in a thread of its own",
    "Rainbows! { use :ThreadSpawn; worker_connections 100 }",
    "Rainbows configuration file",
);

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "webrick.collects-body",
        component: "WEBrick",
        versions: "1.8.1, 1.9.1 (rackup, rails server -u webrick)",
        by_default: ByDefault::Yes,
        shows: &[Sign::EndContentLength, Sign::EndLateHead],
        what: "collects the whole body of a Rack response before it sends the head",
        betrays: "Server: WEBrick, Content-Length, X-Runtime of milliseconds",
        cures: &[
            cure(
                "use a server that writes each chunk; Puma over TCP then batches, see puma.cork",
                "rails server -u puma",
                "start command",
            ),
            advice("use partial hijack, which is live on WEBrick"),
        ],
        sure: Sure::Measured,
        source: "Rails 6.1.7.10 and 7.2.2.2 on WEBrick, measured",
        test: webrick,
    },
    Entry {
        code: "puma.cork",
        component: "Puma",
        versions: "5.6.5, 6.6.0, on Linux over TCP",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedTime, Sign::BatchedTimeSegment],
        what: "corks the socket for the whole response: the kernel releases after 200 ms or one full segment",
        betrays: "one chunk per event, the first byte at 0.200 to 0.215 s, the last event on time",
        cures: &[
            cure(
                "listen on a Unix socket behind a proxy",
                "bind \"unix:///PATH/puma.sock\"",
                "config/puma.rb",
            ),
            cure(
                "or do not cork",
                "Puma::Server.class_eval { def cork_socket(*) = nil; def uncork_socket(*) = nil }",
                "config/puma.rb",
            ),
            advice("or answer with a body that is called (Rack 3), or with partial hijack"),
        ],
        sure: Sure::Measured,
        source: "puma/puma lib/puma/server.rb; puma/puma#2595",
        test: puma,
    },
    Entry {
        code: "puma.cork-inline-hijack",
        component: "Puma",
        versions: "5.6.5, partial hijack that writes inside its callback",
        by_default: ByDefault::No,
        shows: &[Sign::BatchedTime, Sign::BatchedTimeSegment],
        what: "uncorks the socket only when the callback returns",
        betrays: "as puma.cork, without chunks, Connection: close",
        cures: &[advice(
            "upgrade to Puma 6, or write from a thread that the callback starts",
        )],
        sure: Sure::Measured,
        source: "Puma 5.6.5 and 6.6.0, measured",
        test: puma_inline_hijack,
    },
    Entry {
        code: "thin.reactor",
        component: "Thin",
        versions: "1.8.1, 1.8.2",
        by_default: ByDefault::Yes,
        shows: &[Sign::EndLateHead],
        what: "runs the body on its reactor thread and writes when the body is complete",
        betrays: "Server: thin, neither length nor chunks, Connection: close",
        cures: &[advice(
            "use another server, Unicorn or Rainbows with ThreadSpawn",
        )],
        sure: Sure::Measured,
        source: "Thin 1.8 on Rails 6.1, measured; the cause is inferred",
        test: thin,
    },
    Entry {
        code: "thin.threaded-wakeup",
        component: "Thin",
        versions: "1.8.1 --threaded",
        by_default: ByDefault::No,
        shows: &[Sign::BatchedTime, Sign::BatchedTimeSegment],
        what: "output of a pool thread waits until the reactor wakes, about once a second",
        betrays: "Server: thin, releases at any phase of a second; other clients' traffic shortens them",
        cures: &[cure(
            "keep the reactor awake",
            "EM.next_tick { EM.add_periodic_timer(0.002) {} }",
            "config.ru",
        )],
        sure: Sure::Measured,
        source: "Thin 1.8.1 --threaded, measured 20 of 20",
        test: thin_threaded,
    },
    Entry {
        code: "rainbows.eventmachine",
        component: "Rainbows!",
        versions: "5.0.0 with EventMachine",
        by_default: ByDefault::No,
        shows: &[Sign::EndLateHead],
        what: "runs the body on its reactor thread and writes when the body is complete",
        betrays: "chunked and keep-alive, X-Runtime of milliseconds, one burst at the end",
        cures: &[THREAD_SPAWN],
        sure: Sure::Measured,
        source: "Rainbows 5.0.0 on Rails 6.1, measured",
        test: eventmachine,
    },
    Entry {
        code: "rainbows.coolio",
        component: "Rainbows!",
        versions: "5.0.0 with Coolio, CoolioThreadSpawn or CoolioThreadPool",
        by_default: ByDefault::No,
        shows: &[Sign::Queue],
        what: "is live with one stream and serves ten one after the other",
        betrays: "one of several streams runs; it stops answering after an endless stream is left",
        cures: &[THREAD_SPAWN],
        sure: Sure::Measured,
        source: "Rainbows 5.0.0, measured",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "rainbows.model-broken",
        component: "Rainbows!",
        versions: "5.0.0 on Unicorn 6.0.0 (Debian 12): Base, Fiber*, CoolioFiberSpawn, WriterThread*",
        by_default: ByDefault::Varies,
        shows: &[Sign::CutFirstByte],
        what: "its concurrency model does not run with this Unicorn: status 500, or no worker",
        betrays: "undefined method 'process_loop' in its log",
        cures: &[THREAD_SPAWN],
        sure: Sure::Measured,
        source: "Rainbows 5.0.0 of Debian 12, measured",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "rainbows.unframed-keepalive",
        component: "Rainbows!",
        versions: "5.0.0, -E none or production",
        by_default: ByDefault::Yes,
        shows: &[Sign::FramingBad],
        what: "keeps the connection open behind a body without length or chunks",
        betrays: "no length, no chunks, Connection: keep-alive; the close comes after keepalive_timeout",
        cures: &[
            cure(
                "let Rack frame the body",
                "rainbows -E deployment",
                "start command",
            ),
            cure(
                "or frame it in the application",
                "use Rack::Chunked",
                "config.ru",
            ),
        ],
        sure: Sure::Measured,
        source: "Rainbows 5.0.0, measured",
        test: unframed_keepalive,
    },
    Entry {
        code: "passenger.buffer-response",
        component: "Phusion Passenger",
        versions: "with passenger_buffer_response on; 6.0.17 standalone is live",
        by_default: ByDefault::No,
        shows: &[Sign::EndLateHead, Sign::EndEarlyHead],
        what: "gathers the response of the application before it sends it",
        betrays: "signed by Passenger",
        cures: &[cure(
            "hand on what the application writes",
            "passenger_buffer_response off;",
            "nginx location block",
        )],
        sure: Sure::Issue,
        source: "railsmachine/moonshine wiki",
        test: passenger,
    },
];

fn webrick(clues: &Clues) -> Option<Case> {
    let whole = clues
        .whole()
        .filter(|whole| clues.is_signed_by("webrick") && !whole.head_was_early())?;
    let framing = if whole.has_length {
        "Content-Length on a stream"
    } else {
        "the head came with the body"
    };
    Some(below_rack(
        Case::strong(framing).and_weak("Server: WEBrick"),
        clues,
    ))
}

/// A server that signs and whose middleware was done early is well named; without
/// `X-Runtime` an inner one may hold.
fn below_rack(case: Case, clues: &Clues) -> Case {
    if clues.runtime_is_short() && !clues.has_weak_etag() {
        let runtime = clues.runtime().unwrap_or_default();
        case.and_strong(format!(
            "X-Runtime {runtime:.3} s: the Rack stack was done long before"
        ))
    } else {
        case
    }
}

/// The 200 ms of a cork are Puma's or HAProxy's; marks only order the two (causes 2.4.12).
fn puma(clues: &Clues) -> Option<Case> {
    let grouped = clues.time().filter(|grouped| transport::is_cork(grouped))?;
    let is_other = clues.is_signed_by("webrick") || clues.is_signed_by("thin");
    let chunks = match clues.chunks.held_below() {
        Some(chunks) => chunks,
        None if clues.version() == Version::Http10 => "no chunks over HTTP/1.0",
        None => return None,
    };
    let held = transport::held(grouped);
    let seen = format!("{held}, {chunks}: the kernel's limit for a corked socket");
    if is_other {
        None
    } else if clues.has_ruby_marks() {
        Some(Case::strong(seen).and_weak("marks of a Rack stack"))
    } else {
        let is_open = grouped.is_wait && !clues.has_proxy_marks() && !clues.outlasts_segments;
        is_open.then(|| Case::weak(seen).and_weak("no mark of the server"))
    }
}

fn puma_inline_hijack(clues: &Clues) -> Option<Case> {
    let grouped = clues.time().filter(|grouped| transport::is_cork(grouped))?;
    let is_unframed = !clues.is_chunked()
        && clues.header("content-length").is_none()
        && clues.mentions("connection", "close")
        && clues.version() == Version::Http11;
    let is_open = clues.header("server").is_none() && !clues.has_proxy_marks();
    (is_unframed && is_open).then(|| {
        Case::weak(format!(
            "{}, neither length nor chunks, Connection: close",
            transport::held(grouped)
        ))
    })
}

fn thin(clues: &Clues) -> Option<Case> {
    clues.late_head().filter(|_| clues.is_signed_by("thin"))?;
    (!clues.is_chunked()).then(|| {
        let seen = "neither length nor chunks, the head came with the body";
        below_rack(Case::strong(seen).and_weak("Server: thin"), clues)
    })
}

fn thin_threaded(clues: &Clues) -> Option<Case> {
    let grouped = match clues.shape {
        Shape::Time(grouped) | Shape::Either(grouped) | Shape::Irregular(grouped) => grouped,
        _ => return None,
    };
    // The reactor wakes about once a second, at any phase.
    let fits = clues.is_signed_by("thin") && (250.0..=1_200.0).contains(&grouped.ms.high);
    fits.then(|| {
        Case::strong(format!("held up to {}", ms(grouped.ms.high))).and_weak("Server: thin")
    })
}

fn eventmachine(clues: &Clues) -> Option<Case> {
    let whole = clues
        .late_head()
        .filter(|_| clues.is_chunked() && clues.runtime_is_short())?;
    let is_anonymous = clues.header("server").is_none() && !clues.has_proxy_marks();
    (is_anonymous && !clues.has_weak_etag() && !clues.is_coded()).then(|| {
        Case::strong(format!(
            "X-Runtime {:.3} s and a body after {}: held by the server below Rails",
            clues.runtime().unwrap_or_default(),
            ms(whole.at)
        ))
        .and_weak("chunked, and no Server header")
    })
}

fn unframed_keepalive(clues: &Clues) -> Option<Case> {
    let is_unframed = !clues.is_chunked()
        && clues.header("content-length").is_none()
        && clues.mentions("connection", "keep-alive");
    let is_anonymous = clues.header("server").is_none() && !clues.has_proxy_marks();
    (is_unframed && is_anonymous && clues.has_ruby_marks()).then(|| {
        Case::strong("neither length nor chunks, Connection: keep-alive")
            .and_weak("marks of a Rack stack, no Server header")
    })
}

fn passenger(clues: &Clues) -> Option<Case> {
    let is_signed = clues.is_signed_by("phusion") || clues.mentions("x-powered-by", "phusion");
    (is_signed && clues.whole().is_some_and(|whole| !whole.has_length))
        .then(|| Case::weak("signed by Passenger, held to the end").at_most(Low))
}
