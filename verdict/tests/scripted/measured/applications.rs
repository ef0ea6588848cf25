//! Table 5.3 of the ground truth: application servers.

use super::{APACHE, FREE, GROUPED, Setup, WHOLE, charset, held, mark};
use crate::server::Mode;

pub(crate) const APPLICATIONS: &[Setup] = &[
    held(
        "node-http",
        Mode::LateHead,
        |probe| mark(probe, &[("Connection", "keep-alive")]),
        FREE,
        "",
        &[],
    ),
    held(
        "express-compression",
        Mode::GzipAfterPreamble { plain: 800_000 },
        |probe| {
            mark(
                probe,
                &[
                    ("X-Powered-By", "Express"),
                    ("Vary", "Accept-Encoding"),
                    ("Connection", "keep-alive"),
                ],
            );
        },
        WHOLE,
        "express.compression",
        &["app.compressor-no-flush"],
    ),
    held(
        "express-compression-random",
        Mode::GzipAfterPreamble { plain: 17_000 },
        |probe| {
            mark(
                probe,
                &[
                    ("X-Powered-By", "Express"),
                    ("Vary", "Accept-Encoding"),
                    ("Connection", "keep-alive"),
                ],
            );
        },
        GROUPED,
        "express.compression",
        &["app.compressor-no-flush"],
    ),
    held(
        "express-compression-flush",
        Mode::Gzip,
        |probe| {
            mark(
                probe,
                &[("X-Powered-By", "Express"), ("Vary", "Accept-Encoding")],
            );
        },
        FREE,
        "",
        &[],
    ),
    held(
        "gunicorn-gthread",
        Mode::Live,
        |probe| mark(probe, &[("Server", "gunicorn")]),
        FREE,
        "",
        &[],
    ),
    held(
        "uvicorn",
        Mode::Live,
        |probe| mark(probe, &[("server", "uvicorn")]),
        FREE,
        "",
        &[],
    ),
    held(
        "mod-php",
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
        "mod-php-flush-only",
        Mode::Rounded { bytes: 4096 },
        |probe| {
            charset(probe);
            mark(probe, APACHE);
        },
        GROUPED,
        "php.output-buffering",
        &["apache.proxy-fcgi"],
    ),
];
