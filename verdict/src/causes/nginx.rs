//! nginx and what is built on it: buffers for upstreams without framing, and its compressor.

use run_record::verdict::Confidence::{Low, Medium};

use super::clues::Clues;
use super::{ByDefault, Case, Cure, Entry, Sure, advice, cure, from_outside_nobody_can_tell};
use crate::chunks::Chunks;
use crate::text::bytes;
use crate::vocabulary::Sign;

const PLACE: &str = "nginx location block";

const BY_HEADER: Cure = cure(
    "or let the application ask for it",
    "X-Accel-Buffering: no",
    "response header of the application",
);

/// From outside the passes look the same, but for FastCGI: every line is valid, whichever pass stands there.
const UNBUFFERED: Cure = cure(
    "let nginx hand on what it reads (one line for each kind of upstream); the header X-Accel-Buffering: no of the \
     application does the same",
    "proxy_buffering off; uwsgi_buffering off; scgi_buffering off; fastcgi_buffering off;",
    PLACE,
);

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "nginx.proxy-buffering",
        component: "nginx",
        versions: "before 1.29.7 (HTTP/1.0 to the upstream by default)",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize, Sign::EndLateHead],
        what: "hands on only full buffers when the upstream's response has no framing",
        betrays: "chunks of always 4,096 bytes (1,024, 8,192, 16,384), the first one shorter; the head with the first block",
        cures: &[
            UNBUFFERED,
            BY_HEADER,
            cure(
                "or ask the upstream for chunks, if it can send them",
                "proxy_http_version 1.1;",
                PLACE,
            ),
        ],
        sure: Sure::Measured,
        source: "nginx src/event/ngx_event_pipe.c; nginx/nginx#1505",
        test: proxy_buffering,
    },
    Entry {
        code: "nginx.unframed-upstream",
        component: "nginx",
        versions: "any, with an upstream that closes to end its response",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize],
        what: "hands on only full buffers when the upstream's response has no framing",
        betrays: "as nginx.proxy-buffering, from 1.29.7 on",
        cures: &[
            UNBUFFERED,
            BY_HEADER,
            advice("or let the application send chunks"),
        ],
        sure: Sure::Measured,
        source: "nginx src/event/ngx_event_pipe.c",
        test: unframed_upstream,
    },
    Entry {
        code: "nginx.fastcgi-buffering",
        component: "nginx",
        versions: "any, fastcgi_pass, uwsgi_pass and scgi_pass",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize],
        what: "hands on only full buffers of a FastCGI response",
        betrays: "chunks a little shorter than 4,096 bytes: the heads of the records take the rest",
        cures: &[
            cure(
                "let nginx hand on what it reads; the header X-Accel-Buffering: no does the same",
                "fastcgi_buffering off;",
                PLACE,
            ),
            cure("for uwsgi_pass", "uwsgi_buffering off;", PLACE),
            BY_HEADER,
        ],
        sure: Sure::Measured,
        source: "nginx 1.22.1 with PHP-FPM and uWSGI, measured",
        test: fastcgi_buffering,
    },
    Entry {
        code: "nginx.gzip",
        component: "nginx",
        versions: "gzip on, with text/event-stream in gzip_types, buffering on",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor],
        what: "compresses buffered data without flushing after each event",
        betrays: "gzip, Server: nginx, the head with the data; random data in 12 to 20 KiB",
        cures: &[
            UNBUFFERED,
            BY_HEADER,
            advice("or take text/event-stream out of gzip_types"),
        ],
        sure: Sure::Measured,
        source: "nginx 1.22.1, measured",
        test: gzip,
    },
    Entry {
        code: "nginx.ignore-headers",
        component: "nginx",
        versions: "with proxy_ignore_headers X-Accel-Buffering",
        by_default: ByDefault::No,
        shows: &[Sign::BatchedSize],
        what: "buffers although the application asks it not to",
        betrays: "the application sends X-Accel-Buffering: no, and blocks remain",
        cures: &[advice("remove X-Accel-Buffering from proxy_ignore_headers")],
        sure: Sure::Issue,
        source: "nginx documentation, proxy_ignore_headers",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "nginx.ingress",
        component: "ingress-nginx",
        versions: "any",
        by_default: ByDefault::Varies,
        shows: &[Sign::BatchedSize, Sign::CutIdle],
        what: "is nginx underneath, with its limit of 60 s of silence",
        betrays: "as nginx",
        cures: &[
            BY_HEADER,
            cure(
                "and raise its limit of silence",
                "nginx.ingress.kubernetes.io/proxy-read-timeout: \"3600\"",
                "annotations of the Ingress",
            ),
        ],
        sure: Sure::Issue,
        source: "ingress-nginx annotations",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "kong.nginx",
        component: "Kong",
        versions: "any",
        by_default: ByDefault::Varies,
        shows: &[Sign::BatchedSize],
        what: "is nginx underneath, and hands on full buffers",
        betrays: "blocks as of nginx, signed by Kong",
        cures: &[cure(
            "let the application ask for unbuffered delivery",
            "X-Accel-Buffering: no",
            "response header of the application",
        )],
        sure: Sure::Issue,
        source: "developer.konghq.com, server-sent events",
        test: kong,
    },
    Entry {
        code: "apisix.nginx",
        component: "APISIX, API7",
        versions: "any",
        by_default: ByDefault::Varies,
        shows: &[Sign::BatchedSize],
        what: "is nginx underneath, and hands on full buffers",
        betrays: "blocks as of nginx, signed by APISIX or API7",
        cures: &[cure(
            "switch buffering off with the plugin proxy-buffering",
            "disable_proxy_buffering: true",
            "the plugins of the route",
        )],
        sure: Sure::Issue,
        source: "docs.api7.ai/hub/proxy-buffering",
        test: apisix,
    },
];

