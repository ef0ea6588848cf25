//! `loadgen completions` and `loadgen man`: their arguments.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// The options of `loadgen completions`, as typed.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    #[arg(value_enum, hide_possible_values = true)]
    pub shell: Shell,
}

/// The options of `loadgen man`, as typed.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Where the pages go; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}
