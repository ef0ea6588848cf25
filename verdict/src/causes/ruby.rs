//! Ruby: WEBrick, Puma, Thin, Rainbows, and the middleware of Rack 2.

use run_record::verdict::Confidence::{self, High, Low, Medium};

use super::clues::Clues;
use super::{Cure, Entry, Fit, Sure, haproxy};
use crate::text::ms;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "rack.etag",
        component: "Rack::ETag",
        versions: "Rack 2.2, in Rails' default stack on every server",
        what: "hashes the whole body for an ETag before it sends the head",
        cure: Cure {
            text: "tell Rack::ETag that the response has a validator of its own",
            config: "response.headers[\"Last-Modified\"] = Time.now.httpdate",
            place: "the controller action, before the first write",
        },
        sure: Sure::Measured,
        source: "rack/rack#1619",
        test: etag,
    },
    Entry {
        code: "webrick.collects-body",
        component: "WEBrick",
        versions: "1.8.1, 1.9.1",
        what: "collects the whole body of a Rack response before it sends the head",
        cure: Cure {
            text: "use a server that writes each chunk; Puma over TCP then batches, see puma.cork",
            config: "rails server -u puma",
            place: "start command",
        },
        sure: Sure::Measured,
        source: "Rails 6.1.7.10 and 7.2.2.2 on WEBrick, measured",
        test: webrick,
    },
    Entry {
        code: "thin.reactor",
        component: "Thin",
        versions: "1.8.1, 1.8.2",
        what: "runs the body on its reactor thread and writes when the body is complete",
        cure: Cure {
            text: "use another server, Unicorn or Rainbows with ThreadSpawn",
            config: "",
            place: "",
        },
        sure: Sure::Measured,
        source: "Thin 1.8 on Rails 6.1, measured; the cause is inferred",
        test: thin,
    },
    Entry {
        code: "thin.threaded-wakeup",
        component: "Thin",
        versions: "1.8.1 --threaded",
        what: "output of a pool thread waits until the reactor wakes, about once a second",
        cure: Cure {
            text: "keep the reactor awake",
            config: "EM.next_tick { EM.add_periodic_timer(0.01) {} }",
            place: "config.ru",
        },
        sure: Sure::Measured,
        source: "Thin 1.8.1 --threaded, measured 20 of 20",
        test: thin_threaded,
    },
    Entry {
        code: "rainbows.eventmachine",
        component: "Rainbows!",
        versions: "5.0.0 with EventMachine",
        what: "runs the body on its reactor thread and writes when the body is complete",
        cure: Cure {
            text: "serve each stream in a thread of its own",
            config: "Rainbows! { use :ThreadSpawn; worker_connections 100 }",
            place: "Rainbows configuration file",
        },
        sure: Sure::Measured,
        source: "Rainbows 5.0.0 on Rails 6.1, measured",
        test: eventmachine,
    },
    Entry {
        code: "rack.content-length",
        component: "Rack::ContentLength",
        versions: "Rack 2.2; rackup adds it in development and deployment",
        what: "reads the whole body to count it",
        cure: Cure {
            text: "start without the middleware that rackup adds",
            config: "rackup -E none",
            place: "start command",
        },
        sure: Sure::Measured,
        source: "rackup with Puma and Thin, measured",
        test: content_length,
    },
    Entry {
        code: "rack.deflater-nosync",
        component: "Rack::Deflater",
        versions: "with sync: false",
        what: "compresses without flushing after each event",
        cure: Cure {
            text: "flush after each event",
            config: "use Rack::Deflater, sync: true",
            place: "config.ru",
        },
        sure: Sure::Measured,
        source: "rack deflater.rb",
        test: deflater,
    },
    Entry {
        code: "puma.cork",
        component: "Puma",
        versions: "5.6.5, 6.6.0, on Linux over TCP",
        what: "corks the socket for the whole response: the kernel releases after 200 ms or one full segment",
        cure: Cure {
            text: "listen on a Unix socket behind a proxy",
            config: "bind \"unix:///PATH/puma.sock\"",
            place: "config/puma.rb",
        },
        sure: Sure::Measured,
        source: "puma/puma#2595",
        test: puma,
    },
];

fn etag(clues: &Clues) -> Option<Fit> {
    let whole = clues.whole().filter(|_| clues.has_weak_etag())?;
    let seen = format!(
        "a weak ETag on a stream that came whole after {}",
        ms(whole.at)
    );
    if clues.runtime_is_whole_response() {
        let runtime = clues.runtime().unwrap_or_default();
        let held = format!(
            "X-Runtime {runtime:.2} s is the length of the response: held inside the Rack stack"
        );
        return Some(Fit::new(High, [seen, held]));
    }
    // A short X-Runtime says that somebody below the Rack stack holds.
    (!clues.runtime_is_short()).then(|| Fit::new(Medium, [seen]))
}