/// The first release whose default towards the upstream is HTTP/1.1.
const FRAMED_BY_DEFAULT: [u32; 3] = [1, 29, 7];

/// nginx, or one of those that are built on it and give its version.
fn is_nginx(clues: &Clues) -> bool {
    ["nginx", "openresty", "tengine"]
        .iter()
        .any(|name| clues.is_signed_by(name))
}

fn version(clues: &Clues) -> Option<[u32; 3]> {
    clues
        .version_of("nginx")
        .or_else(|| clues.version_of("openresty"))
}

/// Full buffers as nginx hands them on: always the same power of two, the first
/// one shorter by the head of the upstream's response.
fn full_buffers(chunks: Chunks) -> Option<String> {
    let Chunks::Constant {
        bytes: size,
        first_shorter: true,
    } = chunks
    else {
        return None;
    };
    let is_buffer = (1024.0..=131_072.0).contains(&size) && (size as u64).is_power_of_two();
    is_buffer.then(|| format!("chunks of {}, the first one shorter", bytes(size)))
}

fn buffers(clues: &Clues) -> Option<String> {
    clues.size().filter(|_| !clues.is_coded())?;
    full_buffers(clues.chunks)
}

fn is_product(clues: &Clues) -> bool {
    signed_by_kong(clues) || signed_by_apisix(clues)
}

fn proxy_buffering(clues: &Clues) -> Option<Case> {
    if is_product(clues) {
        return None;
    }
    let Some(buffers) = buffers(clues) else {
        return shorter_than_a_block(clues);
    };
    if !is_nginx(clues) {
        return Some(
            Case::strong(buffers).and_weak("no mark of nginx, which another hop may have removed"),
        );
    }
    match version(clues) {
        Some(version) if version >= FRAMED_BY_DEFAULT => None,
        // Never surer: the blocks of uwsgi_pass look the same, and only another hop excludes it.
        Some(_) => Some(
            Case::strong(buffers)
                .and_strong("Server: nginx, before 1.29.7")
                .at_most(Medium),
        ),
        None => Some(Case::strong(buffers).and_weak("Server: nginx, version hidden")),
    }
}

/// A stream shorter than a block looks held to the end (causes 2.4.4): behind an nginx that buffers by default
/// that is a hint and no more.
fn shorter_than_a_block(clues: &Clues) -> Option<Case> {
    const BLOCK: u64 = 4096;
    let whole = clues
        .late_head()
        .filter(|whole| whole.held < BLOCK && !clues.is_coded())?;
    let is_old = version(clues).is_some_and(|version| version < FRAMED_BY_DEFAULT);
    let is_held_behind = clues.has_weak_etag() || clues.runtime_is_whole_response();
    (is_nginx(clues) && is_old && clues.is_chunked() && !is_held_behind).then(|| {
        Case::weak(format!(
            "{} in all: less than one of its buffers",
            bytes(whole.held as f64)
        ))
        .and_weak("Server: nginx, before 1.29.7")
    })
}

fn unframed_upstream(clues: &Clues) -> Option<Case> {
    let buffers = buffers(clues).filter(|_| is_nginx(clues) && !is_product(clues))?;
    let is_new = version(clues).is_some_and(|version| version >= FRAMED_BY_DEFAULT);
    is_new.then(|| Case::strong(buffers).and_weak("Server: nginx, 1.29.7 or later"))
}

