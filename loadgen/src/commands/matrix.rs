//! `loadgen matrix`: real servers, one after the other: started, waited for, checked, stopped, and a table of what came out.
//!
//! Exit code, the worst of all setups: 0 each found as its file expects; 1 one is not; 3 one could not be started or
//! gave no stream; 4 one could not be told, or was skipped because a command is missing; 5 this machine was the limit;
//! 130 interrupted, with the table of those that were done.

mod document;
mod row;

use super::check::judged;
use super::store;
use super::voice::{interrupt, print, refuse, say, style};
use crate::check;
use crate::cli::MatrixArgs;
use crate::exit::Exit;
use crate::plan::{CheckPlan, Expect, Format, Offer, Output, SequenceSource, StampSource, Target};
use crate::request::Asked;
use crate::setups::{self, Plan, Running, Setup, SetupError, StartError};
use anyhow::{Context, Result};
use reports::terminal;
use row::{Found, Row};
use run_record::end;
use run_record::verdict::Word;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use url::Url;

/// Does what was asked for; `command_line` is kept in the records, redacted.
///
/// Errors: faults of this program or machine that leave nothing to report (exit code 70).
pub fn run(args: MatrixArgs, command_line: &[String]) -> Result<Exit> {
    let setups = match chosen(&args) {
        Ok(setups) => setups,
        Err(error) => return Ok(refuse(&error, Exit::Usage)),
    };
    if args.list {
        return list(&setups);
    }
    let visit = Visit {
        watch: args.watch,
        streams: args.streams,
        output: args.output(&|name| std::env::var(name).ok()),
        command_line,
    };
    let interrupt = interrupt()?;
    let mut rows = Vec::new();
    for (index, setup) in setups.iter().enumerate() {
        if interrupt.load(Ordering::Relaxed) {
            break;
        }
        if visit.output.progress {
            let about = &setup.description.about;
            say(&format!(
                "{}/{} {}: {about}",
                index + 1,
                setups.len(),
                setup.name
            ));
        }
        rows.push(Row::of(setup, visit.found(setup, &interrupt)?));
    }
    finish(
        &rows,
        setups.len(),
        interrupt.load(Ordering::Relaxed),
        &visit.output,
    )
}

/// All are read before the first is started: a fault in the last one should not show after minutes.
fn chosen(args: &MatrixArgs) -> Result<Vec<Setup>, SetupError> {
    let all = || setups::names(&args.setups);
    let names = match &args.names[..] {
        [] => all()?,
        names => names.to_vec(),
    };
    let read = |name: &String| Setup::read(&args.setups, name);
    names.iter().map(read).collect()
}

fn list(setups: &[Setup]) -> Result<Exit> {
    let widest = setups.iter().map(|setup| setup.name.len()).max();
    let width = widest.unwrap_or_default();
    for Setup {
        name, description, ..
    } in setups
    {
        let line = format!("{name:width$}  {}\n", description.about);
        print(line.as_bytes())?;
    }
    Ok(Exit::AsExpected)
}

/// What is the same for all setups.
struct Visit<'a> {
    watch: Option<Duration>,
    streams: Option<u16>,
    output: Output,
    command_line: &'a [String],
}

