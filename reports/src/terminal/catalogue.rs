//! The catalogue of causes as a table, and one code explained.

use super::line::{Line, sentence};
use crate::style::{Style, Tone, pad_right};

/// One code and what is known about it. Texts are those of the catalogue; what does not apply is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained<'a> {
    /// `nginx.proxy-buffering`.
    pub code: &'a str,
    /// The program, and the versions for which it was established.
    pub component: &'a str,
    /// See `component`.
    pub versions: &'a str,
    /// What happens.
    pub what: &'a str,
    /// Whether an untouched installation shows it.
    pub by_default: &'a str,
    /// The signatures that it explains.
    pub shows: Vec<&'a str>,
    /// What betrays it.
    pub betrays: &'a str,
    /// What to do.
    pub cure: Remedy<'a>,
    /// What cures it too.
    pub others: Vec<Remedy<'a>>,
    /// The limits of time that it stands for, one line each.
    pub limits: Vec<String>,
    /// The causes that explain it, where it is a signature.
    pub explained_by: Vec<&'a str>,
    /// How well it is established, and where that is written.
    pub sure: &'a str,
    /// See `sure`.
    pub source: &'a str,
}

/// What to do, and the exact line for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remedy<'a> {
    /// One sentence.
    pub text: &'a str,
    /// The exact line or header.
    pub config: &'a str,
    /// Where that line belongs.
    pub place: &'a str,
}

/// One line for each code, ending in a line break; no line is wider than the style says.
pub fn catalogue_page(codes: &[Explained<'_>], style: &Style) -> String {
    let widest = codes.iter().map(|one| one.code.len()).max().unwrap_or(0);
    let mut page = String::new();
    for one in codes {
        let text = match one.component {
            "" => one.what.to_owned(),
            component => format!("{component}: {}", one.what),
        };
        for (row, line) in sentence(&text, widest + 4, style).iter().enumerate() {
            let rendered = line.render(style);
            if row == 0 {
                let code = pad_right(one.code, widest);
                page.push_str(&format!("  {code}  {}\n", rendered.trim_start()));
            } else {
                page.push_str(&rendered);
                page.push('\n');
            }
        }
    }
    page
}

/// All that is known about one code, ending in a line break.
pub fn explanation(one: &Explained<'_>, style: &Style) -> String {
    let mut lines = vec![Line::new("").toned(Tone::Strong, one.code)];
    lines.extend(what(one, style));
    lines.extend(remedy(&one.cure, style));
    for other in &one.others {
        lines.extend(remedy(other, style));
    }
    for limit in &one.limits {
        lines.extend(sentence(limit, 4, style));
    }
    let mut say = |text: String| lines.extend(sentence(&text, 2, style));
    match (one.sure, one.source) {
        ("", _) => {}
        (sure, "") => say(sure.to_owned()),
        (sure, source) => say(format!("{sure}: {source}")),
    }
    let rendered: Vec<String> = lines.iter().map(|line| line.render(style)).collect();
    rendered.join("\n") + "\n"
}

fn what(one: &Explained<'_>, style: &Style) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut say = |text: String| lines.extend(sentence(&text, 2, style));
    match (one.component, one.versions) {
        ("", _) => say(one.what.to_owned()),
        (component, "") => say(format!("{component}: {}", one.what)),
        (component, versions) => say(format!("{component} ({versions}): {}", one.what)),
    }
    if !one.by_default.is_empty() {
        say(format!("happens {}", one.by_default));
    }
    if !one.shows.is_empty() {
        say(format!("seen as: {}", one.shows.join(", ")));
    }
    if !one.betrays.is_empty() {
        say(format!("betrayed by: {}", one.betrays));
    }
    if !one.explained_by.is_empty() {
        say("may be caused by:".to_owned());
    }
    for code in &one.explained_by {
        lines.extend(sentence(code, 4, style));
    }
    lines
}

fn remedy(remedy: &Remedy<'_>, style: &Style) -> Vec<Line> {
    let mut lines = Vec::new();
    if !remedy.text.is_empty() {
        lines.extend(sentence(remedy.text, 2, style));
    }
    if !remedy.config.is_empty() {
        // As it is to be copied: never broken into lines.
        lines.push(Line::new("    ").toned(Tone::Good, remedy.config));
        if !remedy.place.is_empty() {
            lines.extend(sentence(&format!("in: {}", remedy.place), 4, style));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause() -> Explained<'static> {
        Explained {
            code: "nginx.proxy-buffering",
            component: "nginx",
            versions: "before 1.29.7",
            what: "gathers the response of an HTTP/1.0 upstream in blocks of 4,096 bytes before it hands them on",
            cure: Remedy {
                text: "switch buffering off for the stream",
                config: "proxy_buffering off;",
                place: "location",
            },
            sure: "measured",
            source: "ngx_event_pipe.c",
            ..Explained::default()
        }
    }

    #[test]
    fn a_cause_is_explained_with_its_line_to_copy() {
        let page = explanation(&cause(), &Style::default());
        assert!(page.starts_with("nginx.proxy-buffering\n"), "{page}");
        assert!(
            page.contains("\n    proxy_buffering off;\n    in: location\n"),
            "{page}"
        );
        assert!(page.ends_with("measured: ngx_event_pipe.c\n"), "{page}");
    }

    #[test]
    fn the_table_is_as_wide_as_the_terminal() {
        let short = Explained {
            code: "own.stall",
            what: "loadgen itself did not run for a while.",
            ..Explained::default()
        };
        let page = catalogue_page(&[cause(), short], &Style::default());
        assert!(page.lines().all(|line| line.len() <= 80), "{page}");
        assert_eq!(
            page.lines()
                .filter(|line| line.starts_with("  nginx.proxy-buffering  nginx: "))
                .count(),
            1,
            "{page}"
        );
        assert!(
            page.contains("\n  own.stall              loadgen itself"),
            "{page}"
        );
    }
}
