//! How a terminal can be written to: width, colour, characters.
//!
//! Colour is never the only cue, and every symbol has a form in ASCII.

use run_record::verdict::Charset;
use unicode_width::UnicodeWidthStr;

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Write colours.
    pub colour: bool,
    /// Write no character beyond ASCII.
    pub ascii: bool,
    /// Columns; no line is wider. At least [`MIN_WIDTH`].
    pub width: usize,
}

/// The narrowest terminal that is written for.
pub const MIN_WIDTH: usize = 60;

impl Default for Style {
    /// 80 columns, no colour, all characters.
    fn default() -> Self {
        Self {
            colour: false,
            ascii: false,
            width: 80,
        }
    }
}

/// What a piece of text means; shown in colour where there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Well.
    Good,
    /// To be looked at.
    Warn,
    /// Not well.
    Bad,
    /// The most important.
    Strong,
    /// Beside the point.
    Faint,
}

impl Style {
    /// Which characters can be shown.
    pub fn charset(&self) -> Charset {
        if self.ascii {
            Charset::Ascii
        } else {
            Charset::Unicode
        }
    }

    /// The first text, or the second where only ASCII can be shown.
    pub fn symbol(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// What stands between two facts of one line.
    pub fn dot(&self) -> &'static str {
        self.symbol(" · ", " - ")
    }

    /// A text in the colour of its tone. It takes no more columns than without.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Strong => "1",
            Tone::Faint => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// A text cut to so many columns, with a sign that it was; it must hold no colour yet.
    pub fn cut(&self, text: &str, columns: usize) -> String {
        let text = self.characters(text);
        if text.width() <= columns {
            return text;
        }
        let sign = self.symbol("…", "...");
        let Some(room) = columns.checked_sub(sign.width()) else {
            return ".".repeat(columns);
        };
        // The width of a text is not the sum of its characters': the longest start that fits.
        let ends = text.char_indices().map(|(end, _)| end);
        let end = ends
            .take_while(|&end| text[..end].width() <= room)
            .last()
            .unwrap_or(0);
        format!("{}{sign}", &text[..end])
    }

    /// The text with what an ASCII terminal cannot show replaced, column by column.
    fn characters(&self, text: &str) -> String {
        if !self.ascii {
            return text.to_owned();
        }
        text.chars()
            .map(|character| if character.is_ascii() { character } else { '?' })
            .collect()
    }
}

/// A text filled up with spaces on its right; by columns, not characters.
pub fn pad_right(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// A text filled up with spaces on its left; by columns, not characters.
pub fn pad_left(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_are_counted_not_characters() {
        assert_eq!(pad_left("東京", 6), "  東京");
        assert_eq!(Style::default().cut("東京に雨が降る", 7), "東京に…");
        let ascii = Style {
            ascii: true,
            ..Style::default()
        };
        assert_eq!(ascii.cut("Zürich is rainy", 9), "Z?rich...");
    }

    #[test]
    fn colour_is_only_written_where_it_is_wanted() {
        let colour = Style {
            colour: true,
            ..Style::default()
        };
        assert_eq!(colour.paint(Tone::Bad, "no"), "\x1b[31mno\x1b[0m");
        assert_eq!(Style::default().paint(Tone::Bad, "no"), "no");
    }

    proptest! {
        #[test]
        fn a_cut_text_fits(text in "\\PC{0,80}", columns in 0_usize..60, ascii: bool) {
            let style = Style { ascii, ..Style::default() };
            let cut = style.cut(&text, columns);
            prop_assert!(cut.width() <= columns, "{cut:?}");
            prop_assert!(!ascii || cut.is_ascii());
        }
    }
}
