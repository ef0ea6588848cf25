//! `loadgen selftest`: its options.
//! It must not measure.

use clap::{Args, value_parser};

use super::after_help;
use super::output::OutputArgs;
use crate::plan::Output;
use crate::request::Environment;

/// The options of `loadgen selftest`, as typed.
#[derive(Debug, Args)]
#[command(after_help = after_help(EXAMPLE))]
pub struct SelftestArgs {
    /// Hold at most so many connections at once
    #[arg(short, long, value_name = "N", default_value_t = 4_000, value_parser = value_parser!(u32).range(100..=4_000))]
    pub connections: u32,

    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLE: &str = "  loadgen selftest
      ten seconds on this machine alone: is it fit to measure (exit code 0),
      or not (5), how fine is what it can tell, and how much can it hold";

impl SelftestArgs {
    /// What is to be shown and written.
    pub fn output(self, environment: &Environment<'_>) -> Output {
        self.output.into_output(environment)
    }
}
