//! The one sanitiser: hostile text becomes visible, printable and short.
//!
//! Everything that comes from a server or from a command line passes here before any sink: header
//! values, status texts, event fields, error texts, URLs. Each sink then encodes what it gets.

use std::fmt::Write as _;

use run_record::text::with_separators;
use unicode_width::UnicodeWidthChar;

/// The most characters of a foreign text that are shown.
pub const MAX_CHARS: usize = 200;

/// A text that can stand in one line of any sink: every character of it is visible and takes its
/// place, none moves the cursor, reverses the line or hides.
///
/// Control characters become `\x1b` or `\n`, characters without a width of their own (direction
/// marks, joiners, combining marks, fillers) and noncharacters `\u{202e}`. Beyond [`MAX_CHARS`]
/// characters the text is cut, and its true length told.
pub fn sanitise(text: &str) -> String {
    sanitise_up_to(text, MAX_CHARS)
}

/// The same with another bound: for what is to be copied, where a part is of no use.
pub fn sanitise_up_to(text: &str, most: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(4 * most));
    for character in text.chars().take(most) {
        push_visible(&mut clean, character);
    }
    let length = text.chars().count();
    if length > most {
        let length = with_separators(length as u64);
        // Writing to a string cannot fail.
        let _ = write!(clean, "... ({length} characters)");
    }
    clean
}

fn push_visible(clean: &mut String, character: char) {
    let _ = match character {
        '\n' => clean.write_str("\\n"),
        '\r' => clean.write_str("\\r"),
        '\t' => clean.write_str("\\t"),
        ' '..='~' => clean.write_char(character),
        '\0'..='\x7f' => write!(clean, "\\x{:02x}", u32::from(character)),
        _ if is_visible(character) => clean.write_char(character),
        _ => write!(clean, "\\u{{{:x}}}", u32::from(character)),
    };
}

/// Whether a character beyond ASCII shows as itself and moves nothing but its own place.
fn is_visible(character: char) -> bool {
    let code = u32::from(character);
    let is_noncharacter = (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe;
    let is_private = matches!(code, 0xe000..=0xf8ff | 0xf_0000..);
    let breaks_lines = matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}');
    // Blank and easily taken for nothing: soft hyphen, Hangul fillers, annotation marks.
    let hides = matches!(
        character,
        '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
    );
    let has_width = character.width().is_some_and(|width| width > 0);
    has_width && !is_noncharacter && !is_private && !breaks_lines && !hides
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn harmless_text_stays_as_it_is() {
        for text in ["", "GET /prices HTTP/1.1", "Zürich, 東京, Ωμέγα", "a\\x1b"] {
            assert_eq!(sanitise(text), text);
        }
    }

    #[test]
    fn what_acts_on_a_terminal_is_shown_instead() {
        assert_eq!(sanitise("\x1b]0;owned\x07"), "\\x1b]0;owned\\x07");
        assert_eq!(sanitise("a\r\nb\tc\0"), "a\\r\\nb\\tc\\x00");
        assert_eq!(sanitise("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
        assert_eq!(
            sanitise("\u{9b}2J\u{200b}\u{feff}"),
            "\\u{9b}2J\\u{200b}\\u{feff}"
        );
        assert_eq!(
            sanitise("\u{fffe}\u{e0041}\u{2028}"),
            "\\u{fffe}\\u{e0041}\\u{2028}"
        );
    }

    #[test]
    fn a_long_text_is_cut_and_its_length_told() {
        let cut = sanitise(&"x".repeat(1_234));
        assert_eq!(cut, "x".repeat(200) + "... (1,234 characters)");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_survives(text in prop::collection::vec(any::<char>(), 0..300)) {
            let clean = sanitise(&text.into_iter().collect::<String>());
            for character in clean.chars() {
                prop_assert!(!character.is_control(), "{character:?}");
                prop_assert!(character.width().is_some_and(|width| width > 0), "{character:?}");
                let hidden = ['\u{2028}', '\u{2029}', '\u{ad}', '\u{fffe}', '\u{ffff}'];
                prop_assert!(!hidden.contains(&character));
            }
            // Each character becomes ten at most.
            prop_assert!(clean.chars().count() <= MAX_CHARS * 10 + 40);
        }

        #[test]
        fn no_bidirectional_control_survives(place in 0_usize..10) {
            for control in ['\u{61c}', '\u{200e}', '\u{200f}'].into_iter()
                .chain('\u{202a}'..='\u{202e}')
                .chain('\u{2066}'..='\u{2069}')
            {
                let mut text = "0123456789".to_owned();
                text.insert(place, control);
                prop_assert!(!sanitise(&text).contains(control));
            }
        }
    }
}
