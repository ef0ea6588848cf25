//! Foreign text in a cell of a CSV file: quoted, visible, and never a formula.
//!
//! Source: RFC 4180; OWASP, CSV injection.

use crate::sanitise::sanitise;

/// A cell with a text of anybody's. A text that a spreadsheet would take for a formula gets an apostrophe before it.
pub fn cell(text: &str) -> String {
    let clean = sanitise(text);
    let is_formula = clean.trim_start().starts_with(['=', '+', '-', '@']);
    let mark = if is_formula { "'" } else { "" };
    if is_formula || clean.contains([',', '"', ';']) {
        format!("\"{mark}{}\"", clean.replace('"', "\"\""))
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_stays_as_it_is() {
        for text in ["", "17", "2026-02-03T04:05:06Z", "a b"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn no_text_is_a_formula_or_leaves_its_cell() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("-17"), "\"'-17\"");
        assert_eq!(cell(" @SUM(A1)"), "\"' @SUM(A1)\"");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("\t=1\r\n2"), "\\t=1\\r\\n2");
    }
}
