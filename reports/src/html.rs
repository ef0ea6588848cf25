//! The page of a record: one HTML file that fetches nothing and reads without a script.
//!
//! Pure, and the same bytes for the same record. It must not take a text of a server but through
//! `text`, which cleans it; maud escapes what comes out of that.

mod banner;
mod capacity;
mod cards;
mod columns;
mod diff;
mod document;
mod downloads;
mod drip;
mod fanout;
mod figure;
mod header;
mod heat;
mod hops;
mod limits;
mod matrix;
mod parts;
mod percentiles;
mod requests;
mod servers;
mod streams;
mod svg;
mod tables;
mod tiles;
mod trust;

use maud::html;
use run_record::record::{Kind, RunRecord};

pub use diff::diff_page;
use document::document;
pub use matrix::matrix_page;

/// Instead of the pictures that take many connections.
const FEW: &str = "A check follows a few streams closely. When it was slow, whether connections stay, and whether each event reaches everybody at once is drawn of a run: loadgen run URL -c 100 --for 30s.";

/// The page of a run or a check, as one self-contained document.
///
/// Shape: in the order of a reader's questions: outcome, figures, limits, cure, pictures, tables, data,
/// words. Nothing is fetched, and a policy with the hashes of its one style and its one script allows nothing else.
/// Without the script it is complete.
pub fn page(record: &RunRecord) -> String {
    let total = record.total();
    let body = html! {
        (header::header(record))
        (banner::banner(record, &total))
        (tiles::tiles(record, &total))
        (capacity::picture(record))
        (limits::limits(record))
        (hops::section(record))
        (cards::causes(record))
        (cards::findings(record))
        (drip::picture(record, &total))
        (percentiles::picture(record, &total))
        @if record.kind == Kind::Run {
            (heat::picture(record))
            (streams::picture(record))
            (fanout::picture(record, &total))
        } @else {
            (parts::empty("crowd", "Over time and over many clients", FEW))
        }
        (trust::trust(record, &total))
        (servers::section_of(record))
        (drip::groups(record, &total))
        (requests::requests(record))
        (requests::headers(record))
        (tables::metrics(&total))
        (tables::worst(record))
        (tables::errors(record))
        (tables::ends(&total))
        (downloads::downloads(record))
        (tables::glossary(&total))
    };
    document(&record.plan.url, &body)
}
