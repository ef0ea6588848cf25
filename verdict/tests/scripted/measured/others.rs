//! Rows of the catalogue that no table of setups has.

use run_record::verdict::Word;

use super::{
    APACHE, CORK, GROUPED, SIZED, Setup, TIMED, WHOLE, charset, held, lower_case_names, mark, rails,
};
use crate::server::Mode;

pub(crate) const OTHERS: &[Setup] = &[
    held(
        "nginx 1.29.8 before an upstream that closes",
        Mode::Proxied { bytes: 4096 },
        |probe| {
            mark(probe, &[("Server", "nginx/1.29.8")]);
        },
        SIZED,
        "nginx.unframed-upstream",
        &["nginx.fastcgi-buffering"],
    ),
    held(
        "a corked server",
        CORK,
        |_| {},
        TIMED,
        "tcp.cork",
        &["puma.cork", "haproxy.msg-more"],
    ),
    held(
        "somebody who collects",
        Mode::HoldAll,
        |_| {},
        WHOLE,
        "unknown.whole",
        &[],
    ),
    held(
        "Tomcat without a flush",
        Mode::HoldSize { bytes: 8192 },
        charset,
        GROUPED,
        "tomcat.output-buffer",
        &[],
    ),
    held(
        "Go without a flush",
        Mode::HoldSize { bytes: 2048 },
        |probe| {
            mark(probe, &[("Date", "Sat, 28 Nov 2026 01:11:42 GMT")]);
        },
        GROUPED,
        "go.no-flush",
        &[],
    ),
    held(
        "Django with a sync generator on uvicorn",
        Mode::EarlyHead,
        |probe| {
            mark(probe, &[("server", "uvicorn")]);
        },
        WHOLE,
        "django.sync-generator-asgi",
        &[],
    ),
    held(
        "Varnish with do_gzip",
        Mode::GzipAfterPreamble { plain: 800_000 },
        |probe| {
            mark(
                probe,
                &[
                    ("X-Varnish", "2"),
                    ("Age", "0"),
                    ("Via", "1.1 varnish (Varnish/7.1)"),
                ],
            );
        },
        WHOLE,
        "varnish.gzip",
        &[],
    ),
    held(
        "Caddy 2.6 with encode",
        Mode::GzipLargeEvents { plain: 65_536 },
        |probe| {
            mark(probe, &[("Server", "Caddy")]);
        },
        GROUPED,
        "caddy.encode",
        &[],
    ),
    held(
        "express with compression behind Varnish",
        Mode::EarlyHead,
        |probe| {
            mark(
                probe,
                &[
                    ("X-Powered-By", "Express"),
                    ("Vary", "Accept-Encoding"),
                    ("X-Varnish", "3"),
                    ("Age", "0"),
                    ("Via", "1.1 varnish (Varnish/7.1)"),
                ],
            );
        },
        WHOLE,
        "proxy.adds-accept-encoding",
        &[],
    ),
    held(
        "express with compression behind nginx",
        Mode::GzipUnflushed { plain: 800_000 },
        |probe| {
            mark(
                probe,
                &[
                    ("Server", "nginx/1.22.1"),
                    ("X-Powered-By", "Express"),
                    ("Vary", "Accept-Encoding"),
                ],
            );
        },
        WHOLE,
        "express.compression",
        &["nginx.gzip", "app.compressor-no-flush"],
    ),
    held(
        "HAProxy with gzip and http-no-delay",
        Mode::GzipLag,
        lower_case_names,
        (Word::Batched, None),
        "haproxy.gzip-lag",
        &[],
    ),
    held(
        "Apache with a rate limit",
        Mode::NextTick { ms: 200.0 },
        |probe| mark(probe, APACHE),
        GROUPED,
        "apache.ratelimit",
        &["haproxy.msg-more"],
    ),
    held(
        "Next.js",
        Mode::GzipUnflushed { plain: 800_000 },
        |probe| {
            mark(
                probe,
                &[("X-Powered-By", "Next.js"), ("Vary", "Accept-Encoding")],
            );
        },
        WHOLE,
        "next.compression",
        &[],
    ),
    held(
        "Rack::Deflater without sync",
        Mode::GzipUnflushed { plain: 800_000 },
        |probe| {
            rails(probe, "0.101");
            mark(probe, &[("Vary", "Accept-Encoding")]);
        },
        WHOLE,
        "rack.deflater-nosync",
        &[],
    ),
    held(
        "IIS with dynamic compression",
        Mode::GzipUnflushed { plain: 800_000 },
        |probe| {
            mark(
                probe,
                &[
                    ("Server", "Microsoft-IIS/10.0"),
                    ("X-Powered-By", "ASP.NET"),
                    ("Vary", "Accept-Encoding"),
                ],
            );
        },
        WHOLE,
        "iis.dynamic-compression",
        &[],
    ),
];
