//! The page of a record: one HTML file that fetches nothing and reads without a script.
//!
//! Pure, and the same bytes for the same record. It must not take a text of a server but through
//! `text`, which cleans it; maud escapes what comes out of that.

mod banner;
mod drip;
mod percentiles;
mod streams;
mod svg;
mod tables;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use run_record::record::RunRecord;
use sha2::{Digest as _, Sha256};

use crate::number;
use crate::sanitise::sanitise;

const STYLE: &str = include_str!("html/style.css");

/// The page of a run or a check, as one self-contained document.
///
/// Shape: in the order of a reader's questions: outcome, figures, limits, cure, pictures, tables,
/// words. Nothing is fetched, and a policy with the hash of its one style allows nothing else.
pub fn page(record: &RunRecord) -> String {
    let total = record.total();
    let body = html! {
        (header(record))
        (banner::outcome(record, &total))
        (tables::tiles(record, &total))
        (tables::limits(record))
        (banner::cures(record))
        (drip::picture(record, &total))
        (percentiles::picture(&total))
        (streams::picture(record))
        (tables::metrics(&total))
        (tables::errors(record))
        (tables::worst(record))
        (tables::self_check(record))
        (tables::glossary(&total))
    };
    document(record, &body)
}

fn document(record: &RunRecord, body: &Markup) -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "streamgauge: " (sanitise(&record.plan.url)) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

/// What was tested, when and with what.
fn header(record: &RunRecord) -> Markup {
    let ran = record.ended.epoch_us - record.started.epoch_us;
    html! {
        header {
            h1 { (text(&record.plan.url)) }
            p {
                (text(&record.plan.method)) " · " (text(&record.started.utc)) " · "
                (number::time(ran)) " · " (number::count(record.plan.connections)) " connections asked for"
            }
            @for machine in &record.environments {
                p {
                    (text(&machine.tool)) " · " (text(&machine.os)) " · " (text(&machine.kernel))
                    " · " (machine.cores) " cores · " (number::bytes(machine.memory_bytes)) " of memory"
                }
            }
        }
    }
}

/// A text that may be foreign: cleaned, and apart from the direction of the line it stands in.
fn text(foreign: &str) -> Markup {
    html! { bdi { (sanitise(foreign)) } }
}
