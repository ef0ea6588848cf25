//! `loadgen check --hop`: the same check at each hop, and one page about all of them.

use super::watch::Watch;
use super::{assemble, finish, judge, say_notes, show_plan};
use crate::check::{self, Hop};
use crate::cli::CheckArgs;
use crate::clock;
use crate::commands::voice::{interrupt, refuse, say};
use crate::exit::Exit;
use crate::preflight;
use anyhow::{Context, Result};

/// Does what was asked for; `command_line` is kept in the record, redacted.
///
/// Errors: faults of this program or machine that leave nothing to report (exit code 70).
pub(super) fn run(args: CheckArgs, command_line: &[String]) -> Result<Exit> {
    let plan_only = args.plan_only();
    let baseline = match args.baseline() {
        Ok(baseline) => baseline,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    let drafts = match args.hop_drafts(&|name| std::env::var(name).ok()) {
        Ok(drafts) => drafts,
        Err(error) => return Ok(refuse(&error, error.exit())),
    };
    // Before the first step that can take long: a server of our own is stopped by Ctrl-C too.
    let interrupt = interrupt()?;
    let mut hops = Vec::new();
    let mut servers = Vec::new();
    for (name, draft) in drafts {
        let admitted = match plan_only {
            true => preflight::foresee_check(draft),
            false => preflight::admit_check(draft, &interrupt, &mut clock::mono),
        };
        match admitted {
            Ok(admitted) => {
                say_notes(&admitted);
                servers.push(admitted.server);
                let plan = admitted.plan;
                hops.push(Hop { name, plan });
            }
            Err(error) => return Ok(refuse(&format!("{name}: {error}"), error.exit())),
        }
    }
    let announcement = check::announcement_of_hops(&hops);
    if plan_only {
        return show_plan(&announcement, &check::outline_of_hops(&hops));
    }
    say(&announcement);
    let Some(outermost) = hops.last() else {
        return Ok(Exit::Internal);
    };
    let mut watch = Watch::new(&outermost.plan);
    let waits = watch.is_live();
    let outcome = check::compare(&hops, waits, &interrupt, &mut |index, progress| {
        watch.show_hop(&hops[index].name, progress);
    });
    watch.close();
    let outcome = outcome.context("the check could not run")?;
    drop(servers);
    let mut record = assemble::record_of_hops(&outcome, &hops, command_line)
        .context("no hop was asked for anything")?;
    record.baseline = baseline.map(Box::new);
    let exit = judge::judge_hops(&mut record, outermost.plan.expect);
    finish(&record, &outermost.plan, exit)
}