fn webrick(clues: &Clues) -> Option<Fit> {
    let whole = clues.whole().filter(|_| clues.is_signed_by("webrick"))?;
    let signed = "Server: WEBrick".to_owned();
    let framing = if whole.has_length {
        "Content-Length on a stream"
    } else {
        "the head came with the body"
    };
    (!whole.head_was_early()).then(|| Fit::new(below_rack(clues), [signed, framing.into()]))
}

fn thin(clues: &Clues) -> Option<Fit> {
    let whole = clues.whole().filter(|_| clues.is_signed_by("thin"))?;
    let is_unframed = !whole.has_length && !clues.head.is_chunked();
    let facts = [
        "Server: thin".to_owned(),
        "neither length nor chunks, the head came with the body".into(),
    ];
    (is_unframed && !whole.head_was_early()).then(|| Fit::new(below_rack(clues), facts))
}

fn thin_threaded(clues: &Clues) -> Option<Fit> {
    let grouped = match clues.shape {
        super::clues::Shape::Time(grouped)
        | super::clues::Shape::Either(grouped)
        | super::clues::Shape::Irregular(grouped) => grouped,
        _ => return None,
    };
    // The reactor wakes about once a second, at any phase.
    let fits = clues.is_signed_by("thin") && (250.0..=1_200.0).contains(&grouped.ms.high);
    fits.then(|| {
        Fit::new(
            Medium,
            [
                "Server: thin".into(),
                format!("held up to {}", ms(grouped.ms.high)),
            ],
        )
    })
}

fn eventmachine(clues: &Clues) -> Option<Fit> {
    let whole = clues
        .whole()
        .filter(|_| clues.head.is_chunked() && clues.runtime_is_short())?;
    let anonymous = clues.head.header("server").is_none();
    (anonymous && !clues.has_weak_etag() && !whole.head_was_early()).then(|| {
        let below = format!(
            "X-Runtime {:.3} s and a body after {}: held by the server below Rails",
            clues.runtime().unwrap_or_default(),
            ms(whole.at)
        );
        Fit::new(Medium, [below, "chunked, and no Server header".into()])
    })
}

fn content_length(clues: &Clues) -> Option<Fit> {
    let whole = clues.whole().filter(|whole| whole.has_length)?;
    let is_ruby = clues.is_signed_by("thin")
        || (clues.head.header("server").is_none() && clues.has_ruby_marks());
    let fits = is_ruby && !clues.has_weak_etag();
    fits.then(|| {
        let seen = format!(
            "Content-Length on a stream that came whole after {}",
            ms(whole.at)
        );
        Fit::new(
            Medium,
            [seen, "marks of a Ruby server other than WEBrick".into()],
        )
    })
}

fn deflater(clues: &Clues) -> Option<Fit> {
    (clues.is_compressor() && clues.has_ruby_marks() && !clues.has_proxy_marks()).then(|| {
        Fit::new(
            Medium,
            [
                "late with Accept-Encoding only".into(),
                "marks of a Rack stack".into(),
            ],
        )
    })
}

/// The 200 ms of a cork are Puma's or HAProxy's; marks only order the two (causes 2.4.12).
fn puma(clues: &Clues) -> Option<Fit> {
    let grouped = clues.time().filter(|grouped| haproxy::is_cork(grouped))?;
    let is_other = clues.is_signed_by("webrick") || clues.is_signed_by("thin");
    let chunks = clues.chunks.held_below().filter(|_| !is_other)?;
    let held = haproxy::held(grouped);
    let seen = format!("{held}, {chunks}: the kernel's limit for a corked socket");
    if clues.has_ruby_marks() {
        Some(Fit::new(Medium, [seen, "X-Runtime: a Rack stack".into()]))
    } else {
        let is_open = grouped.is_wait && !clues.has_proxy_marks();
        is_open.then(|| Fit::new(Low, [seen, "no mark of the server".into()]))
    }
}

/// A server that signs and whose middleware was done early is well named; without
/// `X-Runtime` an inner one may hold.
fn below_rack(clues: &Clues) -> Confidence {
    if clues.runtime_is_short() && !clues.has_weak_etag() {
        High
    } else {
        Medium
    }
}
