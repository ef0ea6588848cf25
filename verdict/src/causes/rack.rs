//! The middleware of Rack, and what Rails needs around itself.

use run_record::verdict::Confidence::Low;

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, advice, cure, from_outside_nobody_can_tell};
use crate::text::{ms, plural};
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "rack.etag",
        component: "Rack::ETag",
        versions: "Rack 2.2, in Rails' default stack on every server; not in Rack 3",
        by_default: ByDefault::Yes,
        shows: &[Sign::EndLateHead, Sign::EndContentLength],
        what: "hashes the whole body for an ETag before it sends the head",
        betrays: "a weak ETag on a stream, X-Runtime as long as the stream",
        cures: &[
            cure(
                "tell Rack::ETag that the response has a validator of its own",
                "response.headers[\"Last-Modified\"] = Time.now.httpdate",
                "the controller action, before the first write",
            ),
            cure(
                "take it out of the stack",
                "config.middleware.delete Rack::ETag",
                "config/application.rb",
            ),
            advice("upgrade to Rack 3, whose Rack::ETag leaves streams alone"),
        ],
        sure: Sure::Measured,
        source: "rack/rack#1619, #1416; rails/rails#38780",
        test: etag,
    },
    Entry {
        code: "rack.content-length",
        component: "Rack::ContentLength",
        versions: "Rack 2.2; rackup adds it in development and deployment",
        by_default: ByDefault::Varies,
        shows: &[Sign::EndContentLength],
        what: "reads the whole body to count it",
        betrays: "Content-Length on a stream of Puma or Thin",
        cures: &[
            cure(
                "start without the middleware that rackup adds",
                "rackup -E none",
                "start command",
            ),
            advice("use `rails server` or the server's own command, or Rack 3"),
        ],
        sure: Sure::Measured,
        source: "rackup with Puma and Thin, measured",
        test: content_length,
    },
    Entry {
        code: "rack.deflater-nosync",
        component: "Rack::Deflater",
        versions: "with sync: false",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor],
        what: "compresses without flushing after each event",
        betrays: "late with Accept-Encoding only, marks of a Rack stack",
        cures: &[cure(
            "flush after each event",
            "use Rack::Deflater, sync: true",
            "config.ru",
        )],
        sure: Sure::Measured,
        source: "rack deflater.rb",
        test: deflater,
    },
    Entry {
        code: "rack.deflater-call-body",
        component: "Rack::Deflater",
        versions: "with the streaming bodies of Rack 3",
        by_default: ByDefault::No,
        shows: &[Sign::CutTruncated],
        what: "cannot compress a body that is called with a stream: an error, or a response cut short",
        betrays: "a compressed response of a Rack stack, cut",
        cures: &[cure(
            "tell compressors to leave the stream alone",
            "Cache-Control: no-transform",
            "response header of the application",
        )],
        sure: Sure::Issue,
        source: "rack/rack#2471, #123",
        test: deflated_call_body,
    },
    Entry {
        code: "rack.lock",
        component: "Rack::Lock",
        versions: "Rails with config.allow_concurrency = false",
        by_default: ByDefault::No,
        shows: &[Sign::Queue],
        what: "lets one request run at a time",
        betrays: "live alone; of several streams one runs",
        cures: &[cure(
            "allow concurrent requests",
            "config.allow_concurrency = true",
            "config/application.rb",
        )],
        sure: Sure::Measured,
        source: "Rails 6.1, measured: 10 clients one at a time",
        test: lock,
    },
    Entry {
        code: "rack.hijack-unsupported",
        component: "Rack hijack",
        versions: "partial hijack on Unicorn, Rainbows with ThreadSpawn or EventMachine; any hijack on Thin",
        by_default: ByDefault::Varies,
        shows: &[Sign::FramingBad],
        what: "an empty body, raw bytes where chunks were announced, or a body without a head",
        betrays: "malformed framing of a Rack server",
        cures: &[advice(
            "use full hijack (Puma, Unicorn, Rainbows, Passenger), or an each body",
        )],
        sure: Sure::Measured,
        source: "Unicorn 6.0.0, Rainbows 5.0.0, Thin 1.8.1, measured",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "client.http10",
        component: "Rails ActionController::Live",
        versions: "on Puma, Thin, Unicorn, Rainbows, asked over HTTP/1.0, as nginx before 1.29.7 asks",
        by_default: ByDefault::Yes,
        shows: &[Sign::LossSilent],
        what: "delivers the first event and a clean end, because HTTP/1.0 has no framing for more",
        betrays: "the first event only over HTTP/1.0, all of them over HTTP/1.1",
        cures: &[cure(
            "let nginx speak HTTP/1.1 to the application",
            "proxy_http_version 1.1;",
            "nginx location block",
        )],
        sure: Sure::Measured,
        source: "Rails live.rb; jasonwyatt/docker-nginx-loadbalancer#5, antiwork/gumroad#7468",
        test: http10,
    },
];

fn etag(clues: &Clues) -> Option<Case> {
    let whole = clues
        .whole()
        .filter(|whole| clues.has_weak_etag() && !whole.head_was_early())?;
    // Other servers compute a length and an ETag from a stored body; of Ruby's only WEBrick announces one.
    if whole.has_length && !clues.is_signed_by("webrick") {
        return None;
    }
    let seen = format!(
        "a weak ETag on a stream that came whole after {}",
        ms(whole.at)
    );
    if clues.runtime_is_whole_response() {
        let runtime = clues.runtime().unwrap_or_default();
        return Some(Case::strong(seen).and_strong(format!(
            "X-Runtime {runtime:.2} s is the length of the response: held inside the Rack stack"
        )));
    }
    // A short X-Runtime says that somebody below the Rack stack holds.
    (!clues.runtime_is_short()).then(|| Case::strong(seen))
}

fn content_length(clues: &Clues) -> Option<Case> {
    let whole = clues.collected()?;
    let is_ruby =
        clues.is_signed_by("thin") || (clues.header("server").is_none() && clues.has_ruby_marks());
    (is_ruby && !clues.has_weak_etag() && !clues.has_proxy_marks()).then(|| {
        Case::strong(format!(
            "Content-Length on a stream that came whole after {}",
            ms(whole.at)
        ))
        .and_weak("marks of a Ruby server other than WEBrick")
    })
}

fn deflater(clues: &Clues) -> Option<Case> {
    let case = clues.compressor()?.and_weak("marks of a Rack stack");
    clues.has_ruby_marks().then(|| {
        // A proxy in front may be the one that compresses.
        if clues.has_proxy_marks() && !clues.varies() {
            case.at_most(Low)
        } else {
            case
        }
    })
}

fn deflated_call_body(clues: &Clues) -> Option<Case> {
    (clues.is_coded() && clues.has_ruby_marks())
        .then(|| Case::weak("a compressed response of a Rack stack, cut short"))
}

fn lock(clues: &Clues) -> Option<Case> {
    let queue = clues.queue.filter(|queue| queue.served == 1)?;
    (clues.has_ruby_marks() && !clues.is_signed_by("thin")).then(|| {
        let waited = plural(queue.waited as u64, "stream");
        Case::weak(format!("one ran, {waited} waited")).and_weak("marks of a Rack stack")
    })
}

fn http10(clues: &Clues) -> Option<Case> {
    let lost = clues.lost_over_http10.as_ref()?;
    let case = Case::strong(lost.clone());
    Some(if clues.has_ruby_marks() {
        case.and_strong("marks of a Rack stack")
    } else {
        case
    })
}
