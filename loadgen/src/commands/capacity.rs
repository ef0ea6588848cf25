//! `loadgen capacity`: how many subscribers a server carries, as a table, a document and a record.
//!
//! Exit code: 0 when the end was found, or all that were to be tried were carried; 1 not even one subscriber was carried;
//! 4 it cannot be told; 5 this machine was the limit; 130 interrupted.

use super::ci::{self, Told};
use super::run::{ClockOffset, assemble, copies};
use super::store;
use super::voice::{interrupt, print, refuse, say, style};
use crate::capacity::{self, Found};
use crate::cli::CapacityArgs;
use crate::clock;
use crate::exit::Exit;
use crate::plan::{CapacityPlan, Plan};
use crate::preflight;
use crate::processes::Together;
use crate::usage::Usage;
use anyhow::{Context, Result};
use reports::terminal;
use run_record::capacity::{Capacity, LimitedBy, SCHEMA};
use run_record::end::{self, EndReason};
use run_record::record::RunRecord;
use run_record::redact;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};

/// Searches; `command_line` is kept in the record, redacted.
///
/// Errors: faults of this program or machine that leave nothing to report (exit code 70).
pub fn run(args: CapacityArgs, command_line: &[String]) -> Result<Exit> {
    let parent = args.process_of();
    let (asked, draft) = match args.draft(&|name| std::env::var(name).ok()) {
        Ok(asked) => asked,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    if let Some(socket) = parent {
        return copies::serve(&socket, draft.change(capacity::as_a_step));
    }
    if let Some(pid) = asked.watch_pid.filter(|pid| Usage::of_tree(*pid).is_none()) {
        let error = format!("--watch-pid {pid}: there is no such process on this machine");
        return Ok(refuse(&error, Exit::Usage));
    }
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
    let interrupt = interrupt()?;
    let found = search(&plan, &asked, &interrupt)?;
    let clock = offset
        .end()
        .context("the server's clock could not be followed")?;
    let (exit, reason) = judged(&found, &interrupt);
    let document = document(&found, &plan, &asked, exit, reason);
    let together = Together {
        outcome: found.outcome,
        checks: found.checks,
        clock,
        lost: Vec::new(),
    };
    let mut record = assemble::record(&together, &plan, command_line);
    if interrupt.load(Ordering::Relaxed) {
        record.end.reason = EndReason::Interrupted;
    } else {
        record.end = end::End::completed();
    }
    record.exit = Some(document.exit.clone());
    record.capacity = Some(document);
    finish(&record, &plan, exit)
}

fn search(plan: &Plan, asked: &CapacityPlan, interrupt: &AtomicBool) -> Result<Found> {
    let is_shown = plan.output.progress;
    capacity::find(plan, asked, &copies::command, interrupt, &mut |step| {
        if is_shown {
            say(&terminal::capacity_line(step));
        }
    })
}

fn judged(found: &Found, interrupt: &AtomicBool) -> (Exit, String) {
    if interrupt.load(Ordering::Relaxed) {
        let reason = "interrupted; this is what was found until then".to_owned();
        return (Exit::Interrupted, reason);
    }
    let exit = match found.limited_by {
        LimitedBy::Machine => Exit::Machine,
        LimitedBy::Unknown => Exit::Inconclusive,
        _ if found.carried == 0 => Exit::Server,
        _ => Exit::AsExpected,
    };
    let invalid = if exit == Exit::Machine {
        "INVALID: "
    } else {
        ""
    };
    (exit, format!("{invalid}{}", found.reason))
}

fn document(
    found: &Found,
    plan: &Plan,
    asked: &CapacityPlan,
    exit: Exit,
    reason: String,
) -> Capacity {
    Capacity {
        schema: SCHEMA.to_owned(),
        url: redact::url(plan.url.as_str()),
        limits: plan
            .limits
            .iter()
            .map(|limit| limit.text().to_owned())
            .collect(),
        first_event_us: asked.first_event.into(),
        up_to: plan.load.connections,
        carried: found.carried,
        broke_at: found.broke_at,
        limited_by: found.limited_by,
        reason: found.reason.clone(),
        kib_per_subscriber: found.kib_per_subscriber,
        cpu_per_event_us: found.cpu_per_event,
        steps: found.steps.clone(),
        exit: end::Exit {
            code: exit.code(),
            reason,
        },
    }
}

/// Writes the record and shows the table, or the document. It is shown even if the record cannot be written.
fn finish(record: &RunRecord, plan: &Plan, exit: Exit) -> Result<Exit> {
    let mut exit = exit;
    let document = record.capacity.as_ref().context("it was put there")?;
    if let Some(path) = &plan.output.record {
        match record
            .write()
            .map_err(Into::into)
            .and_then(|bytes| store::write(path, &bytes))
        {
            Ok(()) => say(&path.display().to_string()),
            Err(error) => {
                say(&format!("error: {error:#}"));
                exit = exit.worse(Exit::Internal);
            }
        }
    }
    let (reports, written) = ci::publish(&Told::record(record), &plan.output);
    reports.iter().for_each(|report| say(report));
    exit = exit.worse(written);
    if plan.output.json {
        let mut bytes = serde_json::to_vec_pretty(document)?;
        bytes.push(b'\n');
        print(&bytes)?;
        let style = style(&plan.output, io::stderr().is_terminal());
        say(&terminal::capacity_page(document, &style));
    } else {
        let style = style(&plan.output, io::stdout().is_terminal());
        print(terminal::capacity_page(document, &style).as_bytes())?;
    }
    Ok(exit)
}
