//! nginx: buffers for upstreams without framing, and its compressor.

use run_record::verdict::Confidence::{High, Medium};

use super::clues::Clues;
use super::{Cure, Entry, Fit, Sure};
use crate::chunks::Chunks;
use crate::text::bytes;

const UNBUFFERED: &str =
    "let nginx hand on what it reads; the header X-Accel-Buffering: no does the same";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "nginx.proxy-buffering",
        component: "nginx",
        versions: "before 1.29.7 (HTTP/1.0 to the upstream by default)",
        what: "hands on only full buffers when the upstream's response has no framing",
        cure: Cure {
            text: UNBUFFERED,
            config: "proxy_buffering off;",
            place: "nginx location block",
        },
        sure: Sure::Measured,
        source: "nginx src/event/ngx_event_pipe.c; nginx/nginx#1505",
        test: proxy_buffering,
    },
    Entry {
        code: "nginx.unframed-upstream",
        component: "nginx",
        versions: "any, with an upstream that closes to end its response",
        what: "hands on only full buffers when the upstream's response has no framing",
        cure: Cure {
            text: UNBUFFERED,
            config: "proxy_buffering off;",
            place: "nginx location block",
        },
        sure: Sure::Measured,
        source: "nginx src/event/ngx_event_pipe.c",
        test: unframed_upstream,
    },
    Entry {
        code: "nginx.fastcgi-buffering",
        component: "nginx",
        versions: "any, fastcgi_pass",
        what: "hands on only full buffers of a FastCGI response",
        cure: Cure {
            text: UNBUFFERED,
            config: "fastcgi_buffering off;",
            place: "nginx location block",
        },
        sure: Sure::Measured,
        source: "nginx 1.22.1 with PHP-FPM, measured",
        test: fastcgi_buffering,
    },
    Entry {
        code: "nginx.gzip",
        component: "nginx",
        versions: "gzip on, with text/event-stream in gzip_types",
        what: "compresses buffered data without flushing after each event",
        cure: Cure {
            text: UNBUFFERED,
            config: "proxy_buffering off;",
            place: "nginx location block",
        },
        sure: Sure::Measured,
        source: "nginx 1.22.1, measured",
        test: gzip,
    },
];

/// The first release whose default towards the upstream is HTTP/1.1.
const FRAMED_BY_DEFAULT: [u32; 3] = [1, 29, 7];

/// Full buffers as nginx hands them on: always the same power of two, the first
/// one shorter by the head of the upstream's response.
fn full_buffers(clues: &Clues) -> Option<String> {
    let Chunks::Constant {
        bytes: size,
        first_shorter: true,
    } = clues.chunks
    else {
        return None;
    };
    let is_buffer = [1024.0, 2048.0, 4096.0, 8192.0, 16_384.0].contains(&size);
    (is_buffer && clues.size().is_some() && !clues.is_compressor())
        .then(|| format!("chunks of {}, the first one shorter", bytes(size)))
}

fn is_php(clues: &Clues) -> bool {
    clues.mentions("x-powered-by", "php")
}

fn proxy_buffering(clues: &Clues) -> Option<Fit> {
    let buffers = full_buffers(clues).filter(|_| !is_php(clues))?;
    if !clues.is_signed_by("nginx") {
        let unsigned = "no mark of nginx, which another hop may have removed".to_owned();
        return Some(Fit::new(Medium, [buffers, unsigned]));
    }
    match version(clues) {
        Some(version) if version >= FRAMED_BY_DEFAULT => None,
        Some(_) => Some(Fit::new(
            High,
            [buffers, "Server: nginx, before 1.29.7".into()],
        )),
        None => Some(Fit::new(
            Medium,
            [buffers, "Server: nginx, version hidden".into()],
        )),
    }
}

fn unframed_upstream(clues: &Clues) -> Option<Fit> {
    let buffers = full_buffers(clues).filter(|_| clues.is_signed_by("nginx") && !is_php(clues))?;
    let is_new = version(clues).is_some_and(|version| version >= FRAMED_BY_DEFAULT);
    is_new.then(|| Fit::new(Medium, [buffers, "Server: nginx, 1.29.7 or later".into()]))
}

fn fastcgi_buffering(clues: &Clues) -> Option<Fit> {
    let size = clues
        .size()
        .filter(|_| clues.is_signed_by("nginx") && is_php(clues))?;
    let is_block =
        (3_900.0..=4_200.0).contains(&size.high) || (7_900.0..=8_300.0).contains(&size.high);
    is_block.then(|| {
        let seen = format!("blocks of {}", bytes(size.high));
        Fit::new(Medium, [seen, "Server: nginx, X-Powered-By: PHP".into()])
    })
}

fn gzip(clues: &Clues) -> Option<Fit> {
    (clues.is_compressor() && clues.is_signed_by("nginx") && clues.head.header("via").is_none())
        .then(|| {
            Fit::new(
                Medium,
                [
                    "late with Accept-Encoding only".into(),
                    "Server: nginx".into(),
                ],
            )
        })
}

/// The version in `Server: nginx/1.22.1`.
fn version(clues: &Clues) -> Option<[u32; 3]> {
    let value = clues.head.header("server")?;
    let digits = value.split('/').nth(1)?;
    let mut parts = digits
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().ok());
    Some([
        parts.next()??,
        parts.next()??,
        parts.next().flatten().unwrap_or(0),
    ])
}
