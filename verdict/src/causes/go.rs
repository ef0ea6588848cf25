//! Go's net/http, and proxies that are built on it.

use run_record::verdict::Confidence::Low;

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, cure, transport};
use crate::chunks::Chunks;
use crate::observations::{Format, Version};
use crate::text::bytes;
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "go.no-flush",
        component: "Go net/http",
        versions: "any handler that does not flush, or a wrapper that hides Flusher",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize],
        what: "gathers 2,048 bytes before it writes a chunk, 4,096 over HTTP/2",
        betrays: "chunks of 2,048 bytes, the first one too",
        cures: &[cure(
            "flush after each event",
            "http.NewResponseController(w).Flush()",
            "the handler, after each event",
        )],
        sure: Sure::Source,
        source: "Go net/http, bufferBeforeChunkingSize; corazawaf/coraza-caddy#263, php/frankenphp#86",
        test: no_flush,
    },
    Entry {
        code: "go.reverseproxy",
        component: "Go httputil.ReverseProxy",
        versions: "for types other than event streams and responses of known length",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize],
        what: "gathers 2,048 to 4,096 bytes before it hands them on",
        betrays: "chunks of 2,048 bytes of a type that is no event stream",
        cures: &[cure(
            "flush after each write",
            "proxy.FlushInterval = -1",
            "where the proxy is made",
        )],
        sure: Sure::Source,
        source: "golang/go#27816, #41642",
        test: reverse_proxy,
    },
    Entry {
        code: "fabio.flush",
        component: "fabio",
        versions: "requests without Accept: text/event-stream",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedTime],
        what: "flushes what it hands on once a second",
        betrays: "releases 1 s apart; live with Accept: text/event-stream",
        cures: &[cure(
            "say what is wanted",
            "Accept: text/event-stream",
            "request header of the client",
        )],
        sure: Sure::Issue,
        source: "fabiolb.net/feature/sse",
        test: fabio,
    },
];

/// The first chunk is as full as all others: nginx's is shorter.
fn go_chunks(clues: &Clues) -> Option<String> {
    let Chunks::Constant {
        bytes: block,
        first_shorter: false,
    } = clues.chunks
    else {
        return None;
    };
    let size = if clues.version() == Version::Http2 {
        4096.0
    } else {
        2048.0
    };
    let is_other = clues.is_signed_by("nginx") || clues.is_coded();
    clues.size().filter(|_| block == size && !is_other)?;
    Some(format!("chunks of {}, the first one too", bytes(block)))
}

fn no_flush(clues: &Clues) -> Option<Case> {
    go_chunks(clues).map(Case::strong)
}

fn reverse_proxy(clues: &Clues) -> Option<Case> {
    let chunks = go_chunks(clues).filter(|_| clues.format != Format::Sse)?;
    Some(
        Case::weak(chunks)
            .and_weak("no event stream by its type")
            .at_most(Low),
    )
}

/// With the header that a browser sends fabio is live.
fn fabio(clues: &Clues) -> Option<Case> {
    let grouped = clues
        .time()
        .filter(|_| clues.format != Format::Sse && clues.header("server").is_none())?;
    transport::lasts_about(grouped, 1_000.0)
        .then(|| Case::weak(transport::held(grouped)).at_most(Low))
}
