//! `loadgen causes` and `loadgen explain`: what the verdicts are made of, to be looked up.

use super::voice::{print, refuse, style};
use crate::cli::{CausesArgs, ExplainArgs};
use crate::exit::Exit;
use crate::plan::{Color, Output};
use anyhow::{Context, Result};
use reports::terminal::{Explained, catalogue_page, explanation};
use serde_json::json;
use std::io::{self, IsTerminal};
use verdict::causes::{Sure, catalogue};
use verdict::glossary::FINDINGS;

/// Lists all causes.
///
/// Errors: stdout cannot be written (exit code 70).
pub fn causes(args: &CausesArgs) -> Result<Exit> {
    let all: Vec<Explained<'_>> = known_causes().collect();
    if args.json {
        let all: Vec<_> = all.iter().map(json_of).collect();
        let mut bytes = serde_json::to_vec_pretty(&all).context("texts are JSON")?;
        bytes.push(b'\n');
        print(&bytes)?;
    } else {
        print(catalogue_page(&all, &page_style()).as_bytes())?;
    }
    Ok(Exit::AsExpected)
}

/// Explains one code.
///
/// Errors: stdout cannot be written (exit code 70).
pub fn explain(args: &ExplainArgs) -> Result<Exit> {
    let Some(one) = known_causes()
        .chain(known_findings())
        .find(|one| one.code == args.code)
    else {
        return Ok(refuse(&unknown(&args.code), Exit::Usage));
    };
    print(explanation(&one, &page_style()).as_bytes())?;
    Ok(Exit::AsExpected)
}

fn known_causes() -> impl Iterator<Item = Explained<'static>> {
    catalogue().map(|entry| Explained {
        code: entry.code,
        component: entry.component,
        versions: entry.versions,
        what: entry.what,
        cure: entry.cure.text,
        config: entry.cure.config,
        place: entry.cure.place,
        sure: match entry.sure {
            Sure::Measured => "measured",
            Sure::Source => "read in the source or the documentation",
            Sure::Issue => "reported by its users",
        },
        source: entry.source,
    })
}

fn known_findings() -> impl Iterator<Item = Explained<'static>> {
    FINDINGS.iter().map(|meaning| Explained {
        code: meaning.code,
        what: meaning.what,
        cure: meaning.so,
        ..Explained::default()
    })
}

/// Says what is near: the codes of the same family, or those that share a word.
fn unknown(code: &str) -> String {
    let words: Vec<&str> = code
        .split(['.', '-'])
        .filter(|word| word.len() > 2)
        .collect();
    let near: Vec<&str> = known_causes()
        .chain(known_findings())
        .map(|one| one.code)
        .filter(|known| words.iter().any(|word| known.contains(word)))
        .collect();
    let hint = match near.is_empty() {
        true => "`loadgen causes` lists the causes".to_owned(),
        false => format!("near it: {}", near.join(", ")),
    };
    format!("{code:?} is the code of no cause and no finding; {hint}")
}

fn json_of(one: &Explained<'_>) -> serde_json::Value {
    json!({
        "code": one.code,
        "component": one.component,
        "versions": one.versions,
        "what": one.what,
        "remedy": { "text": one.cure, "config": one.config, "where": one.place },
        "sure": one.sure,
        "source": one.source,
    })
}

fn page_style() -> reports::style::Style {
    let output = Output {
        record: None,
        json: false,
        progress: false,
        color: Color::Auto,
        ascii: false,
    };
    style(&output, io::stdout().is_terminal())
}
