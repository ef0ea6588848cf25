//! Caddy: its compressor before it flushed.

use run_record::verdict::Confidence::Low;

use super::clues::{Clues, Shape};
use super::{ByDefault, Case, Entry, Sure, advice};
use crate::text::ms;
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[Entry {
    code: "caddy.encode",
    component: "Caddy",
    versions: "2.6.2 with encode; 2.11.7 is live",
    by_default: ByDefault::No,
    shows: &[Sign::HoldCompressor],
    what: "compresses without flushing after each event, once a write reaches 512 bytes",
    betrays: "64 KiB of plain text at a time; events below 512 bytes live and not compressed; chunks of 2,048 bytes",
    cures: &[advice(
        "upgrade to 2.11.7 or later, or keep encode off the stream's route",
    )],
    sure: Sure::Measured,
    source: "caddyserver/caddy#6293, #6471, #7905",
    test: encode,
}];

/// From the releases that flush on, Caddy signs in `Via` and not in `Server`.
fn encode(clues: &Clues) -> Option<Case> {
    let case = clues
        .compressor()
        .filter(|_| clues.is_signed_by("caddy") && !clues.mentions("via", "caddy"))?;
    let case = match clues.shape {
        Shape::Size(grouped) | Shape::Irregular(grouped) | Shape::Either(grouped) => {
            case.and_weak(format!("held up to {}", ms(grouped.ms.high)))
        }
        _ => case,
    };
    let case = case.and_weak("Server: Caddy");
    let is_of_application = clues.header("x-powered-by").is_some() || clues.has_ruby_marks();
    Some(if is_of_application {
        case.at_most(Low)
    } else {
        case
    })
}
