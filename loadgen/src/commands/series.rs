//! `run --repeat`: the same run several times, each in a process of its own, in turns with a baseline where there is one.
//! It must not know how a run is made: it starts this program again with the same words.

use super::ci::{self, Told};
use super::diff;
use super::voice::{interrupt, print, refuse, say, style};
use crate::child::Child;
use crate::cli::Series;
use crate::exit::Exit;
use anyhow::{Context, Result};
use reports::diff::Named;
use reports::{demands, markdown, terminal};
use run_record::end;
use run_record::record::RunRecord;
use std::env;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Pause between two looks at a run.
const STEP: Duration = Duration::from_millis(20);

/// One run that has ended.
struct Done {
    name: String,
    record: RunRecord,
    is_baseline: bool,
}

/// Runs them all, and compares the sides where there are two.
///
/// Errors: a run cannot be started, or a file not be written (exit code 70).
pub(super) fn run(series: &Series) -> Result<Exit> {
    let interrupt = interrupt()?;
    let directory = tempfile::tempdir().context("no temporary directory for the runs")?;
    let mut done = Vec::new();
    for number in 1..=series.repeat {
        for is_baseline in turn(number, series.has_baseline) {
            if interrupt.load(Ordering::Relaxed) {
                break;
            }
            match one(series, *is_baseline, number, &directory, &interrupt)? {
                Ok(run) => done.push(run),
                Err(exit) => return Ok(exit),
            }
        }
    }
    let worst = exits(&done);
    let worst = match interrupt.load(Ordering::Relaxed) {
        true => worst.worse(Exit::Interrupted),
        false => worst,
    };
    if series.has_baseline {
        compare(series, &done, worst)
    } else {
        show(series, &done, worst)
    }
}

/// Who goes first changes with each turn: the second of two finds the machine as the first has left it.
fn turn(number: u16, has_baseline: bool) -> &'static [bool] {
    match (has_baseline, number % 2 == 1) {
        (false, _) => &[false],
        (true, true) => &[true, false],
        (true, false) => &[false, true],
    }
}

/// One run; or how the command ends where it could not be one.
fn one(
    series: &Series,
    is_baseline: bool,
    number: u16,
    directory: &TempDir,
    interrupt: &AtomicBool,
) -> Result<Result<Done, Exit>> {
    let kept = series.output.record.as_deref();
    let out = kept.unwrap_or(Path::new("run.json"));
    let named = series.file(out, is_baseline, number);
    let file = match kept {
        Some(_) => named.clone(),
        None => directory.path().join(&named),
    };
    let log_file = directory.path().join("log");
    let log = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(&log_file)?;
    // A file of an earlier series must not pass for this run.
    let _ = std::fs::remove_file(&file);
    let mut child = Child::start(command(file.clone(), is_baseline)?, log)
        .context("a run cannot be started")?;
    let status = ended(&mut child, interrupt);
    let read = std::fs::read(&file).ok();
    let Some(record) = read.and_then(|bytes| RunRecord::read(&bytes).ok()) else {
        return Ok(Err(failed(&child, status)));
    };
    let done = Done {
        name: named.display().to_string(),
        record,
        is_baseline,
    };
    if series.output.progress {
        say(&told(&done, number, series.repeat));
    }
    Ok(Ok(done))
}

fn command(record: PathBuf, is_baseline: bool) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    let mut words = env::args_os().skip(1);
    command.args(words.next());
    command.args(Series::words(record, is_baseline));
    command.args(words);
    for name in ci::VARIABLES {
        command.env_remove(name);
    }
    Ok(command)
}

/// Waits for its end; Ctrl-C ends it, and it keeps what it has measured.
fn ended(child: &mut Child, interrupt: &AtomicBool) -> Option<ExitStatus> {
    loop {
        if let Some(status) = child.exited() {
            return Some(status);
        }
        if interrupt.load(Ordering::Relaxed) {
            child.stop();
            return child.exited();
        }
        thread::sleep(STEP);
    }
}

/// Says why there is no record, in the words of the run itself.
fn failed(child: &Child, status: Option<ExitStatus>) -> Exit {
    let code = status.and_then(|status| status.code());
    let exit = Exit::ALL
        .into_iter()
        .find(|exit| Some(i32::from(exit.code())) == code && *exit != Exit::AsExpected);
    let exit = exit.unwrap_or(Exit::Internal);
    let said = child.last_lines(1).pop();
    let said = said.unwrap_or_else(|| "a run of the series left no record".to_owned());
    refuse(&said.trim_start_matches("error: "), exit)
}

fn told(done: &Done, number: u16, of: u16) -> String {
    let side = if done.is_baseline { "baseline " } else { "" };
    let line = terminal::series_line(&done.record);
    format!("{side}{number}/{of}: {line}")
}

/// The worst of all. A baseline may miss limits: it is what the others are held against.
fn exits(done: &[Done]) -> Exit {
    let exits = done.iter().filter_map(|run| {
        let code = run.record.exit.as_ref()?.code;
        let exit = Exit::ALL.into_iter().find(|exit| exit.code() == code)?;
        (!run.is_baseline || exit != Exit::Server).then_some(exit)
    });
    exits.fold(Exit::AsExpected, Exit::worse)
}

fn compare<'d>(series: &Series, done: &'d [Done], worst: Exit) -> Result<Exit> {
    let side = |is_baseline: bool| -> Vec<Named<'d>> {
        let runs = done.iter().filter(|run| run.is_baseline == is_baseline);
        let named = |run: &'d Done| Named {
            name: &run.name,
            record: &run.record,
        };
        runs.map(named).collect()
    };
    // What spoils single runs leaves them out of the comparison, which says by itself whether enough are left.
    let counted = match worst {
        Exit::Machine | Exit::Inconclusive => Exit::AsExpected,
        other => other,
    };
    let compared = reports::diff::diff(&side(true), &side(false), &[], 0.0);
    diff::finish(compared, counted, &series.output)
}

/// A line for each run, or each record on a line of its own.
fn show(series: &Series, done: &[Done], worst: Exit) -> Result<Exit> {
    let runs: Vec<_> = done
        .iter()
        .map(|run| (run.name.as_str(), &run.record))
        .collect();
    let end = end::Exit {
        code: worst.code(),
        reason: worst.meaning().to_owned(),
    };
    let told = Told {
        suites: demands::of_series(&runs),
        markdown: markdown::of_series(&runs, &end),
        page: None,
        record: None,
    };
    let (_, written) = ci::publish(&told, &series.output);
    let worst = worst.worse(written);
    let page = |is_terminal| terminal::series_page(&runs, &style(&series.output, is_terminal));
    if !series.output.json {
        print(page(io::stdout().is_terminal()).as_bytes())?;
        return Ok(worst);
    }
    for run in done {
        let mut line =
            serde_json::to_vec(&run.record).context("a record cannot be put into JSON")?;
        line.push(b'\n');
        print(&line)?;
    }
    say(&page(io::stderr().is_terminal()));
    Ok(worst)
}
