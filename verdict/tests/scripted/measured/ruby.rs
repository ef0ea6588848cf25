//! Table 5.1 of the ground truth: Ruby.

use super::{
    CORK, FREE, GROUPED, Setup, TIMED, WEBRICK, WHOLE, blog, four_chunks_per_event, held, mark,
    rails, unframe,
};
use crate::server::Mode;

pub(crate) const RUBY: &[Setup] = &[
    held(
        "webrick",
        Mode::ContentLength,
        |probe| {
            rails(probe, "0.102");
            mark(probe, &[WEBRICK, ("Connection", "Keep-Alive")]);
        },
        WHOLE,
        "webrick.collects-body",
        &[],
    ),
    held(
        "webrick-blog",
        Mode::ContentLength,
        |probe| {
            blog(probe);
            mark(probe, &[WEBRICK, ("Connection", "Keep-Alive")]);
        },
        WHOLE,
        "rack.etag",
        &["webrick.collects-body"],
    ),
    held("puma-blog", Mode::HoldAll, blog, WHOLE, "rack.etag", &[]),
    held(
        "puma",
        CORK,
        |probe| rails(probe, "0.104"),
        TIMED,
        "puma.cork",
        &["haproxy.msg-more", "tcp.cork"],
    ),
    held(
        "puma-cluster",
        CORK,
        |probe| rails(probe, "0.109"),
        TIMED,
        "puma.cork",
        &["haproxy.msg-more", "tcp.cork"],
    ),
    held(
        "puma-unix",
        Mode::Live,
        |probe| rails(probe, "0.102"),
        FREE,
        "",
        &[],
    ),
    held(
        "thin",
        Mode::HoldAll,
        |probe| {
            unframe(probe);
            rails(probe, "0.102");
            mark(probe, &[("Server", "thin")]);
        },
        WHOLE,
        "thin.reactor",
        &[],
    ),
    held(
        "thin-blog",
        Mode::HoldAll,
        |probe| {
            unframe(probe);
            blog(probe);
            mark(probe, &[("Server", "thin")]);
        },
        WHOLE,
        "rack.etag",
        &["thin.reactor"],
    ),
    held(
        "thin-threaded",
        Mode::Ticker { ms: 1_000.0 },
        |probe| {
            unframe(probe);
            rails(probe, "0.112");
            mark(probe, &[("Server", "thin")]);
        },
        GROUPED,
        "thin.threaded-wakeup",
        &[],
    ),
    held(
        "thin-threaded-blog",
        Mode::HoldAll,
        |probe| {
            unframe(probe);
            blog(probe);
            mark(probe, &[("Server", "thin")]);
        },
        WHOLE,
        "rack.etag",
        &["thin.reactor"],
    ),
    held(
        "rainbows-threadspawn",
        Mode::Live,
        |probe| rails(probe, "0.102"),
        FREE,
        "",
        &[],
    ),
    held(
        "rainbows-threadspawn-blog",
        Mode::HoldAll,
        |probe| {
            blog(probe);
            mark(probe, &[("Connection", "keep-alive")]);
        },
        WHOLE,
        "rack.etag",
        &[],
    ),
    held(
        "rainbows-eventmachine",
        Mode::HoldAll,
        |probe| {
            rails(probe, "0.117");
            mark(probe, &[("Connection", "keep-alive")]);
        },
        WHOLE,
        "rainbows.eventmachine",
        &[],
    ),
    held(
        "rainbows-eventmachine-blog",
        Mode::HoldAll,
        |probe| {
            blog(probe);
            mark(probe, &[("Connection", "keep-alive")]);
        },
        WHOLE,
        "rack.etag",
        &[],
    ),
    held(
        "unicorn",
        Mode::Live,
        |probe| {
            unframe(probe);
            rails(probe, "0.100");
        },
        FREE,
        "",
        &[],
    ),
    held(
        "unicorn-blog",
        Mode::HoldAll,
        |probe| {
            unframe(probe);
            blog(probe);
        },
        WHOLE,
        "rack.etag",
        &[],
    ),
    held(
        "rackup-puma-dev",
        Mode::ContentLength,
        |probe| rails(probe, "0.103"),
        WHOLE,
        "rack.content-length",
        &[],
    ),
    held(
        "sse-helper-puma",
        CORK,
        |probe| {
            rails(probe, "0.102");
            four_chunks_per_event(probe);
        },
        TIMED,
        "puma.cork",
        &["haproxy.msg-more", "tcp.cork"],
    ),
    held(
        "sse-helper-puma-blog",
        Mode::HoldAll,
        |probe| {
            blog(probe);
            four_chunks_per_event(probe);
        },
        WHOLE,
        "rack.etag",
        &[],
    ),
    held(
        "sse-helper-webrick",
        Mode::ContentLength,
        |probe| {
            rails(probe, "0.101");
            mark(probe, &[WEBRICK]);
        },
        WHOLE,
        "webrick.collects-body",
        &[],
    ),
];
