//! `loadgen check`: from the command line through the check to the page, the record and the exit code.

mod assemble;
mod hops;
mod judge;
mod watch;

pub(in crate::commands) use judge::of_verdict;

use super::ci::{self, Told};
use super::store;
use super::voice::{interrupt, print, refuse, say, style};
use crate::check::{self, Outcome};
use crate::cli::CheckArgs;
use crate::clock;
use crate::exit::Exit;
use crate::plan::{CheckPlan, StampSource};
use crate::preflight::{self, AdmittedCheck};
use anyhow::{Context, Result};
use reports::terminal;
use run_record::check::CheckDocument;
use run_record::record::RunRecord;
use run_record::time::Nanos;
use std::io::{self, IsTerminal};
use watch::Watch;

/// Does what was asked for; `command_line` is kept in the record, redacted.
///
/// Errors: faults of this program or machine that leave nothing to report (exit code 70).
pub fn run(args: CheckArgs, command_line: &[String]) -> Result<Exit> {
    if args.compares_hops() {
        return hops::run(args, command_line);
    }
    let plan_only = args.plan_only();
    let baseline = match args.baseline() {
        Ok(baseline) => baseline,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    let draft = match args.draft(&|name| std::env::var(name).ok()) {
        Ok(draft) => draft,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    // Before the first step that can take long: a server of our own is stopped by Ctrl-C too.
    let interrupt = interrupt()?;
    if plan_only {
        return match preflight::foresee_check(draft) {
            Ok(foreseen) => {
                say_notes(&foreseen);
                let plan = &foreseen.plan;
                show_plan(&check::announcement(plan), &check::outline(plan))
            }
            Err(error) => Ok(refuse(&error, error.exit())),
        };
    }
    let admitted = match preflight::admit_check(draft, &interrupt, &mut clock::mono) {
        Ok(admitted) => admitted,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    say_notes(&admitted);
    let plan = admitted.plan;
    say(&check::announcement(&plan));
    let mut watch = Watch::new(&plan);
    let waits = watch.is_live();
    let outcome = check::run(&plan, waits, &interrupt, &mut |progress| {
        watch.show(progress)
    });
    watch.close();
    let outcome = outcome.context("the check could not run")?;
    drop(admitted.server);
    if let Some(note) = unstamped(&outcome, &plan) {
        say(&note);
    }
    let (mut record, exit) = judged(&outcome, &plan, command_line);
    record.baseline = baseline.map(Box::new);
    finish(&record, &plan, exit)
}

/// The record of a check, with the exit code that it means.
pub(super) fn judged(
    outcome: &Outcome,
    plan: &CheckPlan,
    command_line: &[String],
) -> (RunRecord, Exit) {
    let mut record = assemble::record(outcome, plan, command_line);
    let exit = judge::judge(&mut record, plan.expect);
    (record, exit)
}

/// A send time that was named and is in no event, or is none: without a word the stream would silently be a foreign one.
fn unstamped(outcome: &Outcome, plan: &CheckPlan) -> Option<String> {
    let StampSource::Json { pointer, unit, .. } = &plan.stamps else {
        return None;
    };
    let events = || {
        let probes = outcome.observations.probes.iter();
        probes.flat_map(|probe| &probe.events)
    };
    events().next()?;
    let Some(newest) = events().filter_map(|event| event.emitted).max() else {
        return Some(format!(
            "note: --sent-at: no event has a time in {unit} at {pointer} of its data; is the pointer right, and the unit?"
        ));
    };
    let hours = newest.0.abs_diff(outcome.ended.0) / Nanos::from_secs(3_600).0;
    (hours > 0).then(|| {
        format!("note: --sent-at: the newest time in {unit} at {pointer} of the data is {hours} h away from now; is the unit right, and is it a send time?")
    })
}

fn say_notes(admitted: &AdmittedCheck) {
    for note in &admitted.notes {
        say(&format!("note: {note}"));
    }
}

fn show_plan(announcement: &str, outline: &[String]) -> Result<Exit> {
    let mut text = format!("{announcement}\n");
    for (index, line) in outline.iter().enumerate() {
        text.push_str(&format!("{:>3}  {line}\n", index + 1));
    }
    print(text.as_bytes())?;
    Ok(Exit::AsExpected)
}

/// Writes the record and shows the page. The page is shown even if the record cannot be written.
fn finish(record: &RunRecord, plan: &CheckPlan, mut exit: Exit) -> Result<Exit> {
    if let Some(path) = &plan.output.record {
        let bytes = record
            .write()
            .context("the record cannot be put into JSON")?;
        if let Err(error) = store::write(path, &bytes) {
            say(&format!("error: {error:#}"));
            exit = exit.worse(Exit::Internal);
        }
    }
    let (_, written) = ci::publish(&Told::record(record), &plan.output);
    exit = exit.worse(written);
    if !plan.output.json {
        let page = terminal::check_page(record, &style(&plan.output, io::stdout().is_terminal()));
        print(page.as_bytes())?;
        return Ok(exit);
    }
    if let Some(document) = CheckDocument::of(record) {
        let mut bytes =
            serde_json::to_vec_pretty(&document).context("the verdict cannot be put into JSON")?;
        bytes.push(b'\n');
        print(&bytes)?;
    }
    let page = terminal::check_page(record, &style(&plan.output, io::stderr().is_terminal()));
    say(&page);
    Ok(exit)
}
