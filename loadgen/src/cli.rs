//! The command line: one struct per subcommand, each in its own file, and the way from it to a draft of a plan.
//! It must not open a connection or end the process; `main` does the one, clap the other on wrong usage.

mod baseline;
mod capacity;
mod catalogue;
mod check;
mod curl;
mod diff;
mod events;
mod files;
mod hops;
mod manual;
mod matrix;
mod output;
mod records;
mod refusal;
mod request;
mod rows;
mod run;
mod selftest;
mod series;
mod share;
mod usage;
mod users;
mod values;

use clap::{Parser, Subcommand};

pub use capacity::CapacityArgs;
pub use catalogue::{CausesArgs, ExplainArgs};
pub use check::CheckArgs;
pub use diff::DiffArgs;
pub use manual::{CompletionsArgs, ManArgs};
pub use matrix::MatrixArgs;
pub use records::{MergeArgs, ReportArgs};
pub use run::RunArgs;
pub use selftest::SelftestArgs;
pub use series::Series;
pub use usage::UsageError;

use crate::exit::Exit;

/// The whole command line, as typed.
#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    about = "Measure servers that stream over HTTP: does each event arrive when it was written?",
    after_help = after_help(TOP_EXAMPLE),
    max_term_width = 80,
    disable_help_subcommand = true,
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// End with exit code 0 instead of 1, 3, 4 or 5, and say which it was
    #[arg(long, global = true, help_heading = "Output")]
    pub exit_zero: bool,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell in ten seconds whether a stream is live, and if not, how it is held back
    Check(Box<CheckArgs>),
    /// Hold many subscribers on a stream, and measure what reaches them and when
    Run(Box<RunArgs>),
    /// Find how many subscribers a server carries, and what each one costs it
    Capacity(Box<CapacityArgs>),
    /// Check many server setups, one after the other
    Matrix(Box<MatrixArgs>),
    /// List all that loadgen knows to hold a stream back
    Causes(CausesArgs),
    /// Explain the code of a cause or a finding
    Explain(ExplainArgs),
    /// Tell in ten seconds whether this machine is fit to measure, and what it can hold
    Selftest(Box<SelftestArgs>),
    /// Show what a record holds, or write its histograms
    Report(Box<ReportArgs>),
    /// Tell whether runs differ from others, beyond chance
    Diff(Box<DiffArgs>),
    /// Make one record of the shards of a run
    Merge(Box<MergeArgs>),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages into a directory
    Man(ManArgs),
}

const TOP_EXAMPLE: &str = "  loadgen check http://localhost:8080/prices
      is it live? One word, and how it is known
  loadgen run http://localhost:8080/prices -c 5000 --for 30s
      5,000 subscribers for 30 seconds, and a table of latencies";

/// What stands below the options: an example, and the exit codes of every command.
fn after_help(example: &str) -> String {
    format!("Example:\n{example}\n\nExit codes:\n{}", Exit::table())
}

#[cfg(test)]
mod tests;
