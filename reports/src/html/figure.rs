//! A picture with what makes it readable for everybody: title, caption, keyboard, and its data as a table.
//!
//! The script reads out the rows of that table, so what is heard, what is pointed at and what is printed are one text.
//! It must not know what is drawn.

use maud::{Markup, html};

use super::parts::Head;
use super::svg::WIDTH;

/// A picture and the data it shows.
pub(super) struct Figure<'a> {
    /// Unique on the page.
    pub(super) id: &'a str,
    /// What the picture shows, for those who do not see it; one sentence that holds the finding.
    pub(super) label: &'a str,
    /// Height of the drawing; its width is always [`WIDTH`].
    pub(super) height: f64,
    /// What is drawn: the children of the `svg`.
    pub(super) drawing: Markup,
    /// How the picture is read.
    pub(super) caption: Markup,
    /// What a row of the table says.
    pub(super) heads: &'a [Head],
    /// The data, from left to right.
    pub(super) marks: Vec<Mark>,
}

/// One place of a picture that can be pointed at.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Where it is, from left, in units of the drawing.
    pub(super) x: f64,
    /// Its values, one for each head; texts of our own.
    pub(super) cells: Vec<String>,
}

impl Figure<'_> {
    /// The picture; `name` is the id of the heading that names it.
    pub(super) fn render(&self, name: &str) -> Markup {
        html! {
            figure id=(self.id) {
                div class="plot" tabindex="0" role="group" aria-labelledby=(name) aria-describedby=(format!("{}-how", self.id)) {
                    svg viewBox=(format!("0 0 {WIDTH:.0} {:.0}", self.height)) role="img" aria-label=(self.label) {
                        (self.drawing)
                        path class="cursor" d="" {}
                    }
                }
                output aria-live="polite" {}
                figcaption id=(format!("{}-how", self.id)) { (self.caption) }
                details {
                    summary { "The same as a table" }
                    div class="scroll" {
                        table {
                            thead { tr { @for head in self.heads { th scope="col" class=[head.class()] { (head.name()) } } } }
                            tbody {
                                @for mark in &self.marks {
                                    tr data-x=(format!("{:.1}", mark.x)) {
                                        @for (head, cell) in self.heads.iter().zip(&mark.cells) { td class=[head.class()] { (cell) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
