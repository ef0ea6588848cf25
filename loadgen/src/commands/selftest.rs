//! `loadgen selftest`: measures this machine, and says in plain words what it can and cannot tell.
//!
//! Exit code: 0 fit to measure, if with a warning; 5 not fit; 130 interrupted, with the card of what was measured.

use super::machine;
use super::store;
use super::voice::{interrupt, print, say, style};
use crate::cli::SelftestArgs;
use crate::exit::Exit;
use crate::plan::Output;
use crate::selftest::{self, Findings, Part};
use anyhow::{Context, Result};
use reports::terminal;
use run_record::end;
use run_record::self_check::{CheckStatus, SelfCheck};
use run_record::selftest::{SCHEMA, SelfTest};
use std::io::{self, IsTerminal};
use std::sync::atomic::Ordering;

/// Does what was asked for.
///
/// Errors: this machine refuses what loadgen cannot do without, such as a port of loopback (exit code 70).
pub fn run(args: SelftestArgs) -> Result<Exit> {
    let connections = args.connections;
    let output = args.output(&|name| std::env::var(name).ok());
    let interrupt = interrupt()?;
    let findings = selftest::run(connections, &interrupt, &mut |part| {
        if output.progress {
            say(&announcement(part));
        }
    })
    .context("this machine could not be tested")?;
    let is_interrupted = interrupt.load(Ordering::Relaxed);
    let self_check = findings.self_check();
    let (exit, reason) = judged(&self_check, is_interrupted);
    let card = card(findings, self_check, exit, reason);
    finish(&card, &output, exit)
}

fn announcement(part: Part) -> String {
    match part {
        Part::Timers => "timers, 1.5 s".to_owned(),
        Part::Floor => "one stream, 3 s".to_owned(),
        Part::Load(connections) => format!("{connections} connections, 1 s"),
    }
}

fn judged(self_check: &SelfCheck, is_interrupted: bool) -> (Exit, String) {
    if is_interrupted {
        return (
            Exit::Interrupted,
            "interrupted; not all was measured".to_owned(),
        );
    }
    let broken: Vec<&str> = self_check
        .by_status()
        .into_iter()
        .filter(|(_, check)| check.status == CheckStatus::Invalid)
        .map(|(name, _)| name)
        .collect();
    if broken.is_empty() {
        (Exit::AsExpected, "fit to measure".to_owned())
    } else {
        (
            Exit::Machine,
            format!("not fit to measure: {}", broken.join(", ")),
        )
    }
}

fn card(findings: Findings, self_check: SelfCheck, exit: Exit, reason: String) -> SelfTest {
    SelfTest {
        schema: SCHEMA,
        environment: machine::environment(),
        noise_us: findings.noise(),
        timer_lateness: findings.timer_lateness,
        floor: findings.floor,
        load: findings.load,
        clock_step_us: findings.clock_step,
        self_check,
        exit: end::Exit {
            code: exit.code(),
            reason,
        },
    }
}

/// Writes the file and shows the card. The card is shown even if the file cannot be written.
fn finish(test: &SelfTest, output: &Output, exit: Exit) -> Result<Exit> {
    let mut json =
        serde_json::to_vec_pretty(test).context("the selftest cannot be put into JSON")?;
    json.push(b'\n');
    let mut exit = exit;
    if let Some(path) = &output.record
        && let Err(error) = store::write(path, &json)
    {
        say(&format!("error: {error:#}"));
        exit = exit.worse(Exit::Internal);
    }
    let page = |is_terminal| terminal::selftest_card(test, &style(output, is_terminal));
    if output.json {
        print(&json)?;
        say(&page(io::stderr().is_terminal()));
    } else {
        print(page(io::stdout().is_terminal()).as_bytes())?;
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::self_check::Check;

    #[test]
    fn damage_is_exit_5_with_its_name_and_an_interrupt_outranks_it() {
        let mut checks = SelfCheck::default();
        checks.observe("cpu", Check::at_most(2.0, 1.0, "%", CheckStatus::Warn));
        assert_eq!(judged(&checks, false).0, Exit::AsExpected);
        checks.observe(
            "clock_step",
            Check::at_most(2.0, 1.0, "us", CheckStatus::Invalid),
        );
        let (exit, reason) = judged(&checks, false);
        assert_eq!(exit, Exit::Machine);
        assert!(reason.ends_with("clock_step"), "{reason}");
        assert_eq!(judged(&checks, true).0, Exit::Interrupted);
    }
}
