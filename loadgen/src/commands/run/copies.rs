//! The run in several processes: what starts the copies, and what a copy does instead of a run.

use super::clock_offset::ClockOffset;
use super::watch::Watch;
use crate::commands::voice::{interrupt, refuse};
use crate::exit::Exit;
use crate::plan::{Draft, Plan};
use crate::preflight;
use crate::processes::{self, Duty, Together};
use anyhow::{Context, Result};
use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

/// The option by which this program is told that it is a copy, and where its parent is.
const OPTION: &str = "--process-of";

/// Runs the plan in several processes of this program.
///
/// Errors: they cannot be started.
pub(super) fn run(plan: &Plan, interrupt: &AtomicBool, watch: &mut Watch) -> Result<Together> {
    let watch = std::cell::RefCell::new(watch);
    processes::run(
        plan,
        &command,
        interrupt,
        |progress| watch.borrow_mut().show(progress),
        |lost| watch.borrow_mut().lost(lost),
    )
}

/// This program again, with the same words: what differs comes through the socket.
pub(in crate::commands) fn command(socket: &Path) -> Result<Command> {
    let mut command = Command::new(env::current_exe().context("this program cannot be found")?);
    // Behind the name of the command, because words at the end may be somebody else's.
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
    let name = words.iter().position(|word| !is_option(word));
    let (before, after) = words.split_at(name.map_or(0, |at| at + 1));
    command.args(before).arg(OPTION).arg(socket).args(after);
    Ok(command)
}

/// What a copy does: its share of the run, told to the parent at `socket`. Nothing is shown or written.
///
/// Errors: the parent has gone, or the engine could not run.
pub(in crate::commands) fn serve(socket: &Path, draft: Draft) -> Result<Exit> {
    let interrupt = interrupt()?;
    let duty = Duty::take(socket)?;
    let (endpoints, sources) = duty.way();
    let admitted = match preflight::admit_part(duty.of(draft), endpoints, sources) {
        Ok(admitted) => admitted,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    let offset = match ClockOffset::begin(admitted.clock) {
        Ok(offset) => offset,
        Err(error) => return Ok(refuse(&error, Exit::NoStream)),
    };
    let plan = Plan {
        server_clock: offset.server_clock(),
        ..admitted.plan
    };
    let copied = duty.run(plan, &interrupt)?;
    let clock = offset
        .end()
        .context("the server's clock could not be followed")?;
    copied.report(clock)?;
    Ok(Exit::AsExpected)
}
