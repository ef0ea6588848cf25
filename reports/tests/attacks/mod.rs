//! The attacks, and how a text shows that one of them would act.

use crate::Sink;
use reports::annotations::harmless;
use unicode_width::UnicodeWidthChar;

/// What every attack carries, to be found again.
pub(crate) const MARK: &str = "qzxmark";

/// One of each kind that some reader of a report falls for.
pub(crate) const ATTACKS: [&str; 22] = [
    "<script>qzxmark</script>",
    "</script><qzx-tag onload=qzxmark>",
    "\"><qzx-tag src=x onerror=qzxmark>",
    "' onmouseover='qzxmark' x='",
    "javascript:qzxmark",
    "--></style></title><qzx-tag>qzxmark",
    "]]><qzx-tag>qzxmark</qzx-tag>&qzx;",
    "\u{1b}[2J\u{1b}]0;qzxmark\u{7}\u{1b}P",
    "\u{9b}31mqzxmark\u{9d}",
    "qzxmark\r\n::error title=a::qzxmark",
    "::set-output name=qzxmark::x",
    "##[error]qzxmark",
    "  ::stop-commands::qzxmark",
    "`qzxmark` ``qzxmark`` ````\nqzxmark",
    "| qzxmark | \\| qzxmark |",
    "@qzxmark #1 [qzxmark](javascript:x) ![x](http://127.0.0.1/qzxmark)",
    "\u{202e}qzxmark\u{2066}\u{200f}",
    "q\u{200b}z\u{feff}x\u{2060}qzxmark\u{e0041}",
    "\u{fffe}\u{ffff}\u{fdd0}qzxmark\u{2028}qzxmark\u{2029}",
    "\0qzxmark\u{8}\u{7f}",
    "```\n\n# qzxmark\n<qzx-tag>",
    "%0A::error::qzxmark%25",
];

/// Fails where the text would act in its sink.
#[track_caller]
pub(crate) fn assert_tame(sink: Sink, text: &str, attack: &str) {
    let why = |what: &str| format!("{sink:?}: {what}, by {attack:?}, in:\n{text}");
    for character in text.chars() {
        let is_break = character == '\n' && sink != Sink::Command;
        // The selector that keeps the scissors from being a picture is our own.
        let is_ours = character == '\u{fe0e}';
        let hides = character.width().is_none_or(|width| width == 0);
        assert!(
            is_break || is_ours || !hides,
            "{}",
            why(&format!("{character:?} is in it"))
        );
        let code = u32::from(character);
        let is_no_character = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
        assert!(
            !is_no_character,
            "{}",
            why(&format!("{character:?} is in it"))
        );
    }
    match sink {
        Sink::Html => {
            assert!(!text.contains("<qzx-tag"), "{}", why("a tag"));
            assert!(!text.contains("<script>qzxmark"), "{}", why("a script"));
            assert!(
                !text.contains("href=\"javascript:"),
                "{}",
                why("a link that runs")
            );
            assert!(
                !attributes_have(text, "'"),
                "{}",
                why("an attribute in single quotes")
            );
        }
        Sink::Xml => {
            assert!(!text.contains("<qzx-tag"), "{}", why("an element"));
            assert!(!text.contains("&qzx;"), "{}", why("an entity"));
            let read = quick_junit::Report::deserialize_from_str(text);
            assert!(read.is_ok(), "{}", why("it cannot be read"));
        }
        Sink::Markdown => {
            let bare = outside_code(text);
            assert!(
                !bare.contains("qzx"),
                "{}",
                why(&format!("outside of code: {bare}"))
            );
            for row in text.lines().filter(|line| line.starts_with("| `")) {
                let pipes = row.replace("\\|", "").matches('|').count();
                assert_eq!(
                    pipes,
                    4,
                    "{}",
                    why(&format!("a row with other cells: {row}"))
                );
            }
        }
        Sink::Command => {
            let begins = text.starts_with("::error ") || text.starts_with("::warning ");
            assert!(begins, "{}", why("it is no command of ours"));
            assert!(!text.contains("##["), "{}", why("a command in it"));
            let properties = text[2..].split("::").next().unwrap_or_default();
            assert_eq!(
                properties.matches(',').count(),
                0,
                "{}",
                why("a second property")
            );
        }
        Sink::Terminal => {
            for line in harmless(text).lines() {
                let is_command = line.trim_start().starts_with("::") || line.contains("##[");
                assert!(!is_command, "{}", why("a workflow command"));
            }
            let widest = text
                .lines()
                .map(unicode_width::UnicodeWidthStr::width)
                .max();
            assert!(
                widest.unwrap_or(0) <= 80,
                "{}",
                why("a line that is too wide")
            );
        }
        Sink::OpenMetrics => {
            crate::exposition::read(text).unwrap_or_else(|broken| panic!("{}", why(&broken)));
        }
        Sink::Table => assert!(!text.contains("qzx"), "{}", why("foreign text")),
    }
}

/// Whether an attribute is quoted with this instead of double quotes.
fn attributes_have(page: &str, quote: &str) -> bool {
    page.contains(&format!("onmouseover={quote}"))
        && page.split('<').any(|tag| {
            let inside = tag.split('>').next().unwrap_or_default();
            // In our own tags foreign text stands between double quotes only.
            let apart: String = inside.split('"').step_by(2).collect();
            apart.contains("onmouseover")
        })
}

/// What a reader of Markdown takes for text: without fences and code spans.
fn outside_code(text: &str) -> String {
    let mut bare = String::new();
    let mut fence: Option<usize> = None;
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open && line.trim_matches('`').is_empty() => fence = None,
            Some(_) => {}
            None if ticks >= 3 && !line[ticks..].contains('`') => fence = Some(ticks),
            None => bare += &(without_spans(line) + "\n"),
        }
    }
    assert!(fence.is_none(), "a fence is not closed:\n{text}");
    bare
}

fn without_spans(line: &str) -> String {
    let mut bare = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        bare += &rest[..start];
        let behind = &rest[start..];
        let ticks = behind.len() - behind.trim_start_matches('`').len();
        let body = &behind[ticks..];
        match end_of_span(body, ticks) {
            Some(end) => rest = &body[end..],
            None => {
                bare += &behind[..ticks];
                rest = body;
            }
        }
    }
    bare + rest
}

/// Where a code span of so many backticks ends: behind the next run of exactly as many.
fn end_of_span(body: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = body[at..].find('`') {
        let start = at + found;
        let run = body[start..].len() - body[start..].trim_start_matches('`').len();
        at = start + run;
        if run == ticks {
            return Some(at);
        }
    }
    None
}
