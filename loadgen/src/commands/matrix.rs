//! `loadgen matrix`.

use crate::cli::MatrixArgs;
use crate::exit::Exit;
use anyhow::{Result, bail};

/// Does what was asked for; `command_line` is kept in the record, redacted.
///
/// Errors: faults of this program or machine that leave nothing to report (exit code 70).
pub fn run(_args: MatrixArgs, _command_line: &[String]) -> Result<Exit> {
    bail!("matrix is not offered yet")
}
