//! HAProxy, and the corked socket that it shares with others.

use run_record::verdict::Confidence::{Low, Medium};

use super::clues::{Clues, Shape};
use super::{Cure, Entry, Fit, Sure};
use crate::signature::Grouped;
use crate::text::ms;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "haproxy.msg-more",
        component: "HAProxy",
        versions: "2.6.12, 3.0.11, plain HTTP/1.1 with a chunked origin",
        what: "tells the kernel that more will follow: it releases after 200 ms or one full segment",
        cure: Cure {
            text: "send each chunk at once, on the frontend or backend of the stream only",
            config: "option http-no-delay",
            place: "haproxy frontend or backend section",
        },
        sure: Sure::Measured,
        source: "HAProxy configuration.txt, http-no-delay",
        test: msg_more,
    },
    Entry {
        code: "haproxy.gzip-lag",
        component: "HAProxy",
        versions: "with compression algo gzip",
        what: "completes each compressed event with the next one",
        cure: Cure {
            text: "tell compressors to leave the stream alone",
            config: "Cache-Control: no-transform",
            place: "response header of the application",
        },
        sure: Sure::Measured,
        source: "HAProxy configuration.txt, compression",
        test: gzip_lag,
    },
    Entry {
        code: "tcp.cork",
        component: "TCP_CORK or MSG_MORE",
        versions: "any server on Linux",
        what: "the kernel holds data of a corked socket for 200 ms or until a segment is full",
        cure: Cure {
            text: "uncork the socket, or send without MSG_MORE, after each event",
            config: "",
            place: "",
        },
        sure: Sure::Measured,
        source: "a plain server with TCP_CORK, measured p50 203 ms",
        test: cork,
    },
];

/// "held for 204 ms", or how far apart the releases were where no wait is known.
pub(super) fn held(grouped: &Grouped) -> String {
    if grouped.is_wait {
        format!("held for {}", ms(grouped.ms.value))
    } else {
        format!("released every {}", ms(grouped.interval))
    }
}

/// Whether a hold is the kernel's limit for corked data: 200 ms, one gap later
/// where only the distance of releases is known.
pub(super) fn is_cork(grouped: &Grouped) -> bool {
    let (low, high) = if grouped.is_wait {
        (grouped.ms.value, grouped.ms.value)
    } else {
        (grouped.interval - grouped.gap, grouped.interval)
    };
    low <= 225.0 && high >= 195.0 && high - low <= 210.0
}

fn msg_more(clues: &Clues) -> Option<Fit> {
    let grouped = clues.time().filter(|grouped| is_cork(grouped))?;
    let chunks = clues.chunks.held_below()?;
    let seen = format!(
        "{}, {chunks}: the kernel's limit for a corked socket",
        held(grouped)
    );
    if clues.has_lower_case_names() {
        Some(Fit::new(
            Medium,
            [seen, "all header names in lower case".into()],
        ))
    } else if grouped.is_wait {
        // HAProxy leaves no mark: it stands behind every other one.
        Some(Fit::new(Low, [seen, "HAProxy would leave no mark".into()]))
    } else {
        None
    }
}

fn gzip_lag(clues: &Clues) -> Option<Fit> {
    let Shape::Behind(behind) = clues.shape else {
        return None;
    };
    let is_coded = clues.head.content_coding().is_some();
    is_coded.then(|| {
        let seen = format!(
            "each event {} late: one behind, and compressed",
            ms(behind.wait)
        );
        let confidence = if clues.has_lower_case_names() {
            Medium
        } else {
            Low
        };
        Fit::new(confidence, [seen])
    })
}

fn cork(clues: &Clues) -> Option<Fit> {
    // Without send times and without a mark, 200 ms are as likely the rhythm of the source.
    let grouped = clues
        .time()
        .filter(|grouped| grouped.is_wait && is_cork(grouped))?;
    let is_marked =
        clues.has_ruby_marks() || clues.has_proxy_marks() || clues.has_lower_case_names();
    (!is_marked).then(|| {
        let seen = format!("{}: the kernel's limit for a corked socket", held(grouped));
        Fit::new(Medium, [seen, "no mark of Puma or HAProxy".into()])
    })
}
