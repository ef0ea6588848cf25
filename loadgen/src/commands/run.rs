//! `loadgen run`: from the plan through the engine to the record, the page and the exit code.

pub(in crate::commands) mod assemble;
mod clock_offset;
pub(in crate::commands) mod copies;
mod judge;
mod keys;
mod raw;
mod start;
mod unloaded_probe;
mod watch;

use super::ci::{self, Told};
use super::voice::{interrupt, print, refuse, say, style};
use super::{series, store};
use crate::cli::RunArgs;
use crate::clock;
use crate::engine::{self, Instrument, Progress};
use crate::exit::Exit;
use crate::plan::Plan;
use crate::preflight::{self, Admitted};
use crate::processes::Together;
use crate::self_check;
use anyhow::{Context, Result};
pub(in crate::commands) use clock_offset::ClockOffset;
use raw::RawFile;
use reports::terminal;
use run_record::record::{Moment, RunRecord};
use std::io::{self, IsTerminal};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use unloaded_probe::UnloadedProbe;
use watch::Watch;

/// Runs what was asked for; `command_line` is kept in the record, redacted.
///
/// Errors: faults of this program or machine that leave nothing to report (exit code 70).
pub fn run(mut args: RunArgs, command_line: &[String]) -> Result<Exit> {
    match args.series(&|name| std::env::var(name).ok()) {
        Ok(Some(series)) => return series::run(&series),
        Ok(None) => {}
        Err(error) => return Ok(refuse(&error, error.exit())),
    }
    let is_beside_probe = args.is_beside_probe();
    let expect = args.expect();
    let parent = args.process_of();
    // A process that works for another one judges nothing.
    let baseline = match &parent {
        None => args.take_baseline(),
        Some(_) => Ok(None),
    };
    let baseline = match baseline {
        Ok(baseline) => baseline,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    let draft = match args.draft(&|name| std::env::var(name).ok()) {
        Ok(draft) => draft,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    if let Some(socket) = parent {
        return copies::serve(&socket, draft);
    }
    let admitted = match preflight::admit(draft, &mut clock::mono) {
        Ok(admitted) => admitted,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    for note in &admitted.notes {
        say(&format!("note: {note}"));
    }
    if let Some(at) = admitted.plan.load.start_at.filter(|at| *at < clock::wall()) {
        let error = format!("--start-at is past: it was {}", Moment::at(at).utc);
        return Ok(refuse(&error, Exit::Usage));
    }
    let interrupt = interrupt()?;
    if !start::wait(admitted.plan.load.start_at, &interrupt) {
        return Ok(refuse(
            &"interrupted before the start; nothing was sent",
            Exit::Interrupted,
        ));
    }
    let probe = is_beside_probe.then(UnloadedProbe::start).transpose()?;
    let (plan, together, raw) = match measure(admitted, &interrupt)? {
        Ok(measured) => measured,
        Err(exit) => return Ok(exit),
    };
    let mut record = assemble::record(&together, &plan, command_line);
    if let Some(probe) = probe
        && let Some(why) = unloaded_probe::compare(&mut record, probe.end().as_ref())
    {
        say(&format!("note: {why}"));
    }
    record.baseline = baseline.map(Box::new);
    record.evaluate(&plan.limits);
    assemble::add_verdict(&mut record, expect);
    let exit = judge::judge(&mut record, &together, expect);
    let mut files = Vec::new();
    let exit = match raw {
        None => exit,
        Some(Ok(file)) => {
            files.push(file);
            exit
        }
        Some(Err(error)) => {
            say(&format!("error: {error:#}"));
            exit.worse(Exit::Internal)
        }
    };
    finish(&record, &plan, files, exit)
}

/// The plan as it was run, what came of it, and the file of all events or why there is none, where one was asked for.
type Done = (Plan, Together, Option<Result<String>>);

/// Runs the plan, in this process or in several. Instead of that, how the command ends where the server does not tell
/// its clock.
fn measure(admitted: Admitted, interrupt: &Arc<AtomicBool>) -> Result<Result<Done, Exit>> {
    let mut watch = Watch::new(&admitted.plan, interrupt);
    if admitted.plan.load.processes > 1 {
        // Each of them follows the server's clock by itself.
        let together = copies::run(&admitted.plan, interrupt, &mut watch)?;
        watch.close();
        return Ok(Ok((admitted.plan, together, None)));
    }
    let offset = match ClockOffset::begin(admitted.clock) {
        Ok(offset) => offset,
        Err(error) => return Ok(Err(refuse(&error, Exit::NoStream))),
    };
    let plan = Plan {
        server_clock: offset.server_clock(),
        ..admitted.plan
    };
    let raw = plan.output.raw.as_deref();
    let mut raw = raw
        .map(|path| RawFile::begin(path, plan.load.workers))
        .transpose()?;
    let show = |progress: &mut Progress<'_>| {
        if let Some(raw) = &mut raw {
            raw.take(progress.rows);
        }
        watch.show(progress);
    };
    let mut outcome = engine::run(plan.clone(), Instrument::default(), interrupt, show)
        .context("the engine could not run")?;
    watch.close();
    let raw = raw.map(|raw| raw.end(mem::take(&mut outcome.rows)));
    let checks = self_check::check(&outcome, &plan);
    let clock = offset
        .end()
        .context("the server's clock could not be followed")?;
    let together = Together {
        outcome,
        checks,
        clock,
        lost: Vec::new(),
    };
    Ok(Ok((plan, together, raw)))
}

/// Writes the record and shows the page. The page is shown even if the record cannot be written.
fn finish(record: &RunRecord, plan: &Plan, raw: Vec<String>, exit: Exit) -> Result<Exit> {
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
    let (reports, written) = ci::publish(&Told::record(record), &plan.output);
    files.extend(reports.into_iter().chain(raw));
    exit = exit.worse(written);
    let page = terminal::end_table(
        record,
        &files,
        &style(&plan.output, io::stdout().is_terminal()),
    );
    if plan.output.json {
        print(&bytes)?;
    }
    if plan.output.json || plan.output.live_json {
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
