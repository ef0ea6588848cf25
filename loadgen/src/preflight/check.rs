//! Before the first byte of a check: its server is started if it is to be, and its addresses are looked up.
//! It must not send a request, and connects only to a server that is waited for.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use run_record::time::Mono;

use super::reach::{self, Reached};
use super::server::{self, ServerError};
use super::{Note, PreflightError, descriptors, output, politeness};
use crate::child::Child;
use crate::plan::{CheckDraft, CheckPlan, Endpoint};

/// A check that can work, as far as can be told beforehand.
#[derive(Debug)]
pub struct AdmittedCheck {
    /// With the addresses of the target.
    pub plan: CheckPlan,
    /// What a person should know before it starts; may be empty.
    pub notes: Vec<Note>,
    /// The server that was started for it; dropping this stops it.
    pub server: Option<Child>,
}

/// Starts the server if the check has one of its own, and looks the target up.
///
/// Without `--wait` and without a server of its own nothing is connected to: the first probe finds out who answers.
/// `now` is the monotonic clock; it bounds the wait. `interrupt` ends it early once it is set.
pub fn admit_check(
    draft: CheckDraft,
    interrupt: &AtomicBool,
    now: &mut dyn FnMut() -> Mono,
) -> Result<AdmittedCheck, PreflightError> {
    let asked = draft.asked();
    if let Some(path) = &asked.output.record {
        output::check(path)?;
    }
    let mut server = start(&draft)?;
    // After the start: a server may do worse with more descriptors than it would have by itself.
    if let Some(streams) = asked.streams {
        descriptors::secure("--streams", streams.into(), 1)?;
    }
    let reached = if draft.wait().is_zero() {
        untried(&draft)?
    } else {
        wait_for(&draft, server.as_mut(), interrupt, now)?
    };
    Ok(AdmittedCheck {
        notes: reached.refused.into_iter().map(Note::Dropped).collect(),
        plan: draft.complete(reached.endpoints),
        server,
    })
}

/// The plan with the addresses of the target and nothing else done: no server started, nothing connected to.
pub fn foresee_check(draft: CheckDraft) -> Result<CheckPlan, PreflightError> {
    let reached = untried(&draft)?;
    Ok(draft.complete(reached.endpoints))
}

fn untried(draft: &CheckDraft) -> Result<Reached, PreflightError> {
    let endpoints = reach::look_up(draft.route())?;
    permit(draft, &endpoints).map_err(reach::ReachError::from)?;
    Ok(Reached {
        endpoints,
        refused: Vec::new(),
    })
}

fn start(draft: &CheckDraft) -> Result<Option<Child>, PreflightError> {
    let [program, arguments @ ..] = draft.server() else {
        return Ok(None);
    };
    // Whoever is there already would be judged in place of the server that cannot have its port.
    if let Ok(taken) = reach::attempt(draft.route(), &|endpoints| permit(draft, endpoints)) {
        return Err(ServerError::Taken(taken.endpoints).into());
    }
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(Some(server::start(command)?))
}

fn wait_for(
    draft: &CheckDraft,
    mut server: Option<&mut Child>,
    interrupt: &AtomicBool,
    now: &mut dyn FnMut() -> Mono,
) -> Result<Reached, PreflightError> {
    let mut give_up = || {
        let exited = server
            .as_mut()
            .is_some_and(|server| server.exited().is_some());
        exited || interrupt.load(Ordering::Relaxed)
    };
    let permit = |endpoints: &[Endpoint]| permit(draft, endpoints);
    let outcome = reach::reach(draft.route(), &permit, draft.wait(), &mut give_up, now);
    if interrupt.load(Ordering::Relaxed) {
        return Err(PreflightError::Interrupted);
    }
    match server {
        Some(server) => Ok(server::answered(server, draft.wait(), outcome)?),
        None => Ok(outcome?),
    }
}

fn permit(draft: &CheckDraft, endpoints: &[Endpoint]) -> Result<(), politeness::Impolite> {
    politeness::check_streams(draft.asked().streams, endpoints)
}