/// What the heads of FastCGI's records leave of a full buffer.
enum Records {
    /// A record for each event.
    PerEvent,
    /// Records of several thousand bytes: whoever wrote them had gathered events before.
    Large,
}

/// A record takes 8 bytes of head and pads its content to a multiple of 8.
fn records(clues: &Clues) -> Option<Records> {
    const HEAD: f64 = 8.0;
    let event = clues.event_bytes;
    clues.size().filter(|_| event > 0.0 && !clues.is_coded())?;
    let block = match clues.chunks {
        Chunks::Large { bytes } | Chunks::Constant { bytes, .. } => bytes,
        _ => return None,
    };
    let buffer = [4096.0, 8192.0, 16_384.0].into_iter().find(|buffer| {
        block < *buffer && block >= buffer * event / (event + 2.0 * HEAD + 8.0) - 64.0
    })?;
    let lost = buffer - block;
    // One record for each event: so many heads.
    let expected = buffer / (event + HEAD) * HEAD;
    if lost >= 0.75 * expected && lost <= 2.5 * expected {
        Some(Records::PerEvent)
    } else if (HEAD..=4.0 * HEAD).contains(&lost) {
        Some(Records::Large)
    } else {
        None
    }
}

/// What says that the records themselves held many events, in words.
pub(super) fn large_records(clues: &Clues) -> Option<String> {
    matches!(records(clues)?, Records::Large).then(|| {
        "blocks of 4,096 bytes less the heads of one or two FastCGI records: each held many events".into()
    })
}

/// uwsgi_pass has no heads of records: its blocks are those of proxy_pass, and only a mark of Python behind it tells.
fn uwsgi_buffering(clues: &Clues) -> Option<Case> {
    const UWSGI: Cure = cure(
        "where nginx reaches the application by uwsgi_pass",
        "uwsgi_buffering off;",
        PLACE,
    );
    let buffers = buffers(clues).filter(|_| is_nginx(clues) && clues.has_django_marks())?;
    Some(
        Case::strong(buffers)
            .and_weak("headers that Django sets")
            .cured_by(&UWSGI),
    )
}

fn fastcgi_buffering(clues: &Clues) -> Option<Case> {
    let Some(records) = records(clues) else {
        return uwsgi_buffering(clues);
    };
    let seen = match records {
        Records::PerEvent => {
            "blocks of 4,096 bytes less the heads of FastCGI records, one per event"
        }
        Records::Large => "blocks of 4,096 bytes less the heads of FastCGI records",
    };
    if is_nginx(clues) {
        Some(Case::strong(seen).and_weak("Server: nginx"))
    } else if clues.has_proxy_marks() {
        None
    } else {
        clues
            .php_mark()
            .map(|mark| Case::strong(seen).and_weak(mark))
    }
}

/// Whoever compresses behind nginx sends its preamble at once; nginx sends head and data together.
fn gzip(clues: &Clues) -> Option<Case> {
    let case = clues
        .compressor()
        .filter(|_| is_nginx(clues) && clues.header("via").is_none())?;
    if clues.begins_with_preamble {
        return None;
    }
    let case = case.and_weak("Server: nginx, the head came with the data");
    let blocks = clues.uncompressed.and_then(full_buffers);
    if let Some(blocks) = blocks {
        return Some(case.and_strong(format!("without Accept-Encoding: {blocks}")));
    }
    // The application behind may compress by itself, and says so here.
    let is_marked = clues.header("x-powered-by").is_some()
        || clues.has_ruby_marks()
        || clues.has_django_marks()
        || clues.varies();
    Some(if is_marked { case.at_most(Low) } else { case })
}

fn signed_by_kong(clues: &Clues) -> bool {
    clues.is_signed_by("kong") || clues.mentions("via", "kong")
}

fn signed_by_apisix(clues: &Clues) -> bool {
    clues.is_signed_by("apisix") || clues.is_signed_by("api7")
}

fn kong(clues: &Clues) -> Option<Case> {
    let buffers = buffers(clues).filter(|_| signed_by_kong(clues))?;
    Some(Case::strong(buffers).and_weak("signed by Kong"))
}

fn apisix(clues: &Clues) -> Option<Case> {
    let buffers = buffers(clues).filter(|_| signed_by_apisix(clues))?;
    Some(Case::strong(buffers).and_weak("signed by APISIX"))
}
