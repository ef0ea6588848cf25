//! Node.js: Express and what is built on it, Next.js, development proxies.

use run_record::verdict::Confidence::Low;

use super::clues::{Clues, Shape};
use super::{ByDefault, Case, Cure, Entry, Sure, advice, cure, from_outside_nobody_can_tell};
use crate::text::ms;
use crate::vocabulary::Sign;

const EXPRESS: &[Cure] = &[
    cure(
        "tell the middleware to leave the stream alone, or call res.flush() after each event",
        "res.setHeader(\"Cache-Control\", \"no-cache, no-transform\")",
        "the handler, before the first write",
    ),
    cure(
        "or flush after each event",
        "res.flush()",
        "the handler, after each write",
    ),
    cure(
        "or let the compressor flush after each write",
        "compression({flush: zlib.constants.Z_SYNC_FLUSH})",
        "where the middleware is used",
    ),
];

const NO_TRANSFORM: Cure = cure(
    "end the compression in the application",
    "Cache-Control: no-cache, no-transform",
    "response header of the application",
);

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "express.compression",
        component: "compression for Express",
        versions: "1.8.2 with express 4.22 and 5.3",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor],
        what: "keeps compressed output until its buffer is full",
        betrays: "Content-Encoding and Vary, live without Accept-Encoding, a first chunk of 10 bytes",
        cures: EXPRESS,
        sure: Sure::Measured,
        source: "expressjs/compression index.js and README",
        test: express,
    },
    Entry {
        code: "proxy.adds-accept-encoding",
        component: "Caddy or Varnish before an application that compresses",
        versions: "Caddy 2.11.7, Varnish 7.1",
        by_default: ByDefault::Yes,
        shows: &[Sign::EndEarlyHead],
        what: "asks the application for gzip whatever the client asked, so that its compressor holds for everyone",
        betrays: "an early head, nothing before the end with and without Accept-Encoding; the application alone is live without it",
        cures: &[
            cure(
                "let the proxy ask for no compression, or end the compression in the application",
                "transport http { compression off }",
                "Caddyfile reverse_proxy block",
            ),
            NO_TRANSFORM,
        ],
        sure: Sure::Measured,
        source: "Caddy 2.11.7 and Varnish 7.1 before express with compression, measured",
        test: adds_accept_encoding,
    },
    Entry {
        code: "next.compression",
        component: "Next.js",
        versions: "any; rewrites() are reported to hold too",
        by_default: ByDefault::Yes,
        shows: &[Sign::HoldCompressor],
        what: "compresses without flushing after each event",
        betrays: "X-Powered-By: Next.js, late with Accept-Encoding only",
        cures: &[
            cure(
                "tell the compressor to leave the stream alone",
                "Cache-Control: no-cache, no-transform",
                "response header of the application",
            ),
            cure(
                "or say that it is coded already",
                "Content-Encoding: none",
                "response header of the application",
            ),
            advice("answer from a Route Handler instead of a rewrite"),
        ],
        sure: Sure::Issue,
        source: "vercel/next.js#9965, vercel/ai#17007",
        test: next,
    },
    Entry {
        code: "nest.sse-compression",
        component: "NestJS",
        versions: "@Sse with compression; current releases send no-transform",
        by_default: ByDefault::No,
        shows: &[Sign::LagOne],
        what: "completes each compressed event with the next one",
        betrays: "compressed, one event late, marks of Express",
        cures: &[cure(
            "tell the middleware to leave the stream alone",
            "res.setHeader(\"Cache-Control\", \"no-cache, no-transform\")",
            "the handler, before the first write",
        )],
        sure: Sure::Issue,
        source: "nestjs/nest#5762, dpskvn/express-sse#26",
        test: nest,
    },
    Entry {
        code: "webpack.dev-proxy",
        component: "webpack-dev-server, Create React App's proxy",
        versions: "development only; vite 8.3.8 is live",
        by_default: ByDefault::Yes,
        shows: &[Sign::EndLateHead, Sign::EndEarlyHead],
        what: "compresses what it proxies without flushing after each event",
        betrays: "only through the development server",
        cures: &[cure(
            "do not compress in development",
            "devServer: { compress: false }",
            "webpack.config.js",
        )],
        sure: Sure::Issue,
        source: "webpack/webpack-dev-server#5449, react/create-react-app#966",
        test: from_outside_nobody_can_tell,
    },
];

fn express(clues: &Clues) -> Option<Case> {
    let case = clues.compressor()?;
    if clues.mentions("x-powered-by", "express") {
        return Some(case.and_weak("X-Powered-By: Express"));
    }
    let is_plain = !clues.has_proxy_marks() && !clues.has_ruby_marks();
    let is_open =
        is_plain && clues.header("server").is_none() && clues.header("x-powered-by").is_none();
    (is_open && clues.varies()).then(|| {
        case.and_weak("Vary: Accept-Encoding and no mark of another server")
            .at_most(Low)
    })
}

/// Only a look at the application itself is proof (causes 3.3): a hop that is live.
fn adds_accept_encoding(clues: &Clues) -> Option<Case> {
    let whole = clues.early_head().filter(|_| !clues.is_compressor())?;
    let (by, cure) = if clues.header("x-varnish").is_some() {
        ("X-Varnish", Some(&NO_TRANSFORM))
    } else if clues.mentions("via", "caddy") || clues.is_signed_by("caddy") {
        ("signed by Caddy", None)
    } else {
        return None;
    };
    let early = format!(
        "the head came at {}, the body at {}, as from a compressor that nobody asked for",
        ms(whole.head),
        ms(whole.at)
    );
    let is_marked = clues.varies() || clues.mentions("x-powered-by", "express");
    let case = if is_marked {
        Case::strong(early)
            .and_weak(by)
            .and_weak("Vary: Accept-Encoding or Express: the application compresses")
    } else {
        Case::weak(early).and_weak(by)
    };
    Some(match cure {
        Some(cure) => case.cured_by(cure),
        None => case,
    })
}

fn next(clues: &Clues) -> Option<Case> {
    let case = clues.compressor()?;
    clues
        .mentions("x-powered-by", "next.js")
        .then(|| case.and_weak("X-Powered-By: Next.js"))
}

fn nest(clues: &Clues) -> Option<Case> {
    let Shape::Behind(behind) = clues.shape else {
        return None;
    };
    (clues.is_coded() && clues.mentions("x-powered-by", "express")).then(|| {
        Case::strong(format!(
            "each event {} late: one behind, and compressed",
            ms(behind.wait)
        ))
        .and_weak("X-Powered-By: Express")
    })
}
