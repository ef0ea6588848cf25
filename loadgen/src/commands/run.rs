//! `loadgen run`: from the plan through the engine to the record, the page and the exit code.

mod assemble;
mod clock_offset;
mod judge;
mod unloaded_probe;
mod watch;

use super::store;
use super::voice::{interrupt, print, refuse, say, style};
use crate::cli::RunArgs;
use crate::clock;
use crate::engine::{self, Instrument};
use crate::exit::Exit;
use crate::plan::Plan;
use crate::preflight;
use anyhow::{Context, Result};
use clock_offset::ClockOffset;
use reports::terminal;
use run_record::record::RunRecord;
use std::io::{self, IsTerminal};
use unloaded_probe::UnloadedProbe;
use watch::Watch;

/// Runs what was asked for; `command_line` is kept in the record, redacted.
///
/// Errors: faults of this program or machine that leave nothing to report (exit code 70).
pub fn run(args: RunArgs, command_line: &[String]) -> Result<Exit> {
    let is_beside_probe = args.is_beside_probe();
    let draft = match args.draft(&|name| std::env::var(name).ok()) {
        Ok(draft) => draft,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    let admitted = match preflight::admit(draft, &mut clock::mono) {
        Ok(admitted) => admitted,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    for note in &admitted.notes {
        say(&format!("note: {note}"));
    }
    let offset = match ClockOffset::begin(admitted.clock) {
        Ok(offset) => offset,
        Err(error) => return Ok(refuse(&error, Exit::NoStream)),
    };
    let plan = Plan {
        server_clock: offset.server_clock(),
        ..admitted.plan
    };
    let probe = is_beside_probe.then(UnloadedProbe::start).transpose()?;
    let mut watch = Watch::new(&plan);
    let interrupt = interrupt()?;
    let outcome = engine::run(
        plan.clone(),
        Instrument::default(),
        &interrupt,
        |progress| watch.show(progress),
    )
    .context("the engine could not run")?;
    watch.close();
    let mut record = assemble::record(&outcome, &plan, command_line);
    record.clock = offset
        .end()
        .context("the server's clock could not be followed")?;
    if let Some(probe) = probe
        && let Some(why) = unloaded_probe::compare(&mut record, probe.end().as_ref())
    {
        say(&format!("note: {why}"));
    }
    record.evaluate(&plan.limits);
    let exit = judge::judge(&mut record, &outcome);
    finish(&record, &plan, exit)
}

/// Writes the record and shows the page. The page is shown even if the record cannot be written.
fn finish(record: &RunRecord, plan: &Plan, exit: Exit) -> Result<Exit> {
    let bytes = record
        .write()
        .context("the record cannot be put into JSON")?;
    let mut files = Vec::new();
    let mut exit = exit;
    if let Some(path) = &plan.output.record {
        match store::write(path, &bytes) {
            Ok(()) => files.push(path.display().to_string()),
            Err(error) => {
                say(&format!("error: {error:#}"));
                exit = exit.worse(Exit::Internal);
            }
        }
    }
    let page = terminal::end_table(
        record,
        &files,
        &style(&plan.output, io::stdout().is_terminal()),
    );
    if plan.output.json {
        print(&bytes)?;
        say(&terminal::end_table(
            record,
            &files,
            &style(&plan.output, io::stderr().is_terminal()),
        ));
    } else {
        print(page.as_bytes())?;
    }
    Ok(exit)
}
