//! `loadgen diff`: two sets of records read, compared and told. Nothing is measured here.
//!
//! Exit code: 1 worse beyond chance; 4 not compared, because of too few runs or what was not measured; 0 else.

use super::ci::{self, Told};
use super::records::{Unusable, read_run};
use super::voice::{print, refuse, say, style};
use crate::cli::DiffArgs;
use crate::exit::Exit;
use crate::plan::Output;
use anyhow::{Context, Result};
use reports::diff::Named;
use reports::{demands, html, markdown, terminal};
use run_record::diff::{Diff, Outcome};
use run_record::end;
use run_record::record::RunRecord;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// Does what was asked for.
///
/// Errors: a file that cannot be written (exit code 70).
pub fn run(args: DiffArgs) -> Result<Exit> {
    let output = args.output(&|name| std::env::var(name).ok());
    let sides = read(&args.base).and_then(|base| Ok((base, read(&args.new)?)));
    let (base, new) = match sides {
        Ok(sides) => sides,
        Err(error) => return Ok(refuse(&error, Exit::Usage)),
    };
    let floor_us = args.floor.as_secs_f64() * 1e6;
    let diff = reports::diff::diff(&named(&base), &named(&new), &args.on, floor_us);
    finish(diff, Exit::AsExpected, &output)
}

/// Judges the comparison, with how the runs themselves ended, and tells it.
pub(super) fn finish(mut diff: Diff, runs: Exit, output: &Output) -> Result<Exit> {
    let (exit, reason) = judge(&diff, runs);
    diff.exit = Some(end::Exit {
        code: exit.code(),
        reason,
    });
    let told = Told {
        suites: vec![demands::of_diff(&diff)],
        markdown: markdown::of_diff(&diff),
        page: Some(Box::new(|| html::diff_page(&diff))),
        record: None,
    };
    let (_, written) = ci::publish(&told, output);
    let exit = exit.worse(written);
    let mut json = serde_json::to_vec_pretty(&diff).context("the diff cannot be put into JSON")?;
    json.push(b'\n');
    let page = |is_terminal| terminal::diff_page(&diff, &style(output, is_terminal));
    if output.json {
        print(&json)?;
        say(&page(io::stderr().is_terminal()));
    } else {
        print(page(io::stdout().is_terminal()).as_bytes())?;
    }
    Ok(exit)
}

fn judge(diff: &Diff, runs: Exit) -> (Exit, String) {
    let of_diff = match diff.outcome {
        Outcome::Worse => (Exit::Server, "worse than before".to_owned()),
        Outcome::Refused => (Exit::Inconclusive, "not compared".to_owned()),
        Outcome::Better => (Exit::AsExpected, "better than before".to_owned()),
        Outcome::NotShown | Outcome::BelowFloor => {
            (Exit::AsExpected, "no difference shown".to_owned())
        }
    };
    if runs > of_diff.0 {
        return (runs, format!("a run ended with: {}", runs.meaning()));
    }
    of_diff
}

fn read(paths: &[PathBuf]) -> Result<Vec<(String, RunRecord)>, Unusable> {
    let named = |path: &PathBuf| Ok((path.display().to_string(), read_run(path)?));
    paths.iter().map(named).collect()
}

fn named(records: &[(String, RunRecord)]) -> Vec<Named<'_>> {
    let runs = records.iter();
    runs.map(|(name, record)| Named { name, record }).collect()
}
