//! Lines of coloured pieces that never grow wider than the terminal.

use run_record::verdict::Confidence;
use unicode_width::UnicodeWidthStr;

use crate::sanitise::sanitise;
use crate::style::{Style, Tone};

/// One line, piece by piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pieces: Vec<(Option<Tone>, String)>,
}

impl Line {
    /// A line that begins with a text.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self::default().then(text)
    }

    /// The same line with a further text.
    pub(super) fn then(mut self, text: impl Into<String>) -> Self {
        self.pieces.push((None, text.into()));
        self
    }

    /// The same line with a further text in a tone.
    pub(super) fn toned(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.pieces.push((Some(tone), text.into()));
        self
    }

    /// The same line with spaces up to a column, at least one.
    pub(super) fn up_to(self, column: usize) -> Self {
        let missing = column.saturating_sub(self.columns()).max(1);
        self.then(" ".repeat(missing))
    }

    /// How many columns it takes.
    pub(super) fn columns(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.width()).sum()
    }

    /// The line for a terminal, cut to its width, without spaces at its end.
    pub(super) fn render(&self, style: &Style) -> String {
        let mut room = style.width;
        let mut rendered = String::new();
        let last = self.pieces.len().saturating_sub(1);
        for (index, (tone, text)) in self.pieces.iter().enumerate() {
            let text = if index == last { text.trim_end() } else { text };
            // A piece that leaves no room for the next ones carries the sign that they are missing.
            let is_cut = text.width() > room || (text.width() == room && index < last);
            let shown = if is_cut {
                style.cut(&format!("{text}  "), room)
            } else {
                style.cut(text, room)
            };
            rendered += &tone.map_or_else(|| shown.clone(), |tone| style.paint(tone, &shown));
            room = room.saturating_sub(shown.width());
            if is_cut {
                break;
            }
        }
        rendered
    }
}

/// Facts one after the other, on as many lines as they need; each further line is indented.
pub(super) fn wrap(style: &Style, first: Line, indent: usize, facts: Vec<Line>) -> Vec<Line> {
    let mut lines = vec![first];
    let mut begins = true;
    for fact in facts {
        let separator = if begins { "" } else { style.dot() };
        let line = lines
            .last_mut()
            .expect("begins with one line and only grows");
        let columns = line.columns() + separator.width() + fact.columns();
        let mut pieces = fact.pieces;
        if columns <= style.width || begins {
            line.pieces.push((None, separator.to_owned()));
            line.pieces.append(&mut pieces);
        } else {
            let mut next = Line::new(" ".repeat(indent));
            next.pieces.append(&mut pieces);
            lines.push(next);
        }
        begins = false;
    }
    lines
}

/// A sentence on as many lines as it needs, none longer than so many columns unless a single word
/// is: what to do stands at its end and must not be cut off.
pub(super) fn words(sentence: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        let line = lines
            .last_mut()
            .expect("begins with one line and only grows");
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= columns {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A sentence of foreign text, made harmless, wrapped and indented.
pub(super) fn sentence(text: &str, indent: usize, style: &Style) -> Vec<Line> {
    let room = style.width.saturating_sub(indent);
    words(&sanitise(text), room)
        .into_iter()
        .map(|line| Line::new(" ".repeat(indent)).then(line))
        .collect()
}

/// How sure something is, as a word.
pub(super) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}
