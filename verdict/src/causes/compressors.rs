//! Compressors inside applications, and Caddy's.

use run_record::verdict::Confidence::{Low, Medium};

use super::clues::Clues;
use super::{Cure, Entry, Fit, Sure};

const LATE: &str = "late with Accept-Encoding only";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "express.compression",
        component: "compression for Express",
        versions: "1.8.2 with express 4.22 and 5.3",
        what: "keeps compressed output until its buffer is full",
        cure: Cure {
            text: "tell the middleware to leave the stream alone, or call res.flush() after each event",
            config: "res.setHeader(\"Cache-Control\", \"no-cache, no-transform\")",
            place: "the handler, before the first write",
        },
        sure: Sure::Measured,
        source: "expressjs/compression README",
        test: express,
    },
    Entry {
        code: "caddy.encode",
        component: "Caddy",
        versions: "2.6.2; 2.11.7 is live",
        what: "compresses without flushing after each event, once a write reaches 512 bytes",
        cure: Cure {
            text: "upgrade to 2.11.7 or later, or keep encode off the stream's route",
            config: "",
            place: "",
        },
        sure: Sure::Measured,
        source: "caddyserver/caddy#6293, #6471",
        test: caddy,
    },
    Entry {
        code: "iis.dynamic-compression",
        component: "IIS",
        versions: "with dynamic compression",
        what: "compresses without flushing after each event",
        cure: Cure {
            text: "switch dynamic compression off for the stream",
            config: "<urlCompression doDynamicCompression=\"false\"/>",
            place: "web.config",
        },
        sure: Sure::Issue,
        source: "aspnet/AspNetCoreModule#16",
        test: iis,
    },
];

fn express(clues: &Clues) -> Option<Fit> {
    let is_plain = clues.is_compressor() && !clues.has_proxy_marks() && !clues.has_ruby_marks();
    if is_plain && clues.mentions("x-powered-by", "express") {
        return Some(Fit::new(
            Medium,
            [LATE.into(), "X-Powered-By: Express".into()],
        ));
    }
    let varies = clues.mentions("vary", "accept-encoding") && clues.head.header("server").is_none();
    (is_plain && varies).then(|| {
        Fit::new(
            Low,
            [
                LATE.into(),
                "Vary: Accept-Encoding and no mark of a proxy".into(),
            ],
        )
    })
}

fn caddy(clues: &Clues) -> Option<Fit> {
    let is_caddy = clues.is_signed_by("caddy") || clues.mentions("via", "caddy");
    (clues.is_compressor() && is_caddy)
        .then(|| Fit::new(Medium, [LATE.into(), "signed by Caddy".into()]))
}

fn iis(clues: &Clues) -> Option<Fit> {
    (clues.is_compressor() && clues.is_signed_by("microsoft-iis"))
        .then(|| Fit::new(Medium, [LATE.into(), "Server: Microsoft-IIS".into()]))
}
