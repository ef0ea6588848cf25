//! PHP's own output buffer, whoever is in front.

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, cure, nginx};
use crate::chunks::Chunks;
use crate::text::bytes;
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[Entry {
    code: "php.output-buffering",
    component: "PHP",
    versions: "8.2 with output_buffering = 4096, as Debian ships it",
    by_default: ByDefault::Yes,
    shows: &[Sign::BatchedSize],
    what: "flush() does not empty PHP's own buffer of 4,096 bytes",
    betrays: "blocks of 4,096 bytes rounded up to whole events; with mod_php the head early",
    cures: &[
        cure(
            "end PHP's own buffering at the start of the script",
            "while (ob_get_level()) ob_end_flush();",
            "the PHP script, before the first echo",
        ),
        cure("or switch it off", "output_buffering = Off", "php.ini"),
    ],
    sure: Sure::Measured,
    source: "PHP 8.2 with nginx and Apache, measured",
    test: output_buffering,
}];

const BUFFER: f64 = 4096.0;

fn output_buffering(clues: &Clues) -> Option<Case> {
    let mark = clues.php_mark()?;
    let size = clues.size()?;
    // Behind FastCGI, what nginx hands on says how large the records were: few large ones are PHP's buffer.
    if clues.is_signed_by("nginx") || clues.is_anonymous() {
        if let Some(records) = nginx::large_records(clues) {
            return Some(Case::strong(records).and_weak(mark));
        }
        if clues.is_signed_by("nginx") {
            return None;
        }
    }
    let block = match clues.chunks {
        Chunks::Constant { bytes, .. } | Chunks::Large { bytes } => bytes,
        Chunks::PerEvent | Chunks::Small | Chunks::Unknown => return None,
    };
    // Whole events until the buffer is full: never less than the buffer, never more than an event above it.
    let rounded = BUFFER..=BUFFER + clues.event_bytes.max(1.0) * 1.5;
    (rounded.contains(&block) && size.high >= 0.9 * BUFFER).then(|| {
        Case::strong(format!(
            "chunks of about {}: 4,096 rounded up to whole events, held above whoever wrote the chunks",
            bytes(block)
        ))
        .and_weak(mark)
    })
}
