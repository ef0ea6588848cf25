//! Application servers whose own output buffers hold: JVM, Go, Python.

use run_record::verdict::Confidence::{Low, Medium};

use super::clues::Clues;
use super::{Cure, Entry, Fit, Sure};
use crate::chunks::Chunks;
use crate::text::bytes;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "tomcat.output-buffer",
        component: "Tomcat",
        versions: "10.1.60 without a flush",
        what: "gathers 8,192 bytes before it sends",
        cure: Cure {
            text: "flush after each event",
            config: "response.flushBuffer();",
            place: "the servlet, after each event",
        },
        sure: Sure::Measured,
        source: "Tomcat 10.1.60, measured; spring-framework#30912",
        test: tomcat,
    },
    Entry {
        code: "go.no-flush",
        component: "Go net/http",
        versions: "any handler that does not flush, or a wrapper that hides Flusher",
        what: "gathers 2,048 bytes before it writes a chunk",
        cure: Cure {
            text: "flush after each event",
            config: "http.NewResponseController(w).Flush()",
            place: "the handler, after each event",
        },
        sure: Sure::Source,
        source: "Go net/http, bufferBeforeChunkingSize",
        test: go,
    },
    Entry {
        code: "django.sync-generator-asgi",
        component: "Django",
        versions: "5.2.19 under ASGI with a sync iterator",
        what: "collects a synchronous iterator before it sends any of it",
        cure: Cure {
            text: "give the response an asynchronous iterator",
            config: "async def stream(): ... yield ...",
            place: "the view",
        },
        sure: Sure::Measured,
        source: "Django 5.2.19 on uvicorn, measured",
        test: django,
    },
];

fn constant_chunks(clues: &Clues, size: f64) -> bool {
    matches!(clues.chunks, Chunks::Constant { bytes, .. } if bytes == size)
        && clues.size().is_some()
}

/// nginx with 8 KiB pages makes a shorter first chunk, Tomcat does not.
fn tomcat(clues: &Clues) -> Option<Fit> {
    let is_nginx = clues.is_signed_by("nginx")
        || matches!(
            clues.chunks,
            Chunks::Constant {
                first_shorter: true,
                ..
            }
        );
    (constant_chunks(clues, 8192.0) && !is_nginx)
        .then(|| Fit::new(Low, [format!("chunks of {}", bytes(8192.0))]))
}

fn go(clues: &Clues) -> Option<Fit> {
    let is_first_shorter = matches!(
        clues.chunks,
        Chunks::Constant {
            first_shorter: true,
            ..
        }
    );
    (constant_chunks(clues, 2048.0) && !clues.is_signed_by("nginx") && !is_first_shorter)
        .then(|| Fit::new(Medium, [format!("chunks of {}", bytes(2048.0))]))
}

fn django(clues: &Clues) -> Option<Fit> {
    let whole = clues
        .whole()
        .filter(|whole| whole.head_was_early() && !whole.has_length)?;
    let is_asgi = ["uvicorn", "daphne", "hypercorn"]
        .iter()
        .any(|name| clues.is_signed_by(name));
    let fits = is_asgi && clues.chunks == Chunks::PerEvent && clues.head.content_coding().is_none();
    fits.then(|| {
        let early = format!(
            "the head came early, {} in one chunk each at the end",
            whole.events
        );
        Fit::new(Medium, [early, "signed by an ASGI server".into()])
    })
}
