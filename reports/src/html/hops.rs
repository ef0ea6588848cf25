//! Hops side by side: what comes out of each, which one holds the stream back, what each adds and changes.

use maud::{Markup, html};
use run_record::hops::{Change, HeaderChange, HopRecord, Standing};
use run_record::record::RunRecord;
use run_record::verdict::Charset;

use super::parts::text;
use crate::number;

/// One row for each hop, origin first; nothing with one URL.
pub(super) fn section(record: &RunRecord) -> Markup {
    html! {
        @if !record.hops.is_empty() {
            section aria-labelledby="hops" {
                h2 id="hops" { "Hops, from the origin outwards" }
                div class="scroll" tabindex="0" role="group" aria-labelledby="hops" { table {
                    thead { tr {
                        th scope="col" { "hop" }
                        th scope="col" { "verdict" }
                        th scope="col" { "its part" }
                        th scope="col" class="n" { "adds, p50 and max" }
                        th scope="col" { "headers changed" }
                    } }
                    tbody { @for hop in &record.hops { (row(hop)) } }
                } }
            }
        }
    }
}

fn row(hop: &HopRecord) -> Markup {
    let word = hop.verdict.word;
    html! {
        tr {
            th scope="row" { (text(&hop.name)) br; small { (text(&hop.url)) } }
            td { (word.symbol(Charset::Unicode)) " " (word.label()) br; small { (text(&hop.verdict.gloss)) } }
            td { (part(hop.standing)) }
            td class="n" {
                @if let Some(added) = hop.added {
                    (number::time(added.p50_us)) ", " (number::time(added.max_us))
                } @else { "-" }
            }
            td { @for change in &hop.headers_changed { (header(change)) br; } }
        }
    }
}

fn header(change: &HeaderChange) -> Markup {
    let after = change.after.as_deref().unwrap_or_default();
    html! {
        (text(&change.name)) " "
        @match change.change {
            Change::Added => { "added: " (text(after)) },
            Change::Removed => "removed",
            Change::Changed => { (text(change.before.as_deref().unwrap_or_default())) " → " (text(after)) },
            Change::ReChunked => "re-chunked",
        }
    }
}

fn part(standing: Standing) -> &'static str {
    match standing {
        Standing::Passes => "hands it on",
        Standing::HoldsBack => "the first that holds it back",
        Standing::Worsens => "makes it worse",
        Standing::Behind => "behind a bad one: not judged",
        Standing::Unknown => "cannot be told",
    }
}
