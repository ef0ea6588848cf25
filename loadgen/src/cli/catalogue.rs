//! `loadgen causes` and `loadgen explain`: their arguments.
//! It must not know what the catalogue holds.

use clap::Args;

use super::after_help;

/// The options of `loadgen causes`, as typed.
#[derive(Debug, Args)]
#[command(after_help = after_help(CAUSES_EXAMPLE))]
pub struct CausesArgs {
    /// Print one JSON array on stdout
    #[arg(long)]
    pub json: bool,
}

/// The options of `loadgen explain`, as typed.
#[derive(Debug, Args)]
#[command(after_help = after_help(EXPLAIN_EXAMPLE))]
pub struct ExplainArgs {
    /// The code of a cause or a finding, as check prints it
    #[arg(value_name = "CODE")]
    pub code: String,
}

const CAUSES_EXAMPLE: &str = "  loadgen causes
      all that loadgen knows to hold a stream back";

const EXPLAIN_EXAMPLE: &str = "  loadgen explain nginx.proxy-buffering
      what it is, the line that cures it, and how that is known";
