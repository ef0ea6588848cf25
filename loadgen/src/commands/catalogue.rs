//! `loadgen causes` and `loadgen explain`: what the verdicts are made of, to be looked up.

use super::voice::{print, refuse, style};
use crate::cli::{CausesArgs, ExplainArgs};
use crate::exit::Exit;
use crate::plan::Output;
use anyhow::{Context, Result};
use reports::terminal::{Explained, Remedy, catalogue_page, explanation};
use serde_json::json;
use std::io::{self, IsTerminal};
use verdict::causes::limits::{Kind, LIMITS, TimeLimit};
use verdict::causes::{Cure, catalogue};
use verdict::glossary::FINDINGS;
use verdict::vocabulary::Sign;

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
    // A finding may have the name of the signature that it reports: it says more of it.
    let Some(one) = known_causes()
        .chain(known_findings())
        .chain(known_signatures())
        .find(|one| one.code == args.code)
        .or_else(|| known_word(&args.code))
    else {
        return Ok(refuse(&unknown(&args.code), Exit::Usage));
    };
    print(explanation(&one, &page_style()).as_bytes())?;
    Ok(Exit::AsExpected)
}

fn known_causes() -> impl Iterator<Item = Explained<'static>> {
    catalogue().map(|entry| {
        let (first, others) = entry.cures.split_first().unzip();
        let first = first.map(line_of).unwrap_or_default();
        Explained {
            code: entry.code,
            component: entry.component,
            versions: entry.versions,
            what: entry.what,
            by_default: entry.by_default.label(),
            shows: entry.shows.iter().map(|sign| sign.label()).collect(),
            betrays: entry.betrays,
            cure: first,
            others: others.into_iter().flatten().map(line_of).collect(),
            limits: limits_of(entry.code),
            explained_by: Vec::new(),
            sure: entry.sure.label(),
            source: entry.source,
        }
    })
}

fn line_of(cure: &'static Cure) -> Remedy<'static> {
    Remedy {
        text: cure.text,
        config: cure.config,
        place: cure.place,
    }
}

/// The limits of time that stand behind a cause.
fn limits_of(code: &str) -> Vec<String> {
    let kind = match code {
        "timeout.idle" => Kind::Idle,
        "timeout.total" => Kind::Total,
        "timeout.first-byte" => Kind::FirstByte,
        _ => return Vec::new(),
    };
    let in_words = |limit: &TimeLimit| {
        let seconds = match limit.from == limit.to {
            true => format!("{} s", limit.from),
            false => format!("{} to {} s", limit.from, limit.to),
        };
        let knob = match limit.knob {
            "" => String::new(),
            knob => format!("; {knob}"),
        };
        format!("{seconds}  {}: {}{knob}", limit.component, limit.looks)
    };
    LIMITS
        .iter()
        .filter(|limit| limit.kind == kind)
        .map(in_words)
        .collect()
}

fn known_findings() -> impl Iterator<Item = Explained<'static>> {
    FINDINGS.iter().map(|meaning| Explained {
        code: meaning.code,
        what: meaning.what,
        cure: Remedy {
            text: meaning.so,
            ..Remedy::default()
        },
        ..Explained::default()
    })
}

fn known_signatures() -> impl Iterator<Item = Explained<'static>> {
    Sign::ALL.iter().map(|sign| Explained {
        code: sign.label(),
        what: sign.meaning(),
        explained_by: catalogue()
            .filter(|entry| entry.shows.contains(sign))
            .map(|entry| entry.code)
            .collect(),
        ..Explained::default()
    })
}

/// A word of the reports: a metric by its name, or a term of the glossary.
fn known_word(word: &str) -> Option<Explained<'static>> {
    let metric = word.parse::<run_record::metric::Metric>().ok();
    let metric = metric.map(|metric| (metric.name(), metric.definition()));
    let (code, what) = metric.or_else(|| reports::glossary::term(word))?;
    Some(Explained {
        code,
        what,
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
        .chain(known_signatures())
        .map(|one| one.code)
        .filter(|known| words.iter().any(|word| known.contains(word)))
        .collect();
    let hint = match near.is_empty() {
        true => "`loadgen causes` lists the causes".to_owned(),
        false => format!("near it: {}", near.join(", ")),
    };
    format!("{code:?} is the code of no cause, no finding and no signature; {hint}")
}

fn json_of(one: &Explained<'_>) -> serde_json::Value {
    let remedy = |cure: &Remedy<'_>| json!({ "text": cure.text, "config": cure.config, "where": cure.place });
    json!({
        "code": one.code,
        "component": one.component,
        "versions": one.versions,
        "default": one.by_default,
        "signatures": one.shows,
        "what": one.what,
        "evidence": one.betrays,
        "remedy": remedy(&one.cure),
        "others": one.others.iter().map(remedy).collect::<Vec<_>>(),
        "limits": one.limits,
        "sure": one.sure,
        "source": one.source,
    })
}

fn page_style() -> reports::style::Style {
    style(&Output::default(), io::stdout().is_terminal())
}
