//! Apache httpd, and PHP behind any server.

use run_record::verdict::Confidence::Medium;

use super::clues::Clues;
use super::{Cure, Entry, Fit, Sure};
use crate::chunks::Chunks;
use crate::text::bytes;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "apache.proxy-fcgi",
        component: "Apache mod_proxy_fcgi",
        versions: "2.4.68, 2.4.71 with PHP-FPM",
        what: "gathers about 4 KB of a FastCGI response before it sends",
        cure: Cure {
            text: "flush each packet",
            config: "flushpackets=on",
            place: "the ProxyPass line, or ProxySet in its Proxy section",
        },
        sure: Sure::Measured,
        source: "mod_proxy_fcgi manual; nextcloud/all-in-one 1acdfe0",
        test: proxy_fcgi,
    },
    Entry {
        code: "php.output-buffering",
        component: "PHP",
        versions: "8.2 with output_buffering = 4096, as Debian ships it",
        what: "flush() does not empty PHP's own buffer of 4,096 bytes",
        cure: Cure {
            text: "end PHP's own buffering at the start of the script",
            config: "while (ob_get_level()) ob_end_flush();",
            place: "the PHP script, before the first echo",
        },
        sure: Sure::Measured,
        source: "PHP 8.2 with nginx and Apache, measured",
        test: php,
    },
];

fn is_4_kib(clues: &Clues) -> bool {
    // 4,096 rounded up to whole events, or a little less where a record's head counts.
    clues
        .size()
        .is_some_and(|size| size.low <= 4_200.0 && size.high >= 3_900.0)
}

fn proxy_fcgi(clues: &Clues) -> Option<Fit> {
    let size = clues
        .size()
        .filter(|_| is_4_kib(clues) && clues.is_signed_by("apache"))?;
    (clues.chunks == Chunks::PerEvent).then(|| {
        let seen = format!(
            "one chunk per event, released in blocks of {}",
            bytes(size.high)
        );
        Fit::new(Medium, [seen, "Server: Apache".into()])
    })
}

fn php(clues: &Clues) -> Option<Fit> {
    let size = clues
        .size()
        .filter(|_| is_4_kib(clues) && clues.mentions("x-powered-by", "php"))?;
    let is_above = matches!(clues.chunks, Chunks::Constant { .. } | Chunks::Large { .. });
    is_above.then(|| {
        let seen = format!(
            "chunks of about {}: held above whoever wrote the chunks",
            bytes(size.high)
        );
        Fit::new(Medium, [seen, "X-Powered-By: PHP".into()])
    })
}