impl Visit<'_> {
    /// Starts a setup and what stands behind it, checks it, and stops both.
    fn found(&self, setup: &Setup, interrupt: &AtomicBool) -> Result<Found> {
        let origin = setup.origin()?;
        let all = origin.iter().chain([setup]);
        if let Some(command) = all.clone().find_map(Setup::missing) {
            return Ok(Found::Skipped(format!("{command} is not installed")));
        }
        let mut running: Vec<Running> = Vec::new();
        for setup in all {
            match Running::start(setup, running.last(), interrupt) {
                Ok(started) => running.push(started),
                Err(StartError::Interrupted) => return Ok(Found::Interrupted),
                Err(error) => return Ok(Found::Failed(format!("{} {error}", setup.name))),
            }
        }
        let server = running.last().context("a setup is among those started")?;
        let path = setup.path(Plan::Check, origin.as_ref());
        let plan = self.plan(
            setup,
            server,
            &path.context("every setup has a stream to check")?,
        )?;
        let outcome = check::run(&plan, false, interrupt, &mut |_| {})
            .with_context(|| format!("{} could not be checked", setup.name))?;
        // A proxy is stopped before its origin, so that it does not complain in between.
        while running.pop().is_some() {}
        if outcome.interrupted {
            return Ok(Found::Interrupted);
        }
        let (record, _) = judged(&outcome, &plan, self.command_line);
        Ok(Found::checked(outcome, record))
    }

    fn plan(&self, setup: &Setup, server: &Running, path: &str) -> Result<CheckPlan> {
        let description = &setup.description;
        let address = server.url(path);
        let url = Url::parse(&address).with_context(|| format!("{address} is no address"))?;
        let (request, host) = Asked::default().into_request(&url);
        Ok(CheckPlan {
            target: Target {
                endpoints: vec![server.endpoint().clone()],
                host,
                tls: None,
            },
            url,
            request,
            own_encoding: None,
            http: Offer::Newest,
            watch: self.watch.unwrap_or(CheckPlan::DEFAULT_WATCH),
            watch_given: self.watch.is_some(),
            idle: None,
            streams: self.streams.or(description.streams),
            stamps: StampSource::Auto,
            sequence: SequenceSource::Auto,
            due_every: None,
            format: description.format.unwrap_or(Format::Auto),
            repeat: 1,
            expect: match description.expect.demand.word {
                Word::Live => Expect::Live,
                Word::Batched => Expect::Batched,
                Word::Buffered => Expect::Buffered,
                Word::Cut => Expect::Cut,
                Word::NoStream | Word::Inconclusive | Word::Invalid => Expect::Any,
            },
            output: self.output.clone(),
        })
    }
}

/// Writes the records and shows the table. The table is shown even if they cannot be written.
fn finish(rows: &[Row<'_>], asked: usize, interrupted: bool, output: &Output) -> Result<Exit> {
    let mut exit = rows
        .iter()
        .map(Row::exit)
        .fold(Exit::AsExpected, Exit::worse);
    if interrupted {
        exit = exit.worse(Exit::Interrupted);
    }
    let said = end::Exit {
        code: exit.code(),
        reason: reason(rows, asked, exit),
    };
    if let Some(path) = &output.record
        && let Err(error) = store::write(path, &document::with_records(rows, &said)?)
    {
        say(&format!("error: {error:#}"));
        exit = exit.worse(Exit::Internal);
    }
    let cells: Vec<_> = rows.iter().map(Row::cells).collect();
    let page = |is_terminal| terminal::matrix_page(&cells, &said, &style(output, is_terminal));
    if output.json {
        print(&document::with_checks(rows, &said)?)?;
        say(&page(io::stderr().is_terminal()));
    } else {
        print(page(io::stdout().is_terminal()).as_bytes())?;
    }
    Ok(exit)
}

/// The exit code in words: how many setups are the reason.
fn reason(rows: &[Row<'_>], asked: usize, exit: Exit) -> String {
    let count = rows.iter().filter(|row| row.exit() == exit).count();
    let all = rows.len();
    match exit {
        Exit::AsExpected => format!("all {all} as expected"),
        Exit::Server => format!("{count} of {all} not as expected"),
        Exit::NoStream => format!("{count} of {all} without a stream"),
        Exit::Inconclusive => format!("{count} of {all} skipped or not told"),
        Exit::Machine => format!("{count} of {all} spoiled by this machine"),
        Exit::Interrupted => format!("interrupted after {} of {asked}", all - count),
        Exit::Usage | Exit::Internal => exit.meaning().to_owned(),
    }
}
