//! Table 5.2 of the ground truth: proxies in front of an origin that sends chunks.

use super::{
    APACHE, CORK, FREE, GROUPED, NGINX, SIZED, Setup, TIMED, WHOLE, charset, held,
    lower_case_names, mark, one_chunk_per_event, seconds,
};
use crate::server::Mode;

pub(crate) const PROXIES: &[Setup] = &[
    held(
        "nginx-default",
        Mode::Proxied { bytes: 4096 },
        |probe| mark(probe, NGINX),
        SIZED,
        "nginx.proxy-buffering",
        &["nginx.fastcgi-buffering"],
    ),
    held(
        "nginx-http11",
        Mode::Live,
        |probe| mark(probe, NGINX),
        FREE,
        "",
        &[],
    ),
    held(
        "nginx-gzip",
        Mode::GzipOverBlocks {
            plain: 800_000,
            bytes: 4096,
        },
        |probe| mark(probe, NGINX),
        WHOLE,
        "nginx.gzip",
        &[],
    ),
    held(
        "nginx-gzip-http11",
        Mode::GzipUnflushed { plain: 800_000 },
        |probe| mark(probe, NGINX),
        WHOLE,
        "nginx.gzip",
        &[],
    ),
    held(
        "nginx-fastcgi",
        Mode::FastCgi { per_event: true },
        |probe| {
            charset(probe);
            mark(probe, NGINX);
        },
        GROUPED,
        "nginx.fastcgi-buffering",
        &[],
    ),
    held(
        "nginx-fastcgi-flush-only",
        Mode::FastCgi { per_event: false },
        |probe| {
            charset(probe);
            mark(probe, NGINX);
        },
        GROUPED,
        "php.output-buffering",
        &["nginx.fastcgi-buffering"],
    ),
    held(
        "haproxy-default",
        CORK,
        |probe| {
            mark(
                probe,
                &[
                    ("date", "Sat, 28 Nov 2026 01:11:42 GMT"),
                    ("keep-alive", "timeout=5"),
                ],
            );
            lower_case_names(probe);
        },
        TIMED,
        "haproxy.msg-more",
        &["puma.cork", "tcp.cork"],
    ),
    held(
        "haproxy-no-delay",
        Mode::Live,
        lower_case_names,
        FREE,
        "",
        &[],
    ),
    held(
        "apache-proxy",
        Mode::Live,
        |probe| mark(probe, APACHE),
        FREE,
        "",
        &[],
    ),
    held(
        "apache-deflate",
        Mode::Gzip,
        |probe| {
            mark(probe, APACHE);
            mark(probe, &[("Vary", "Accept-Encoding")]);
        },
        FREE,
        "",
        &[],
    ),
    held(
        "apache-fcgi",
        Mode::Rounded { bytes: 4080 },
        |probe| {
            charset(probe);
            one_chunk_per_event(probe);
            mark(probe, APACHE);
        },
        GROUPED,
        "apache.proxy-fcgi",
        &[],
    ),
    held(
        "apache-fcgi-flush-only",
        Mode::Rounded { bytes: 4096 },
        |probe| {
            charset(probe);
            mark(probe, APACHE);
        },
        GROUPED,
        "php.output-buffering",
        &["apache.proxy-fcgi"],
    ),
    held(
        "apache-fcgi-flushpackets",
        Mode::Live,
        |probe| {
            charset(probe);
            mark(probe, APACHE);
        },
        FREE,
        "",
        &[],
    ),
    held(
        "apache-fcgi-flushpackets-flush-only",
        Mode::Rounded { bytes: 4096 },
        |probe| {
            charset(probe);
            mark(probe, APACHE);
        },
        GROUPED,
        "php.output-buffering",
        &["apache.proxy-fcgi"],
    ),
    held(
        "varnish-default",
        Mode::Live,
        |probe| {
            mark(
                probe,
                &[
                    ("X-Varnish", "32770"),
                    ("Age", "0"),
                    ("Via", "1.1 varnish (Varnish/7.1)"),
                ],
            );
        },
        FREE,
        "",
        &[],
    ),
    held(
        "varnish-nostream",
        Mode::ContentLength,
        |probe| {
            let age = seconds(probe).round().to_string();
            mark(
                probe,
                &[
                    ("X-Varnish", "5"),
                    ("Age", &age),
                    ("Via", "1.1 varnish (Varnish/7.1)"),
                    ("Accept-Ranges", "bytes"),
                ],
            );
        },
        WHOLE,
        "varnish.do-stream",
        &["varnish.esi"],
    ),
    held(
        "lighttpd-0",
        Mode::ContentLength,
        |probe| {
            mark(
                probe,
                &[("Accept-Ranges", "bytes"), ("Server", "lighttpd/1.4.69")],
            );
        },
        WHOLE,
        "lighttpd.stream-response-body",
        &[],
    ),
    held(
        "lighttpd-1",
        Mode::Live,
        |probe| mark(probe, &[("Server", "lighttpd/1.4.69")]),
        FREE,
        "",
        &[],
    ),
    held(
        "caddy",
        Mode::Live,
        |probe| mark(probe, &[("Server", "Caddy")]),
        FREE,
        "",
        &[],
    ),
];
