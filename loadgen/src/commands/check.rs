//! `loadgen check`.

use crate::cli::CheckArgs;
use crate::exit::Exit;
use anyhow::{Result, bail};

/// Does what was asked for; `command_line` is kept in the record, redacted.
///
/// Errors: faults of this program or machine that leave nothing to report (exit code 70).
pub fn run(_args: CheckArgs, _command_line: &[String]) -> Result<Exit> {
    bail!("check is not offered yet")
}
