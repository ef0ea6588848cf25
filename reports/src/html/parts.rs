//! What pages are made of: sections, tables, texts to copy.
//!
//! Cells are markup: foreign text in them went through `text`.

use maud::{Markup, html};

use crate::sanitise::{sanitise, sanitise_up_to};

/// The most characters of a line that is to be copied.
const MAX_COPIED: usize = 2_000;

/// A text that may be foreign: cleaned, and apart from the direction of the line it stands in.
pub(super) fn text(foreign: &str) -> Markup {
    html! { bdi { (sanitise(foreign)) } }
}

/// Lines that may be foreign and belong together, such as those of a configuration: the lines stay apart, all else is
/// made visible.
pub(super) fn lines(foreign: &str) -> Markup {
    html! {
        @for (index, line) in foreign.lines().enumerate() {
            @if index > 0 { "\n" }
            bdi { (sanitise_up_to(line, MAX_COPIED)) }
        }
    }
}

/// A section of the page under a heading that states what is found in it.
pub(super) fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! { section aria-labelledby=(id) { h2 id=(id) { (title) } (body) } }
}

/// A section whose picture or table has nothing to show: one sentence says why, and what would give it.
pub(super) fn empty(id: &str, title: &str, why: &str) -> Markup {
    section(id, title, &html! { p class="empty" { (why) } })
}

/// Text to be copied whole: a command or lines of configuration. The button is the script's.
pub(super) fn copyable(foreign: &str) -> Markup {
    html! {
        div class="copyable" {
            pre { code { (lines(foreign)) } }
            button class="copy" type="button" hidden { "copy" }
        }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Head {
    /// Of words, to the left.
    Words(&'static str),
    /// Of numbers, to the right.
    Number(&'static str),
}

impl Head {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Words(name) | Self::Number(name) => name,
        }
    }

    pub(super) fn class(self) -> Option<&'static str> {
        matches!(self, Self::Number(_)).then_some("n")
    }
}

/// A cell: what stands in it, and whether it tells of something that failed.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    what: Markup,
    failed: bool,
}

impl Cell {
    pub(super) fn of(what: Markup) -> Self {
        Self {
            what,
            failed: false,
        }
    }

    /// A text of our own.
    pub(super) fn own(what: &str) -> Self {
        Self::of(html! { (what) })
    }

    pub(super) fn failed(what: Markup) -> Self {
        Self { what, failed: true }
    }
}

/// A table that becomes a list of cards where the screen is narrow.
///
/// Roles are spelled out, because a browser drops those of a table that is not shown as one.
pub(super) fn table(heads: &[Head], rows: &[Vec<Cell>]) -> Markup {
    html! {
        div class="scroll" {
            table class="stack" role="table" {
                thead role="rowgroup" {
                    tr role="row" {
                        @for head in heads { th scope="col" role="columnheader" class=[head.class()] { (head.name()) } }
                    }
                }
                tbody role="rowgroup" {
                    @for row in rows {
                        tr role="row" {
                            @for (head, cell) in heads.iter().zip(row) {
                                td role="cell" data-h=(head.name()) class=[class(*head, cell)] { span { (cell.what) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn class(head: Head, cell: &Cell) -> Option<&'static str> {
    match (head, cell.failed) {
        (_, true) => Some("missed"),
        (head, false) => head.class(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_configuration_stay_apart_and_foreign_text_stays_text() {
        let shown = copyable("gzip off;\n</code><script>").into_string();
        assert!(shown.contains("<bdi>gzip off;</bdi>\n<bdi>&lt;/code&gt;&lt;script&gt;</bdi>"));
    }
}
