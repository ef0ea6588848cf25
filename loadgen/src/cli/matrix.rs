//! `loadgen matrix`: its options.
//! It must not start a server or know what setups there are.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, value_parser};

use super::after_help;
use super::files::FileArgs;
use super::output::OutputArgs;
use super::values;
use crate::plan::Output;
use crate::request::Environment;

/// The options of `loadgen matrix`, as typed.
#[derive(Debug, Args)]
#[command(after_help = after_help(EXAMPLE))]
pub struct MatrixArgs {
    /// The setups to check, in this order [default: all that are there]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// Where setups are kept, one directory each
    #[arg(long, value_name = "DIR", default_value = "scripts/setups")]
    pub setups: PathBuf,

    /// List the setups, and stop
    #[arg(long)]
    pub list: bool,

    /// Time for which each stream is watched at most [default: 10s]
    #[arg(long = "for", value_name = "TIME", value_parser = values::positive_duration)]
    pub watch: Option<Duration>,

    /// Hold this many streams at once
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(2..=1000))]
    pub streams: Option<u16>,

    /// Watch a stream that falls silent for this long as well, to find what cuts it
    #[arg(long, value_name = "TIME", value_parser = values::positive_duration)]
    pub idle: Option<Duration>,

    /// Find the verdicts and nothing else: no sizes, no streams at once, nobody leaves
    #[arg(long)]
    pub only_verdict: bool,

    /// Run so many setups side by side; what that spoils is repeated alone
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u8).range(1..=16))]
    pub jobs: u8,

    #[command(flatten)]
    files: FileArgs,

    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLE: &str = "  loadgen matrix webrick puma --report matrix.html
      starts one after the other, measures it, stops it; a table, and a page";

impl MatrixArgs {
    /// What is to be shown and written.
    pub fn output(self, environment: &Environment<'_>) -> Output {
        self.files.with(self.output.into_output(environment))
    }
}
