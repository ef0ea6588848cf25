//! The frame of every page: the policy that allows nothing but the one style and the one script.
//!
//! It must not know what stands on the page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::sanitise::sanitise;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A whole document. The title may be foreign.
///
/// The policy stands before all it governs. Downloads are links to `data:`, which need no allowance.
pub(super) fn document(title: &str, body: &Markup) -> String {
    let script = script();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(&script)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "streamgauge: " (sanitise(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                script { (PreEscaped(&script)) }
            }
        }
    };
    page.into_string()
}

/// Indented for those who read the source; a page carries it without.
fn script() -> String {
    SCRIPT
        .lines()
        .map(str::trim_start)
        .collect::<Vec<_>>()
        .join("\n")
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_small_and_cannot_end_its_element() {
        assert!(script().len() < 2_048, "{} bytes", script().len());
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</"));
    }
}
